#!/usr/bin/env python3
"""Lets a Claude model play a BotTrade scenario with tools, over the Messages API.

It needs Python 3.9 and nothing else. The tools are those that the server lists at /mcp, so what the
model reads is never older than the server; this program fills in the run and an idempotency key, and
leaves starting, scoring and publishing to you. The prompt is cached: every request marks the tools,
the instructions and the newest message, so that the conversation is paid for once.

    export BOTTRADE_API=http://127.0.0.1:8080 BOTTRADE_API_KEY=bt_... ANTHROPIC_API_KEY=...
    python3 ai_bot.py --scenario sandbox-nov-2024

What it may cost is bounded: by the number of requests and by tokens, where a token read from the
cache counts as a tenth. When either is used up, or the model will not go on, the run is stepped to
its end with the positions as they are, so that it has a score.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import sys
import textwrap
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from typing import Any, Callable

VERSION = "1"
SERVER = "http://127.0.0.1:8080"
MODEL = "claude-haiku-4-5"
MODEL_SERVER = "https://api.anthropic.com"

FILLED_IN = ("run_id", "idempotency_key")
"""Arguments that this program gives itself: the model neither sees nor pays for them."""
WITHHELD = ("publish_run", "get_results")
"""Tools of a run that are this program's: the score is read at the end, publishing is yours."""

SILENCES_MAX = 3
"""Answers in a row without a tool before the model is taken to have stopped."""
TRIES = 7
TIMEOUT_SECONDS = 120
BUSY = {408, 429, 500, 502, 503, 504, 529}
"""Statuses after which the same request may succeed."""

INSTRUCTIONS = """\
You trade one run of a frozen slice of real market history, bar by bar, with the tools. Each decision
moves time on by at least one bar; orders fill at the next bar's open, with costs. Nothing is known
about what comes next, also not to you: do not rely on memories of these dates. Decide in few words,
call a tool in every answer, and go on until an answer says that the run is done or liquidated."""

GO_ON = "The run is not over. Go on with a tool; holding is a decision too."

CACHED = {"type": "ephemeral"}


class Problem(Exception):
    """What a person has to know; `status` is HTTP's, 0 where nothing was answered."""

    def __init__(self, text: str, status: int = 0) -> None:
        super().__init__(text)
        self.status = status


def ask(url: str, headers: dict[str, str], body: Any = None, *, tries: int = TRIES) -> Any:
    """Posts JSON, or gets it; asks again, ever more slowly, while the other side is busy or away."""
    data = None if body is None else json.dumps(body).encode()
    fixed = {"Content-Type": "application/json", "User-Agent": f"bottrade-ai-bot/{VERSION}"}
    for attempt in range(tries):
        wait = min(0.25 * 2**attempt, 20)
        request = urllib.request.Request(url, data, {**fixed, **headers})
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            problem = Problem(f"{error.code} from {url}: {said(error)}", error.code)
            asked = error.headers.get("Retry-After", "")
            wait = min(int(asked), 60) if asked.isdigit() else wait
        except (OSError, http.client.HTTPException, ValueError) as error:
            problem = Problem(f"cannot reach {url}: {getattr(error, 'reason', error)}")
        if attempt + 1 == tries or (problem.status and problem.status not in BUSY):
            raise problem
        time.sleep(wait)
    raise AssertionError("unreachable")


def said(error: urllib.error.HTTPError) -> str:
    """The sentence in an error's body: `detail` of BotTrade, `error.message` of the Messages API."""
    try:
        body = json.loads(error.read())
        text = body.get("detail") or body["error"]["message"]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return str(error.reason)
    return f"{text} ({body['hint']})" if body.get("hint") else text


# --- BotTrade -----------------------------------------------------------------------------------------


