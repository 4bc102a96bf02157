"""`strace` as a fault injector: which calls a program makes, and what shall happen to one of them.

It numbers the calls of each thread by itself. So a program is traced from its start, where the thread that is first to
make its N-th call is hit, and then again with `strace` on one thread alone, where every call of that thread is.
"""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

KILLABLE = (
    "pwrite64", "write", "writev", "sendto", "fsync", "fdatasync", "ftruncate", "fallocate", "openat", "fcntl",
    "rename", "unlink", "mkdir",
)  # fmt: skip
"""Calls before which a crash leaves the disk, or a client, in another state than before the one before."""
WRITER = "store-writer"
"""The thread that commits."""

QUIET = ("strace", "-f", "-qq", "-o", "/dev/null")


def inject(calls: str, what: str, when: str, *paths: Path) -> tuple[str, ...]:
    """The prefix that makes `what` (`signal=SIGKILL`, `error=EIO`) happen to those calls of each thread."""
    only = [option for path in paths for option in ("-P", str(path))]
    return (*QUIET, *only, "-e", f"trace={calls}", "-e", f"inject={calls}:{what}:when={when}")


@dataclass(frozen=True)
class Point:
    """A call at whose entry the process is killed."""

    call: str
    number: int
    thread: str = ""
    """The thread's name; empty for the first of all threads that gets there."""

    @property
    def prefix(self) -> tuple[str, ...]:
        """What to start the program with."""
        return () if self.thread else inject(self.call, "signal=SIGKILL", str(self.number))

    def attach(self, pid: int) -> None:
        """Lies in wait on its thread of a running process."""
        if self.thread:
            self._on(tid(pid, self.thread), f"inject={self.call}:signal=SIGKILL:when={self.number}")

    def _on(self, thread: int, what: str) -> None:
        command = ["strace", "-o", "/dev/null", "-p", str(thread), "-e", f"trace={self.call}", "-e", what]
        waiting(subprocess.Popen(command, stderr=subprocess.PIPE, text=True))


@dataclass(frozen=True)
class Count:
    """Counts calls where a :class:`Point` would kill."""

    log: Path
    thread: str = ""

    @property
    def options(self) -> list[str]:
        return ["-o", str(self.log), "-e", f"trace={','.join(KILLABLE)}", "-e", "signal=none"]

    @property
    def prefix(self) -> tuple[str, ...]:
        return () if self.thread else ("strace", "-f", "-qq", *self.options)

    def attach(self, pid: int) -> None:
        if self.thread:
            command = ["strace", *self.options, "-p", str(tid(pid, self.thread))]
            waiting(subprocess.Popen(command, stderr=subprocess.PIPE, text=True))

    def calls(self) -> Counter[str]:
        """The calls of the thread that made most of them, by name."""
        lines = self.log.read_text(errors="replace")
        each = Counter(re.findall(r"^(?:(\d+) +)?(\w+)\(", lines, re.M))
        most: Counter[str] = Counter()
        for (_, name), number in each.items():
            most[name] = max(most[name], number)
        return Counter({name: number for name, number in most.items() if name in KILLABLE})


def tid(pid: int, name: str) -> int:
    """The thread of this name."""
    for task in Path(f"/proc/{pid}/task").iterdir():
        if (task / "comm").read_text().strip() == name:
            return int(task.name)
    raise LookupError(f"process {pid} has no thread {name}")


_attached: list[subprocess.Popen[str]] = []


def waiting(tracer: subprocess.Popen[str]) -> None:
    """Returns when the tracer is on its thread. It ends with that thread."""
    assert tracer.stderr is not None
    line = tracer.stderr.readline()
    assert "attached" in line, line
    _attached.append(tracer)


def gone() -> None:
    """Waits until every attached tracer has ended with its process."""
    while _attached:
        with _attached.pop() as tracer:
            tracer.communicate(timeout=20)
