"""OpenClaw connects to the server as one of its MCP servers, and installs the skill that the server hands out."""

from __future__ import annotations

import io
import json
import subprocess
import tarfile
from pathlib import Path

import httpx
import pytest
from bottrade_server import Server
from packages import Packages


class OpenClaw:
    """OpenClaw in a home of its own."""

    def __init__(self, packages: Packages, home: Path) -> None:
        self.packages, self.home = packages, home

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Runs a command; its exit code is for the caller to judge."""
        return self.packages.run(self.packages.modules / ".bin" / "openclaw", *arguments, home=self.home)

    def output(self, *arguments: str) -> str:
        """Standard output of a command that must succeed."""
        done = self.run(*arguments)
        assert done.returncode == 0, done
        return done.stdout


@pytest.fixture
def openclaw(packages: Packages, home: Path) -> OpenClaw:
    return OpenClaw(packages, home)


def tools(server: Server) -> list[str]:
    """What the server lists."""
    call = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    answer = httpx.post(f"{server.base}/mcp", json=call, headers={"X-API-Key": server.key}).raise_for_status()
    return [tool["name"] for tool in answer.json()["result"]["tools"]]


def test_probe_finds_the_tools(openclaw: OpenClaw, server: Server) -> None:
    where = {"url": f"{server.base}/mcp", "transport": "streamable-http", "headers": {"X-API-Key": server.key}}
    openclaw.output("mcp", "set", "bottrade", json.dumps(where))
    found = json.loads(openclaw.output("mcp", "probe", "bottrade", "--json"))
    # It adds tools of its own that read our resources and prompts.
    ours = tools(server)
    assert len(ours) == 26 and {f"bottrade__{name}" for name in ours} <= set(found["tools"])
    assert found["servers"]["bottrade"]["tools"] == len(ours)
    assert found["diagnostics"] == []
    assert "- bottrade: ok" in openclaw.output("mcp", "doctor")

    assert server.stop() == 0
    down = openclaw.run("mcp", "probe", "bottrade", "--json")
    assert down.returncode == 1
    assert "ECONNREFUSED" in json.loads(down.stdout)["diagnostics"][0]["message"]


def test_installs_the_skill(openclaw: OpenClaw, server: Server, home: Path) -> None:
    (skill,) = httpx.get(f"{server.base}/skills").raise_for_status().json()["skills"]
    packed = httpx.get(skill["tarball_url"]).raise_for_status().content
    with tarfile.open(fileobj=io.BytesIO(packed)) as tarball:
        tarball.extractall(home, filter="data")
    assert f"Installed {skill['name']} from path" in openclaw.output("skills", "install", f"./{skill['name']}")

    installed = json.loads(openclaw.output("skills", "info", skill["name"], "--json"))
    assert (installed["eligible"], installed["modelVisible"], installed["disabled"]) == (True, True, False)
    assert installed["primaryEnv"] == "BOTTRADE_API_KEY"
    assert not any(installed["missing"].values())
    served = httpx.get(skill["skill_md_url"]).raise_for_status().text
    assert Path(installed["filePath"]).read_text() == served
    assert installed["description"] in served