class Market:
    """A BotTrade server, spoken to as an MCP client does; the run's end and score over REST."""

    def __init__(self, base: str, key: str, toolset: str) -> None:
        base = base.rstrip("/")
        self.base = base[: -len("/api/v1")] if base.endswith("/api/v1") else base
        self._mcp = f"{self.base}/mcp?toolsets={toolset}"
        self._headers = {"X-API-Key": key, "Accept": "application/json, text/event-stream"}
        self._headers["MCP-Protocol-Version"] = "2025-06-18"
        self._asked = 0

    def tools(self) -> list[dict[str, Any]]:
        return self._rpc("tools/list", {})["tools"]

    def call(self, name: str, arguments: dict[str, Any], *, tries: int = TRIES) -> dict[str, Any]:
        """The result of a tool: `content`, and `isError` where it failed."""
        return self._rpc("tools/call", {"name": name, "arguments": arguments}, tries=tries)

    def start(self, scenario: str, model: str, name: str) -> str:
        """Starts a run. It is never repeated: each start counts as an attempt."""
        agent = {"name": name, "framework": "ai_bot.py", "model": model, "version": VERSION}
        body = {"scenario_slug": scenario, "bot_name": name, "agent_info": agent}
        return ask(f"{self.base}/api/v1/runs", self._headers, body, tries=1)["run"]["id"]

    def get(self, path: str) -> Any:
        return ask(f"{self.base}/api/v1/{path}", self._headers)

    def active(self, run: str) -> bool:
        return self.get(f"runs/{run}")["run"]["status"] == "active"

    def finish(self, run: str) -> None:
        """Steps to the end; what is held stays held."""
        while self.active(run):
            at = self.get(f"runs/{run}")["run"]["sim_time"]
            body = {"count": 1000, "idempotency_key": f"finish-{at}"}
            ask(f"{self.base}/api/v1/runs/{run}/step", self._headers, body)

    def _rpc(self, method: str, params: dict[str, Any], *, tries: int = TRIES) -> dict[str, Any]:
        self._asked += 1
        message = {"jsonrpc": "2.0", "id": self._asked, "method": method, "params": params}
        answer = ask(self._mcp, self._headers, message, tries=tries)
        if "error" in answer:
            raise Problem(f"{method}: {answer['error'].get('message', answer['error'])}")
        return answer["result"]


@dataclass
class Tool:
    """A tool of the server, as the model sees it and as it is called."""

    definition: dict[str, Any]
    fills_in: list[str]
    read_only: bool

    @classmethod
    def of(cls, listed: dict[str, Any]) -> Tool:
        schema = json.loads(json.dumps(listed["inputSchema"]))
        properties = schema.get("properties", {})
        fills_in = [name for name in FILLED_IN if properties.pop(name, None) is not None]
        schema["required"] = [name for name in schema.get("required", []) if name not in FILLED_IN]
        shown = {"name": listed["name"], "description": listed.get("description", ""), "input_schema": schema}
        return cls(shown, fills_in, listed.get("annotations", {}).get("readOnlyHint", False))


def playable(listed: list[dict[str, Any]]) -> dict[str, Tool]:
    """The tools that a model needs to play a run that is there already."""
    of_a_run = [it for it in listed if "run_id" in it["inputSchema"].get("properties", {})]
    tools = {it["name"]: Tool.of(it) for it in of_a_run if it["name"] not in WITHHELD}
    if not any(not tool.read_only for tool in tools.values()):
        raise Problem("the server lists no tool that plays a run; is this address a BotTrade server?")
    return tools


# --- the model ----------------------------------------------------------------------------------------


@dataclass
class Budget:
    """What the model may use, and what it has used."""

    requests: int
    tokens: int
    used: dict[str, int] = field(default_factory=dict)
    asked: int = 0

    def count(self, usage: dict[str, Any]) -> None:
        self.asked += 1
        for name in ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens", "output_tokens"):
            self.used[name] = self.used.get(name, 0) + (usage.get(name) or 0)

    def weighed(self) -> int:
        """Tokens so far; what came from the cache counts as a tenth."""
        read = self.used.get("cache_read_input_tokens", 0)
        return sum(self.used.values()) - read + read // 10

    def spent(self) -> str | None:
        """Why there is no further request, or nothing."""
        if self.asked >= self.requests:
            return f"the limit of {self.requests} requests is reached"
        if self.weighed() >= self.tokens:
            return f"the limit of {self.tokens:,} tokens is reached"
        return None


