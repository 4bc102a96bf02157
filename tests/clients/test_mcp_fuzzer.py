"""mcp-fuzzer at the MCP door, with a key and on all tools: nothing ends, hangs or leaves the protocol."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from bottrade_server import Server, environment
from test_mcp import connected

RUNS = 20
SEED = 1
UNSENDABLE = "Out of range float values are not JSON compliant"
"""What the fuzzer says when it made up a NaN, which its own client then cannot write as JSON."""
JUDGED = {"accepted_malformed", "auth_bypass", "dangerous_capability_combo", "injection_reflection"}
"""Kinds of findings that are opinions: below they are looked at one by one, or they are about calls that the protocol
allows (`{}` for a tool without fields, an empty version in `initialize`), or about words: a description that says
"open" and one that says "send" make it suspect that files are read and sent away."""


def fuzz(server: Server, folder: Path) -> tuple[dict[str, Any], list[dict[str, Any]], dict[str, Any]]:
    """Runs it; its summary, its findings, and what it knows of each run."""
    command = [sys.executable, "-m", "mcp_fuzzer", "--protocol", "streamablehttp", "--endpoint", f"{server.base}/mcp"]
    command += ["--mode", "all", "--runs", str(RUNS), "--seed", str(SEED), "--no-network", "--security-audit"]
    command += ["--auth-env", "--no-corpus", "--output-dir", str(folder), "--fs-root", str(folder)]
    env = environment(MCP_API_KEY=server.key, HOME=str(folder))
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (runs,) = folder.glob("sessions/*/*_fuzzing_results.json")
    files = [folder / "run_summary.json", folder / "findings.json", runs]
    summary, findings, runs = (json.loads(file.read_text()) for file in files)
    return summary, findings["findings"], runs


def members(value: Any, name: str) -> list[Any]:
    """What is called `name`, at any depth."""
    if isinstance(value, list):
        return [found for item in value for found in members(item, name)]
    if isinstance(value, dict):
        below = [found for item in value.values() for found in members(item, name)]
        return below + ([value[name]] if name in value else [])
    return []


@pytest.mark.anyio
async def test_nothing_crashes_and_nothing_is_odd(server: Server, tmp_path: Path) -> None:
    summary, findings, runs = fuzz(server, tmp_path)
    async with connected(server, server.key) as client:
        tools = {tool.name for tool in (await client.list_tools()).tools}
    assert summary["status"] == "completed"
    assert set(summary["tools"]["by_name"]) == tools
    exceptions = 0
    for name, tool in summary["tools"]["by_name"].items():
        outcomes = tool["outcomes"]
        assert (tool["total_runs"], outcomes["crashed"], outcomes["anomaly"]) == (RUNS, 0, 0), name
        exceptions += outcomes["exceptions"]
    told = [it["message"] for details in members(runs, "exception_details") for it in details]
    assert set(told) <= {UNSENDABLE}, told
    assert bool(told) == (exceptions > 0)
    assert {it["category"] for it in findings} <= JUDGED, findings
    for finding in findings:
        if finding["category"] == "auth_bypass":
            # It takes any answer for success, also the one that asks for a key.
            answer = finding["evidence"]["unauthenticated_response"]
            public = finding["target"] in {"auth_status", "connect_bottrade", "list_scenarios", "get_scenario"}
            assert public or "BotTrade API key required" in answer, finding
    assert "panic" not in server.log
    assert " ERROR " not in server.log
