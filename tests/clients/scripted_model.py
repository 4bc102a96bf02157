"""A Messages API on loopback that answers from a script and judges the form of every request."""

from __future__ import annotations

import copy
import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KEY = "sk-scripted"
BREAKPOINTS_MAX = 4
"""Marks for the cache that one request may have."""

Answer = dict[str, Any]
Script = Callable[[dict[str, Any], int], Answer]
"""Makes an answer of a request and its number, from 0."""


def text(said: str) -> dict[str, Any]:
    return {"type": "text", "text": said}


def tool_use(number: int, name: str, **given: Any) -> dict[str, Any]:
    return {"type": "tool_use", "id": f"toolu_{number:04}", "name": name, "input": given}


def message(*content: dict[str, Any], stop_reason: str | None = None) -> Answer:
    """An answer; it stops for tools where it has any."""
    uses = any(block["type"] == "tool_use" for block in content)
    usage = {"input_tokens": 10, "cache_creation_input_tokens": 100, "cache_read_input_tokens": 1000}
    usage["output_tokens"] = 20
    reason = stop_reason or ("tool_use" if uses else "end_turn")
    return {"type": "message", "role": "assistant", "content": list(content), "stop_reason": reason, "usage": usage}


def failure(status: int, kind: str, said: str, **headers: str) -> Answer:
    return {"status": status, "headers": headers, "type": "error", "error": {"type": kind, "message": said}}


class ScriptedModel:
    """The server. `problems` must be empty in the end; `requests` is what was asked."""

    def __init__(self, script: Script) -> None:
        self.requests: list[dict[str, Any]] = []
        self.problems: list[str] = []
        self._script = script
        model = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                model.problems += problems_of_headers(self)
                answer = model.answered(body)
                status, headers = answer.pop("status", 200), answer.pop("headers", {})
                data = json.dumps(answer).encode()
                self.send_response(status)
                for name, value in {**headers, "Content-Type": "application/json", "Content-Length": len(data)}.items():
                    self.send_header(name.replace("_", "-"), str(value))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: object) -> None:
                """Says nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.base = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    def __enter__(self) -> ScriptedModel:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def answered(self, body: dict[str, Any]) -> Answer:
        self.problems += problems_of(body)
        if self.requests:
            self.problems += problems_of_growth(self.requests[-1], body)
        self.requests.append(body)
        return copy.deepcopy(self._script(body, len(self.requests) - 1))


def problems_of_headers(handler: BaseHTTPRequestHandler) -> list[str]:
    wanted = {"x-api-key": KEY, "anthropic-version": "2023-06-01", "content-type": "application/json"}
    given = {name: handler.headers.get(name) for name in wanted}
    path = [] if handler.path == "/v1/messages" else [f"posted to {handler.path}"]
    return path + [f"{name}: {given[name]}" for name in wanted if given[name] != wanted[name]]


def problems_of(body: dict[str, Any]) -> list[str]:
    """What the real Messages API would refuse, or could not cache."""
    found: list[str] = []

    def expect(condition: object, problem: str) -> None:
        if not condition:
            found.append(problem)

    expect(set(body) == {"model", "max_tokens", "system", "tools", "messages"}, f"members {sorted(body)}")
    expect(isinstance(body["max_tokens"], int) and body["max_tokens"] > 0, "max_tokens")
    names = [tool["name"] for tool in body["tools"]]
    expect(names and len(set(names)) == len(names), f"tools {names}")
    for tool in body["tools"]:
        expect(set(tool) - {"cache_control"} == {"name", "description", "input_schema"}, f"tool {sorted(tool)}")
        schema = tool["input_schema"]
        expect(schema["type"] == "object" and isinstance(schema["properties"], dict), f"schema of {tool['name']}")
        expect(set(schema.get("required", [])) <= set(schema["properties"]), f"required of {tool['name']}")
    expect("cache_control" in body["tools"][-1], "the tools are not cached")
    expect("cache_control" in body["system"][-1], "the instructions are not cached")
    expect("cache_control" in body["messages"][-1]["content"][-1], "the conversation is not cached")
    marks = [mark for mark in marks_in(body) if mark != {"type": "ephemeral"}]
    expect(not marks, f"marks {marks}")
    expect(len(marks_in(body)) <= BREAKPOINTS_MAX, f"{len(marks_in(body))} marks")
    found.extend(problems_of_pairs(body["messages"], set(names)))
    return found


def marks_in(value: Any) -> list[Any]:
    """Every `cache_control` inside a value."""
    if isinstance(value, list):
        return [mark for item in value for mark in marks_in(item)]
    if not isinstance(value, dict):
        return []
    inner = [mark for name, item in value.items() if name != "cache_control" for mark in marks_in(item)]
    return inner + ([value["cache_control"]] if "cache_control" in value else [])


def problems_of_pairs(messages: list[dict[str, Any]], tools: set[str]) -> list[str]:
    """Turns alternate; every use of a tool has its result first thing in the next message, and no other."""
    found = []
    open_uses: list[str] = []
    for at, turn in enumerate(messages):
        if turn["role"] != ("user", "assistant")[at % 2]:
            found.append(f"message {at} is of {turn['role']}")
        if not turn["content"]:
            found.append(f"message {at} is empty")
        results = [block for block in turn["content"] if block["type"] == "tool_result"]
        if [block["tool_use_id"] for block in results] != open_uses or turn["content"][: len(results)] != results:
            found.append(f"message {at} does not answer {open_uses}")
        for block in results:
            if not block["content"] or set(block) - {"type", "tool_use_id", "content", "is_error", "cache_control"}:
                found.append(f"message {at}: {block}")
        open_uses = [block["id"] for block in turn["content"] if block["type"] == "tool_use"]
    return found + [f"{open_uses} are not answered"] * bool(open_uses)


def problems_of_growth(before: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """A request repeats the one before and adds to its end, or the cache would not hold."""
    old, new = unmarked(before), unmarked(now)
    same = all(old[name] == new[name] for name in ("model", "system", "tools"))
    same = same and new["messages"][: len(old["messages"])] == old["messages"]
    return [] if same else ["a request is not the one before with more at its end"]


def unmarked(value: Any) -> Any:
    """The value without its marks for the cache."""
    if isinstance(value, list):
        return [unmarked(item) for item in value]
    if isinstance(value, dict):
        return {name: unmarked(item) for name, item in value.items() if name != "cache_control"}
    return value
