"""The skill as an agent or its owner gets it: the commands of its pages, typed as they stand there."""

from __future__ import annotations

import gzip
import io
import json
import os
import tarfile
from pathlib import Path

import pytest
from bottrade_server import Binary, Server, typed

NAME = "bottrade-benchmark"


def page(server: Server, path: str) -> str:
    """A page as the server shows it: with its own address."""
    with server.rest() as rest:
        return rest.get(f"{server.base}{path}").raise_for_status().text


def block(text: str, begins: str) -> str:
    """The first fenced block of a shell after the line that begins so."""
    _, _, after = text.partition(f"\n{begins}")
    assert after, begins
    return after.partition("```sh\n")[2].partition("\n```")[0]


def test_the_shell_lines_of_the_page_end_with_a_score(server: Server, tmp_path: Path) -> None:
    commands = block(page(server, "/api/agent-skills.md"), "The same over REST")
    *_, last = typed(commands, tmp_path, BOTTRADE_API_KEY=server.key).replace("}{", "}\n{").splitlines()
    results = json.loads(last)["results"]
    assert results["trade_count"] == 1


def test_the_skill_is_installed_for_claude_code(server: Server, tmp_path: Path) -> None:
    typed(block(page(server, f"/skills/{NAME}/README.md"), "Claude Code"), tmp_path)
    folder = tmp_path / ".claude" / "skills" / NAME
    assert (folder / "SKILL.md").read_text() == page(server, "/api/agent-skills.md")
    assert server.base in (folder / "SKILL.md").read_text()
    assert os.access(folder / "scripts" / "test_bot.py", os.X_OK)
    shown = typed("python3 test_bot.py --help", folder / "scripts")
    assert "BOTTRADE_API_KEY" in shown


def test_two_starts_serve_the_same_archive(binary: Binary, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Behind one public address the bytes do not depend on process, port or time."""
    archives = []
    for name in ("one", "two"):
        server = Server(binary, tmp_path_factory.mktemp(name))
        try:
            server.start(BOTTRADE_PUBLIC_URL="https://bots.example/")
            with server.rest() as rest:
                archives.append(rest.get(f"{server.base}/skills/{NAME}.tar.gz").raise_for_status().content)
        finally:
            server.close()
    assert archives[0] == archives[1]
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(archives[0]))) as archive:
        members = archive.getmembers()
        skill = archive.extractfile(f"{NAME}/SKILL.md").read().decode()
    assert all((it.isfile(), it.mtime, it.uid, it.name.startswith(f"{NAME}/")) == (True, 0, 0, True) for it in members)
    assert "https://bots.example/mcp" in skill
    assert "127.0.0.1" not in skill
