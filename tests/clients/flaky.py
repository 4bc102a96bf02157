"""A proxy on loopback that passes every call on and then loses some of the answers."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx


class Flaky:
    """Of every four calls that may be repeated it turns one away and loses the answer of another.

    Starting a run and publishing one are passed on faithfully: nobody repeats them.
    """

    def __init__(self, target: str) -> None:
        self.lost = self.refused = 0
        self._calls = 0
        self._count = threading.Lock()
        client = httpx.Client(base_url=target, timeout=30)
        flaky = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def pass_on(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                faithful = self.command == "POST" and self.path.endswith(("/runs", "/publish"))
                fate = 0 if faithful else flaky.next()
                if fate == 1:
                    self.reply(503, b'{"detail": "turned away"}', "application/problem+json")
                    return
                ours = {"host", "connection"}
                passed = {name: text for name, text in self.headers.items() if name.lower() not in ours}
                answer = client.request(self.command, self.path, content=body, headers=passed)
                if fate == 2:
                    self.close_connection = True
                    return
                self.reply(answer.status_code, answer.content, answer.headers["content-type"])

            do_GET = do_POST = pass_on

            def reply(self, status: int, body: bytes, kind: str) -> None:
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Says nothing."""

        self._client = client
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.base = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    def next(self) -> int:
        with self._count:
            self._calls += 1
            fate = self._calls % 4
            self.refused += fate == 1
            self.lost += fate == 2
            return fate

    def __enter__(self) -> Flaky:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self._client.close()
