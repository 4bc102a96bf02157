"""A way to the server that loses answers: what a proxy that restarts, or a broken line, does to a client."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
from bottrade_server import Server
from judge import COMMANDS

HOP = {"host", "connection", "content-length", "transfer-encoding", "keep-alive"}
"""Headers of one connection, not of the message."""


class Relay:
    """Passes calls on, and drops the answers to some of the commands after the server has carried them out."""

    def __init__(self, server: Server, lost: set[int]) -> None:
        """`lost` has the numbers of these commands, counted from 0 over all that arrive."""
        self.server, self.lost = server, lost
        self.carried_out: list[int] = []
        """The commands whose answers were lost."""
        self._commands = 0
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.base = f"http://127.0.0.1:{self._http.server_port}"

    def __enter__(self) -> Relay:
        threading.Thread(target=self._http.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()

    def loses(self, body: bytes) -> bool:
        """Whether the answer to this call is to be lost."""
        call = json.loads(body or b"{}")
        if call.get("method") != "tools/call" or call["params"]["name"] not in COMMANDS:
            return False
        self._commands += 1
        return self._commands - 1 in self.lost

    def _handler(relay) -> type[BaseHTTPRequestHandler]:  # noqa: N805
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def pass_on(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP}
                url = relay.server.base + self.path
                answer = httpx.request(self.command, url, content=body, headers=headers, timeout=30)
                if relay.loses(body):
                    assert answer.status_code == 200, answer.text
                    relay.carried_out.append(relay._commands - 1)
                    self.close_connection = True
                    return
                self.send_response(answer.status_code)
                for name, value in answer.headers.items():
                    if name.lower() not in HOP:
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer.content)))
                self.end_headers()
                self.wfile.write(answer.content)

            do_GET = do_POST = do_DELETE = pass_on

            def log_message(self, *_: object) -> None:
                """Says nothing."""

        return Handler