class Model:
    """One conversation with a model that may call tools."""

    def __init__(self, options: argparse.Namespace, tools: dict[str, Tool], first: str) -> None:
        self._url = f"{options.base_url.rstrip('/')}/v1/messages"
        self._headers = {"x-api-key": options.anthropic_key, "anthropic-version": "2023-06-01"}
        definitions = [tool.definition for tool in tools.values()]
        definitions[-1] = {**definitions[-1], "cache_control": CACHED}
        system = {"type": "text", "text": INSTRUCTIONS, "cache_control": CACHED}
        self._fixed = {"model": options.model, "max_tokens": options.max_tokens}
        self._fixed.update(tools=definitions, system=[system])
        self._messages: list[dict[str, Any]] = []
        self.say([{"type": "text", "text": first}])

    def say(self, blocks: list[dict[str, Any]]) -> None:
        self._messages.append({"role": "user", "content": blocks})

    def answer(self, budget: Budget) -> dict[str, Any]:
        """Asks; the answer is part of the conversation from now on."""
        *earlier, last = self._messages
        *blocks, newest = last["content"]
        marked = {**last, "content": [*blocks, {**newest, "cache_control": CACHED}]}
        answer = ask(self._url, self._headers, {**self._fixed, "messages": [*earlier, marked]})
        budget.count(answer.get("usage") or {})
        # An empty answer may not stand in a conversation.
        content = answer.get("content") or [{"type": "text", "text": "(nothing)"}]
        self._messages.append({"role": "assistant", "content": content})
        return answer


# --- the loop -----------------------------------------------------------------------------------------


def use(market: Market, tools: dict[str, Tool], run: str, block: dict[str, Any]) -> dict[str, Any]:
    """Calls the tool that the model asked for; what goes wrong is told to the model."""
    tool = tools.get(block["name"])
    answer = {"type": "tool_result", "tool_use_id": block["id"]}
    if tool is None:
        known = ", ".join(tools)
        return {**answer, "content": f"there is no tool {block['name']}; there are: {known}", "is_error": True}
    arguments = {**(block.get("input") or {})}
    ours = {"run_id": run, "idempotency_key": block["id"]}
    arguments.update({name: ours[name] for name in tool.fills_in})
    # Only what reads, or is done once however often it is sent, is sent again.
    repeatable = tool.read_only or "idempotency_key" in tool.fills_in
    result = market.call(block["name"], arguments, tries=TRIES if repeatable else 1)
    text = "\n".join(it["text"] for it in result.get("content", []) if it.get("type") == "text")
    answer["content"] = text or json.dumps(result.get("structuredContent", {}))
    return {**answer, "is_error": True} if result.get("isError") else answer


def unread(block: dict[str, Any]) -> dict[str, Any]:
    """What is said to a call that the limit of tokens cut short."""
    text = "your answer was cut off; nothing was done. Decide in fewer words and call again."
    return {"type": "tool_result", "tool_use_id": block["id"], "content": text, "is_error": True}


def play(
    market: Market, model: Model, tools: dict[str, Tool], run: str, budget: Budget, note: Callable[[str], None]
) -> str | None:
    """Lets the model decide until the run is over; otherwise says why it stopped."""
    silences = 0
    while True:
        why = budget.spent()
        if why:
            return why
        answer = model.answer(budget)
        blocks = answer.get("content") or []
        for block in blocks:
            if block["type"] == "text" and block["text"].strip():
                note(textwrap.shorten(block["text"], 160))
        wanted = [block for block in blocks if block["type"] == "tool_use"]
        if answer.get("stop_reason") == "refusal":
            return "the model refused to go on"
        if not wanted:
            silences += 1
            if silences == SILENCES_MAX:
                return "the model no longer calls a tool"
            model.say([{"type": "text", "text": GO_ON}])
            continue
        silences = 0
        for block in wanted:
            note(f"{block['name']} {textwrap.shorten(json.dumps(block.get('input') or {}), 160)}")
        # What an answer was cut off in is not what was meant.
        cut = blocks[-1] if answer.get("stop_reason") == "max_tokens" else None
        results = [unread(block) if block is cut else use(market, tools, run, block) for block in wanted]
        moved = any(block["name"] in tools and not tools[block["name"]].read_only for block in wanted)
        if moved and not market.active(run):
            return None
        model.say(results)


def opening(market: Market, run: str) -> str:
    """The first message: the rules of the scenario and how the run stands."""
    snapshot = market.get(f"runs/{run}")
    scenario = market.get(f"scenarios/{snapshot['run']['scenario_id']}")["scenario"]
    told = ("slug", "name", "description", "bar_resolution", "end_ts", "starting_cash", "leverage_cap", "short_enabled")
    told += ("commission_bps", "borrow_bps_annual", "benchmark_symbol", "universe", "decisions")
    facts = {name: scenario[name] for name in told if scenario.get(name) is not None}
    equity, at = snapshot["last_equity"]["equity"], snapshot["run"]["sim_time"]
    return f"The scenario:\n{json.dumps(facts)}\n\nIt is {at}, equity is {equity}. Begin."


