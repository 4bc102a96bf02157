"""What a disk may hold after the power failed, rebuilt from a trace of a server's writes and syncs.

Only what a completed sync covers is sure. Of everything else any part may be there: whole writes or 512-byte sectors
of them, in any order, cuts of a file, and the names of files in a folder that was not synced.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SECTOR = 512
CALLS = "pwrite64,write,writev,sendto,sendmsg,ftruncate,fdatasync,fsync,openat,rename,unlink"
DATABASE = "bottrade.sqlite"
FILES = (DATABASE, f"{DATABASE}-wal")
"""What SQLite rebuilds a database from."""


@dataclass(frozen=True)
class Event:
    """A call that ended well. Times are lines of the trace: where it began and where it ended."""

    kind: str
    """write, cut, name, sync, answer."""
    began: int
    ended: int
    file: str = ""
    offset: int = 0
    data: bytes = b""
    port: int = 0


def prefix(log: Path) -> tuple[str, ...]:
    """What to start a server with, to have its writes recorded."""
    return ("strace", "-f", "-yy", "-xx", "-s", "200000", "-o", str(log), "-e", f"trace={CALLS}", "-e", "signal=none")


def recorded(log: Path, folder: Path) -> list[Event]:
    """The events of a trace, in the order in which they ended."""
    events = [event for call in _calls(log) if (event := _event(*call, folder))]
    return sorted(events, key=lambda event: event.ended)


def _calls(log: Path) -> Iterator[tuple[int, int, str]]:
    """Whole calls, also those that another thread interrupted."""
    begun: dict[str, tuple[int, str]] = {}
    with log.open() as lines:
        for number, line in enumerate(lines):
            thread, _, text = line.rstrip("\n").partition(" ")
            text = text.lstrip()
            if text.endswith("<unfinished ...>"):
                begun[thread] = (number, text.removesuffix("<unfinished ...>"))
            elif text.startswith("<... "):
                began, head = begun.pop(thread)
                yield began, number, head + text.partition(" resumed>")[2]
            else:
                yield number, number, text


_CALL = re.compile(r"^(\w+)\((?:(\d+|AT_FDCWD)<((?:->|[^>])*)>)?")
_TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')
_PORT = re.compile(r"->127\.0\.0\.1:(\d+)\]")


def _event(began: int, ended: int, text: str, folder: Path) -> Event | None:
    head, answered = _CALL.match(text), text.rpartition(" = ")[2]
    if head is None or not answered[:1].isdigit():
        return None
    call, _, where = head.groups()
    if call in ("write", "writev", "sendto", "sendmsg") and (port := _PORT.search(where or "")):
        data = b"".join(_bytes(it) for it in _TEXT.findall(text))
        return Event("answer", began, ended, data=data, port=int(port[1])) if data.startswith(b"HTTP/1.1 ") else None
    path = Path(_bytes(where).decode()) if where and where.startswith("\\x") else None
    if call == "openat" and "O_CREAT" in text:
        path = Path(_bytes(_TEXT.search(text)[1]).decode())
        return Event("name", began, ended, path.name) if path.parent == folder else None
    if call in ("fsync", "fdatasync") and path is not None and folder in (path, path.parent):
        return Event("sync", began, ended, "" if path == folder else path.name)
    if path is None or path.parent != folder or path.name not in FILES:
        return None
    if call == "pwrite64":
        data, offset = _bytes(_TEXT.search(text)[1]), int(re.search(r", (\d+) *\) +=", text)[1])
        return Event("write", began, ended, path.name, offset, data[: int(answered.split()[0])])
    if call == "ftruncate":
        return Event("cut", began, ended, path.name, int(re.search(r", (\d+) *\) +=", text)[1]))
    raise AssertionError(f"a write that this test does not model: {text[:200]}")


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.replace("\\x", ""))


class Disk:
    """The disk as it becomes while a trace is followed."""

    def __init__(self, before: dict[str, bytes]) -> None:
        self.sure = {name: bytearray(content) for name, content in before.items()}
        self._loose: dict[str, list[Event]] = {}
        self._named = dict.fromkeys(before, True)
        """Files, and whether their name is sure."""

    def follow(self, event: Event) -> None:
        """One event more."""
        if event.kind == "name":
            self._named.setdefault(event.file, False)
        elif event.kind in ("write", "cut"):
            self._loose.setdefault(event.file, []).append(event)
        elif event.kind == "sync" and not event.file:
            self._named = dict.fromkeys(self._named, True)
        elif event.kind == "sync":
            self._settle(event)

    def _settle(self, sync: Event) -> None:
        """What ended before a sync began is sure once it has ended."""
        loose = self._loose.get(sync.file, [])
        for event in loose:
            if event.ended < sync.began:
                _apply(self.sure.setdefault(sync.file, bytearray()), event)
        self._loose[sync.file] = [event for event in loose if event.ended >= sync.began]

    def states(self, dice: random.Random, number: int) -> Iterator[dict[str, bytes]]:
        """What may be left: first without anything that is not sure, then with random parts of it."""
        for n in range(number):
            state = {}
            for name in FILES:
                if self._named.get(name) is False and (n == 0 or dice.random() < 0.5):
                    continue
                content = bytearray(self.sure.get(name, b""))
                for event in self._loose.get(name, []) if n else []:
                    _apply(content, event, dice)
                if content:
                    state[name] = bytes(content)
            yield state


def _apply(content: bytearray, event: Event, dice: random.Random | None = None) -> None:
    """Does a write or a cut to a file; with dice only parts of it."""
    if dice is not None and dice.random() < 0.4:
        return
    if event.kind == "cut":
        del content[event.offset :]
        content.extend(bytes(event.offset - len(content)))
        return
    for start in range(0, len(event.data), SECTOR):
        if dice is None or dice.random() < 0.7:
            piece = event.data[start : start + SECTOR]
            at = event.offset + start
            content.extend(bytes(max(0, at + len(piece) - len(content))))
            content[at : at + len(piece)] = piece
