"""A server that is made to suffer, and a client that notices everything."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bottrade_server import START_SECONDS, STOP_SECONDS, Binary, Server, environment

CALL_SECONDS = 20
"""How long a call may take before the server counts as hanging."""


@dataclass(frozen=True)
class Answer:
    """What came back, to the byte."""

    status: int
    body: bytes
    headers: dict[str, str]

    @property
    def json(self) -> object:
        return json.loads(self.body)

    @property
    def acked(self) -> bool:
        return 200 <= self.status < 300


class Silence(Exception):
    """The connection ended before there was an answer: the call was done or it was not."""


class Client:
    """One connection that is made again when it breaks. It never repeats a call by itself."""

    def __init__(self, server: Victim, key: str | None = None) -> None:
        self._port, self._key = server.port, key or server.key
        self._connection: http.client.HTTPConnection | None = None

    @property
    def address(self) -> str:
        """What the server calls itself; it changes with every start."""
        return f"http://127.0.0.1:{self._port}"

    def call(
        self, method: str, path: str, body: object = None, *, key: str | None = None, credential: str | None = None
    ) -> Answer:
        """Makes a call of the REST door; `key` is its idempotency key, `credential` another key than the client's."""
        if self._connection is None:
            self._connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=CALL_SECONDS)
        headers = {"X-API-Key": credential or self._key} | ({"Idempotency-Key": key} if key else {})
        try:
            # Who is refused for the head alone may be answered before the body has left.
            with contextlib.suppress(BrokenPipeError):
                sent = json.dumps(body) if body is not None else None
                self._connection.request(method, f"/api/v1/{path}", sent, headers)
            answer = self._connection.getresponse()
            return Answer(answer.status, answer.read(), {name.lower(): value for name, value in answer.getheaders()})
        except TimeoutError:
            raise
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise Silence(repr(error)) from error

    def done(self, method: str, path: str, body: object = None, *, key: str | None = None) -> object:
        """The same for a call that must succeed."""
        answer = self.call(method, path, body, key=key)
        assert answer.acked, f"{method} {path}: {answer.status} {answer.body[:400]!r}"
        return answer.json

    def start_run(self, scenario: str) -> str:
        return self.done("POST", "runs", {"scenario_slug": scenario})["run"]["id"]

    @property
    def local_port(self) -> int:
        """Its end of the connection, by which a trace knows it."""
        assert self._connection is not None and self._connection.sock is not None
        return self._connection.sock.getsockname()[1]

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def __del__(self) -> None:
        self.close()


class Victim(Server):
    """A server that may run under `strace` and may be killed at any moment."""

    def __init__(self, binary: Binary, folder: Path, *, wrap: Sequence[str] = (), data_dir: Path | None = None) -> None:
        super().__init__(binary, folder)
        if data_dir is not None:
            self.data_dir = data_dir
            self._command[-1] = str(data_dir)
        self._plain = list(self._command)
        self.wrap(wrap)

    def wrap(self, prefix: Sequence[str]) -> None:
        """What the next start is started with: `strace` and its options, or nothing."""
        self._command = [*prefix, *self._plain]

    def comes_up(self, **env: str) -> bool:
        """Starts it where it may die on the way; whether it answers."""
        stdout, stderr = self._stdout.open("wb"), self._stderr.open("wb")
        with stdout, stderr:
            self._process = subprocess.Popen(
                self._command, cwd=self.folder, env=environment(**env), stdin=subprocess.DEVNULL,
                stdout=stdout, stderr=stderr,
            )  # fmt: skip
        deadline = time.monotonic() + START_SECONDS
        while not self._healthy():
            if self._process.poll() is not None:
                return False
            assert time.monotonic() < deadline, f"no answer in {START_SECONDS} s\n{self.log}"
            time.sleep(0.005)
        return True

    def start(self, **env: str) -> None:
        assert self.comes_up(**env), f"the server ended with {self._process.returncode} at its start\n{self.log}"

    @property
    def database(self) -> Path:
        return self.data_dir / "bottrade.sqlite"

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """The server itself, not the `strace` around it."""
        assert self._process is not None, "the server was never started"
        if len(self._command) == len(self._plain):
            return self._process.pid
        outer = self._process.pid
        children = Path(f"/proc/{outer}/task/{outer}/children").read_text().split()
        return int(children[0]) if children else outer

    def signal(self, number: signal.Signals) -> None:
        try:
            os.kill(self.pid, number)
        except (ProcessLookupError, FileNotFoundError):
            pass

    def kill(self) -> None:
        """Ends it as a crash does; what it wrote stays in the kernel's hands."""
        self.signal(signal.SIGKILL)
        self.ended()

    def ended(self, seconds: float = STOP_SECONDS) -> int:
        """Waits until it is gone; its exit code."""
        assert self._process is not None
        return self._process.wait(seconds)

    def stop(self) -> int:
        self.signal(signal.SIGTERM)
        try:
            return self.ended()
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def close(self) -> None:
        if self.alive:
            self.kill()

    def client(self, key: str | None = None) -> Client:
        return Client(self, key)

    def _healthy(self) -> bool:
        probe = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2)
        try:
            probe.request("GET", "/api/health")
            return json.loads(probe.getresponse().read()) == {"ok": True}
        except (OSError, http.client.HTTPException):
            return False
        finally:
            probe.close()