# --- the command line ---------------------------------------------------------------------------------


def arguments(given: list[str] | None) -> argparse.Namespace:
    env = os.environ
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    add = parser.add_argument
    add("--scenario", default="sandbox-nov-2024", metavar="SLUG", help="what to play (default: %(default)s)")
    add("--model", default=env.get("ANTHROPIC_MODEL") or MODEL, help=f"the model (ANTHROPIC_MODEL, else {MODEL})")
    where = f"where the Messages API is (ANTHROPIC_BASE_URL, else {MODEL_SERVER})"
    add("--base-url", default=env.get("ANTHROPIC_BASE_URL") or MODEL_SERVER, metavar="URL", help=where)
    add("--max-requests", type=int, default=150, metavar="N", help="requests to the model (default: %(default)s)")
    add("--max-total-tokens", type=int, default=600_000, metavar="N", help="tokens in all (default: %(default)s)")
    add("--max-tokens", type=int, default=1_024, metavar="N", help="tokens of one answer (default: %(default)s)")
    add("--toolset", default="play", help="which tools the model gets: play or benchmark (default: %(default)s)")
    add("--api-base", default=env.get("BOTTRADE_API") or SERVER, metavar="URL", help="the server (BOTTRADE_API)")
    add("--name", help="the bot's name on the leaderboard (default: the model's)")
    add("--run", metavar="ID", help="continue this run instead of starting one")
    add("--json", action="store_true", help="print results and usage as JSON")
    add("--quiet", action="store_true", help="do not show what the model does on standard error")
    options = parser.parse_args(given)
    options.key = env.get("BOTTRADE_API_KEY") or env.get("BOT_API_KEY")
    options.anthropic_key = env.get("ANTHROPIC_API_KEY")
    for name in ("max_requests", "max_total_tokens", "max_tokens"):
        if getattr(options, name) < 1:
            parser.error(f"--{name.replace('_', '-')} must be at least 1")
    if not options.key:
        parser.error("no API key: set BOTTRADE_API_KEY; a local server keeps its first in <data-dir>/api-key")
    if not options.anthropic_key:
        parser.error("no key for the model: set ANTHROPIC_API_KEY")
    return options


def report(detail: dict[str, Any], budget: Budget, stopped: str | None) -> str:
    """The score in sentences, and what it took."""
    results = detail["results"]
    lines = [textwrap.fill(detail.get("headline") or f"{results['return_pct']:+.2f} %", 78), ""]
    used = ", ".join(f"{name.replace('_', ' ')} {number:,}" for name, number in budget.used.items())
    lines.append(f"  {budget.asked} requests: {used or 'no usage reported'}")
    if stopped:
        lines.append(f"  Stopped early: {stopped}. The run was stepped to its end without further orders.")
    return "\n".join(lines)


def main(given: list[str] | None = None) -> int:
    options = arguments(given)
    market, run = Market(options.api_base, options.key, options.toolset), options.run
    budget = Budget(options.max_requests, options.max_total_tokens)

    def note(text: str) -> None:
        if not options.quiet:
            print(text, file=sys.stderr)

    try:
        tools = playable(market.tools())
        run = run or market.start(options.scenario, options.model, (options.name or options.model)[:120])
        note(f"run {run}")
        stopped = None
        if market.active(run):
            stopped = play(market, Model(options, tools, opening(market, run)), tools, run, budget, note)
            market.finish(run)
        detail = market.get(f"runs/{run}/results")
    except Problem as problem:
        print(f"ai_bot: {problem}", file=sys.stderr)
    except KeyboardInterrupt:
        print("ai_bot: interrupted", file=sys.stderr)
    else:
        usage = {"requests": budget.asked, **budget.used}
        shown = {**detail, "usage": usage, "stopped": stopped}
        print(json.dumps(shown) if options.json else report(detail, budget, stopped))
        return 0
    if run:
        print(f"ai_bot: the run waits; continue it with --run {run}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
