"""The skill's `ai_bot.py` with a scripted model: what it asks of the Messages API, and what it does with answers."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from bottrade_server import ROOT, Server
from flaky import Flaky
from scripted_model import KEY, Answer, Script, ScriptedModel, failure, message, text, tool_use
from test_skill_test_bot import run as run_script

SCRIPT = ROOT / "skills" / "bottrade-benchmark" / "scripts" / "ai_bot.py"
SHORT = "sandbox-nov-2024"
ORDER = {"symbol": "NVDA", "side": "buy", "quantity": 10, "reasoning": "The script says so."}


def run(
    server: Server, model: ScriptedModel, *arguments: str, base: str | None = None
) -> subprocess.CompletedProcess[str]:
    env = {"BOTTRADE_API": base or server.base, "BOTTRADE_API_KEY": server.key}
    env |= {"ANTHROPIC_BASE_URL": model.base, "ANTHROPIC_API_KEY": KEY}
    return run_script("--toolset", "benchmark", *arguments, script=SCRIPT, **env)


def played(
    server: Server, script: Script, *arguments: str, base: str | None = None
) -> tuple[dict[str, Any], ScriptedModel]:
    """What it printed as JSON, and the model; the form of every request must have been right."""
    with ScriptedModel(script) as model:
        done = run(server, model, "--json", "--quiet", *arguments, base=base)
    assert (done.returncode, done.stderr) == (0, "")
    assert model.problems == []
    return json.loads(done.stdout), model


def results_of(request: dict[str, Any]) -> list[dict[str, Any]]:
    """The results of tools that a request ends with."""
    return [block for block in request["messages"][-1]["content"] if block["type"] == "tool_result"]


def turns(*first: Answer) -> Script:
    """These answers, then a bar after the other without an order."""

    def script(_: dict[str, Any], number: int) -> Answer:
        return first[number] if number < len(first) else message(tool_use(number, "submit_turn", trades=[]))

    return script


def buy(number: int) -> dict[str, Any]:
    return tool_use(number, "submit_turn", trades=[ORDER])


def test_a_whole_run(server: Server) -> None:
    look = message(text("First a look."), tool_use(0, "get_market", symbols=["NVDA"], lookback=3))
    shown, model = played(server, turns(look, message(buy(1))), "--max-requests", "1000")
    assert shown["stopped"] is None
    assert shown["results"]["trade_count"] == 1
    assert shown["usage"]["requests"] == len(model.requests)
    assert shown["usage"]["cache_read_input_tokens"] == 1000 * len(model.requests)
    assert json.loads(results_of(model.requests[1])[0]["content"])["bars"]["NVDA"]
    with server.rest() as rest:
        found = rest.get(f"runs/{shown['results']['run_id']}").raise_for_status().json()["run"]
        scenario = rest.get(f"scenarios/{SHORT}").json()["scenario"]
    assert found["status"] == "completed"
    assert found["agent_info"]["model"] == model.requests[0]["model"] == "claude-haiku-4-5"
    assert len(model.requests) == scenario["decisions"] + 1


def test_what_the_model_is_told(server: Server) -> None:
    _, model = played(server, turns(), "--max-requests", "1")
    request = model.requests[0]
    shown = {tool["name"]: tool for tool in request["tools"]}
    assert {"get_market", "submit_turn", "get_run"} <= set(shown)
    assert not {"start_run", "publish_run", "get_results", "list_scenarios"} & set(shown)
    for tool in shown.values():
        assert len(tool["description"]) > 20
        assert not {"run_id", "idempotency_key"} & set(tool["input_schema"]["properties"])
    first = request["messages"][0]["content"][0]["text"]
    assert all(word in first for word in (SHORT, "universe", "NVDA", "leverage_cap", "commission_bps"))


def test_two_tools_at_once_have_two_results(server: Server) -> None:
    look = message(tool_use(0, "get_market", symbols=["NVDA"]), tool_use(1, "get_run"))
    _, model = played(server, turns(look), "--max-requests", "2")
    first, second = results_of(model.requests[1])
    assert "bars" in first["content"]
    assert "queued_orders" in second["content"]


def test_mistakes_are_told_to_the_model(server: Server) -> None:
    sell = ORDER | {"side": "sell"}
    mistakes = [tool_use(0, "submit_turn", trades=[sell]), tool_use(1, "clairvoyance")]
    mistakes.append(tool_use(2, "get_market", when="now"))
    shown, model = played(server, turns(message(*mistakes)), "--max-requests", "2")
    refused, unknown, misspelt = results_of(model.requests[1])
    assert (refused["is_error"], "no long position in NVDA to sell" in refused["content"]) == (True, True)
    assert (unknown["is_error"], "there is no tool clairvoyance" in unknown["content"]) == (True, True)
    assert (misspelt["is_error"], "when" in misspelt["content"]) == (True, True)
    assert shown["results"]["trade_count"] == 0


def test_a_call_that_was_cut_off_is_not_made(server: Server) -> None:
    cut = message(tool_use(0, "get_run"), buy(1), stop_reason="max_tokens")
    shown, model = played(server, turns(cut), "--max-requests", "2", "--max-tokens", "64")
    assert model.requests[0]["max_tokens"] == 64
    whole, half = results_of(model.requests[1])
    assert "is_error" not in whole
    assert (half["is_error"], "cut off" in half["content"]) == (True, True)
    assert shown["results"]["trade_count"] == 0


STOPS = {
    "requests": (turns(), ["--max-requests", "3"], 3, "the limit of 3 requests is reached"),
    # A request of the script weighs 10 + 100 + 20 tokens and a tenth of 1000.
    "tokens": (turns(), ["--max-total-tokens", "461"], 3, "the limit of 461 tokens is reached"),
    "silence": (lambda *_: message(text("I rest.")), [], 3, "the model no longer calls a tool"),
    "nothing": (lambda *_: message(), [], 3, "the model no longer calls a tool"),
    "refusal": (lambda *_: message(text("No."), stop_reason="refusal"), [], 1, "the model refused to go on"),
}


@pytest.mark.parametrize(("script", "arguments", "requests", "why"), STOPS.values(), ids=STOPS.keys())
def test_what_ends_the_conversation_still_ends_the_run(
    server: Server, script: Script, arguments: list[str], requests: int, why: str
) -> None:
    shown, model = played(server, script, *arguments)
    assert (shown["stopped"], len(model.requests)) == (why, requests)
    with server.rest() as rest:
        assert rest.get(f"runs/{shown['results']['run_id']}").json()["run"]["status"] == "completed"


def test_a_silent_model_is_asked_again(server: Server) -> None:
    shown, model = played(server, turns(message(text("Well."))), "--max-requests", "4")
    assert "holding is a decision too" in model.requests[1]["messages"][-1]["content"][0]["text"]
    assert "limit of 4 requests" in shown["stopped"]


def test_a_busy_model_is_waited_for(server: Server) -> None:
    busy = [failure(429, "rate_limit_error", "slow down", Retry_After="0"), failure(529, "overloaded_error", "busy")]
    shown, model = played(server, turns(*busy, message(buy(2))), "--max-requests", "2")
    assert len(model.requests) == 4
    assert (shown["usage"]["requests"], shown["results"]["trade_count"]) == (2, 1)


def test_lost_answers_change_nothing(server: Server) -> None:
    """Each order was placed once, though its answer was lost and the call repeated."""
    with Flaky(server.base) as flaky:
        shown, _ = played(server, turns(*(message(buy(it)) for it in range(4))), "--max-requests", "5", base=flaky.base)
    assert flaky.lost > 3
    assert shown["results"]["trade_count"] == 4


def test_what_is_wrong_is_said(server: Server, tmp_path: Path) -> None:
    def refuse(*_: object) -> Answer:
        return failure(401, "authentication_error", "invalid x-api-key")

    with ScriptedModel(refuse) as model:
        refused = run(server, model)
    assert refused.returncode == 1
    assert "401" in refused.stderr
    assert "invalid x-api-key" in refused.stderr
    run_id = refused.stderr.split("--run ")[1].strip()
    # The run waits, and is continued with the same command.
    with ScriptedModel(turns(message(buy(0)))) as model:
        done = run(server, model, "--run", run_id, "--max-requests", "2")
    assert (done.returncode, "Stopped early: the limit of 2 requests" in done.stdout) == (0, True)
    assert "cannot tell this from luck" in " ".join(done.stdout.split())
    no_key = run_script(script=SCRIPT, BOTTRADE_API_KEY=server.key)
    assert (no_key.returncode, "ANTHROPIC_API_KEY" in no_key.stderr) == (2, True)
    no_other = run_script(script=SCRIPT, ANTHROPIC_API_KEY=KEY)
    assert (no_other.returncode, "BOTTRADE_API_KEY" in no_other.stderr) == (2, True)
    help_text = run_script("--help", script=SCRIPT)
    assert all(word in help_text.stdout for word in ("ANTHROPIC_BASE_URL", "--max-total-tokens", "claude-haiku-4-5"))
    for it in (refused, done, no_key, no_other):
        assert "Traceback" not in it.stderr


def test_two_tools_of_the_play_set_are_enough(server: Server) -> None:
    """As it is run by default: a scan, then one call a decision."""

    def script(request: dict[str, Any], number: int) -> Answer:
        if number == 0:
            return message(tool_use(0, "scan_market"))
        given = {"action": "trade", "orders": [ORDER]} if number == 1 else {"action": "hold"}
        return message(tool_use(number, "submit_decision", **given))

    shown, model = played(server, script, "--toolset", "play")
    assert {tool["name"] for tool in model.requests[0]["tools"]} == {"scan_market", "submit_decision"}
    assert (shown["stopped"], shown["results"]["trade_count"]) == (None, 1)
    with server.rest() as rest:
        scenario = rest.get(f"scenarios/{SHORT}").raise_for_status().json()["scenario"]
    assert len(model.requests) == scenario["decisions"] + 1
