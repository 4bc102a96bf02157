"""HTTP as bytes on a socket: what no HTTP library would send, and exactly what came back."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MORE_SECONDS = 0.05
"""How long a complete answer is waited on for another one."""


@dataclass(frozen=True)
class Answer:
    """One answer of the server."""

    status: int
    headers: dict[str, str]
    body: bytes

    def __str__(self) -> str:
        return f"{self.status} {self.media_type} {self.body[:300]!r}"

    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def media_type(self) -> str:
        return self.headers.get("content-type", "").split(";")[0]

    @property
    def is_last(self) -> bool:
        """Whether the server says that it closes the connection after it."""
        return self.headers.get("connection") == "close"


class Broken(Exception):
    """The connection ended inside an answer."""


class Hung(Exception):
    """Neither an answer nor a close."""


def request(method: str, path: str, body: bytes | None = None, headers: Iterable[tuple[str, str]] = ()) -> bytes:
    """A request as an ordinary client writes it."""
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", *(f"{name}: {value}" for name, value in headers)]
    if body is not None:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + (body or b"")


async def answer(reader: asyncio.StreamReader) -> Answer | None:
    """The next answer; none when the server closes before its first byte."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as end:
        if end.partial:
            raise Broken(end.partial) from end
        return None
    first, *lines = head.decode("latin-1").strip().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    status = int(first.split()[1])
    if status == 100:
        return await answer(reader)
    try:
        body = await reader.readexactly(int(headers.get("content-length", 0)))
    except asyncio.IncompleteReadError as end:
        raise Broken(head + end.partial) from end
    return Answer(status, headers, body)


async def exchange(port: int, sent: bytes, *, seconds: float) -> list[Answer]:
    """Sends bytes on a connection of their own; every answer that comes before a close or a pause."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 24)
    answers: list[Answer] = []
    try:
        writer.write(sent)
        wait = seconds
        while True:
            try:
                heard = await asyncio.wait_for(answer(reader), wait)
            except TimeoutError:
                if not answers:
                    raise Hung(sent[:200]) from None
                return answers
            if heard is None:
                return answers
            answers.append(heard)
            wait = MORE_SECONDS
    except ConnectionError:
        # A close while bytes were still unread: the kernel makes a reset of it.
        return answers
    finally:
        writer.close()


def memory_kib(pid: int, field: str = "VmRSS") -> int:
    """Resident memory of a process."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith(f"{field}:")))


def descriptors(pid: int) -> int:
    """Open files and sockets of a process."""
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def processor_seconds(pid: int) -> float:
    """Time that a process has had on the processors."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
