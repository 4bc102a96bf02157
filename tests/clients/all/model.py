"""A stand-in for a hosted model: answers `/v1/messages` by a script instead of by thought."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from script import Arguments, Exchange, Script

Body = dict[str, Any]

PREFIX = "mcp__bottrade__"
"""What Claude Code puts before the names of our tools."""
THINK_SECONDS = 1.0
"""How long a model is busy with a call that failed before it repeats it."""
GIVES_UP = "I could not do it."
REPEATS_MAX = 60
"""How often a model repeats a call in vain before it gives up."""


@dataclass
class Conversation:
    """What a request shows of the calls so far."""

    exchanges: list[Exchange] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    """What the failed calls said, all of them."""
    in_vain: int = 0
    """Failed calls since the last that succeeded."""
    loaded: bool = False
    """Whether the model has asked for the schemas of the tools."""

    @classmethod
    def of(cls, body: Body) -> Conversation:
        """Reads the messages: each call of a tool and the result that names it."""
        seen, calls = cls(), {}
        for block in _blocks(body):
            if block["type"] == "tool_use":
                calls[block["id"]] = block
            elif block["type"] == "tool_result":
                seen._add(calls[block["tool_use_id"]], block)
        return seen

    def _add(self, call: Body, result: Body) -> None:
        if call["name"] == "ToolSearch":
            self.loaded = True
            return
        text = _text(result["content"])
        if result.get("is_error"):
            self.errors.append(text)
            self.in_vain += 1
            return
        self.in_vain = 0
        self.exchanges.append(Exchange(call["name"].removeprefix(PREFIX), call["input"], json.loads(text)))


class Model:
    """Plays a script to the end of it, one call for each request; repeats a call that failed.

    It keeps nothing between requests: like a model, it finds everything in the conversation. `before` is told the
    number of each call of the script, from 0, before it is made for the first time.
    """

    def __init__(
        self,
        script: Callable[[], Script],
        before: Callable[[int], None] = lambda _: None,
        repeats_max: int = REPEATS_MAX,
    ) -> None:
        self.script, self.before, self.repeats_max = script, before, repeats_max
        self.requests: list[Body] = []
        self.failures: list[BaseException] = []
        self._called = -1
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.base = f"http://127.0.0.1:{self._http.server_port}"

    def __enter__(self) -> Model:
        threading.Thread(target=self._http.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()

    @property
    def conversation(self) -> Conversation:
        """What the last request showed."""
        assert not self.failures, self.failures
        return Conversation.of(self.requests[-1])

    def answer(self, body: Body) -> Body:
        """The next block of the model's reply."""
        seen = Conversation.of(body)
        if not seen.loaded:
            return _call(body, "ToolSearch", {"query": f"select:{','.join(_ours(body))}", "max_results": 50})
        script = self.script()
        try:
            tool, arguments = next(script)
            for exchange in seen.exchanges:
                tool, arguments = script.send(exchange.answer)
        except StopIteration as end:
            return {"type": "text", "text": end.value}
        if seen.in_vain > self.repeats_max:
            return {"type": "text", "text": GIVES_UP}
        if seen.in_vain:
            time.sleep(THINK_SECONDS)
        if len(seen.exchanges) > self._called:
            self._called = len(seen.exchanges)
            self.before(self._called)
        return _call(body, PREFIX + tool, arguments)

    def _handler(model) -> type[BaseHTTPRequestHandler]:  # noqa: N805
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                try:
                    model.requests.append(body)
                    block = model.answer(body)
                except BaseException as failure:
                    model.failures.append(failure)
                    block = {"type": "text", "text": f"The script failed: {failure!r}"}
                message = _message(body, block)
                streamed = body.get("stream", False)
                self._send(
                    _events(message) if streamed else json.dumps(message).encode(),
                    "text/event-stream" if streamed else "application/json",
                )

            def _send(self, content: bytes, kind: str) -> None:
                self.send_response(200)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                """Says nothing."""

        return Handler


def _blocks(body: Body) -> Iterator[Body]:
    """All blocks of all messages, those that are plain text included."""
    for message in body["messages"]:
        content = message["content"]
        yield from [{"type": "text", "text": content}] if isinstance(content, str) else content


def _text(content: str | list[Body]) -> str:
    return content if isinstance(content, str) else "".join(block.get("text", "") for block in content)


def shown(body: Body) -> str:
    """All text that the client shows the model, but for the results of tools."""
    return "\n".join(block["text"] for block in _blocks(body) if block["type"] == "text")


def _ours(body: Body) -> list[str]:
    """Our tools, as the client lists them for the model."""
    return sorted(set(re.findall(rf"{PREFIX}\w+", shown(body))))


def _call(body: Body, name: str, arguments: Arguments) -> Body:
    return {"type": "tool_use", "id": f"toolu_{len(body['messages'])}", "name": name, "input": arguments}


def _message(body: Body, block: Body) -> Body:
    """A whole reply of one block."""
    return {
        "id": f"msg_{len(body['messages'])}",
        "type": "message",
        "role": "assistant",
        "model": body["model"],
        "content": [block],
        "stop_reason": "tool_use" if block["type"] == "tool_use" else "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 1, "output_tokens": 1},
    }


def _events(message: Body) -> bytes:
    """The same reply as a stream of server-sent events."""
    (block,) = message["content"]
    if block["type"] == "text":
        empty, delta = block | {"text": ""}, {"type": "text_delta", "text": block["text"]}
    else:
        empty = block | {"input": {}}
        delta = {"type": "input_json_delta", "partial_json": json.dumps(block["input"])}
    end = {"stop_reason": message["stop_reason"], "stop_sequence": None}
    events = [
        {"type": "message_start", "message": message | {"content": [], "stop_reason": None}},
        {"type": "content_block_start", "index": 0, "content_block": empty},
        {"type": "content_block_delta", "index": 0, "delta": delta},
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": end, "usage": {"output_tokens": 1}},
        {"type": "message_stop"},
    ]
    return "".join(f"event: {it['type']}\ndata: {json.dumps(it)}\n\n" for it in events).encode()
