"""The official TypeScript client (SDK v2) against `/mcp`: the tests are in `node/sdk_v2.test.mjs`."""

from __future__ import annotations

import re
import shutil

from bottrade_server import Server
from node_packages import FOLDER, Packages

PROGRAM = "sdk_v2.test.mjs"
TESTS = 8
"""Four tests for each of two ways to connect."""


def test_the_typescript_client(server: Server, packages: Packages) -> None:
    # Node looks for packages beside the program.
    shutil.copy(FOLDER / PROGRAM, packages.folder)
    done = packages.run("--test", "--test-reporter=tap", PROGRAM, MCP_URL=f"{server.base}/mcp", API_KEY=server.key)
    assert done.returncode == 0, done.stdout + done.stderr
    counts = dict(re.findall(r"^# (tests|pass|fail|skipped|todo) (\d+)$", done.stdout, re.MULTILINE))
    expected = {"tests": TESTS, "pass": TESTS, "fail": 0, "skipped": 0, "todo": 0}
    assert {name: int(count) for name, count in counts.items()} == expected
