"""Which clients are tested, and whether what is installed is what their makers published."""

from __future__ import annotations

import base64
import hashlib
from importlib import metadata
from pathlib import Path

FOLDER = Path(__file__).parent


def pinned(requirements: str) -> dict[str, str]:
    """The versions that a file of requirements pins."""
    lines = (FOLDER / requirements).read_text().splitlines()
    return dict(line.split("==") for line in lines if not line.startswith("#"))


def check_published(name: str, version: str) -> None:
    """A Python package is of this version, and each of its files is the one that was published."""
    package = metadata.distribution(name)
    assert package.version == version
    published = [file for file in package.files or [] if file.hash is not None and file.suffix == ".py"]
    assert published
    for file in published:
        digest = hashlib.new(file.hash.mode, file.locate().read_bytes()).digest()
        assert base64.urlsafe_b64encode(digest).decode().rstrip("=") == file.hash.value, file
