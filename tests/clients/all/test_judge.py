"""The judge of every client's run passes a faithful one and catches what a retry could do wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from bottrade_server import Server
from judge import judge
from plain import Plain
from script import Answer, Arguments, play, sandbox_run

BAR = "bar 8"
"""Of the decision that goes wrong."""


class Careless(Plain):
    """Repeats a call once as if its answer had been lost, and is not careful about it."""

    def __init__(self, server: Server, *, tool: str, bar: str | None = None) -> None:
        super().__init__(server)
        self._tool, self._bar = tool, bar

    def call(self, tool: str, arguments: Arguments) -> Answer:
        if tool == self._tool and arguments.get("idempotency_key") == self._bar:
            keyless = {name: value for name, value in arguments.items() if name != "idempotency_key"}
            super().call(tool, keyless)
        return super().call(tool, arguments)


def test_passes_a_faithful_run(server: Server, tmp_path: Path) -> None:
    judge(server, play(sandbox_run(publish=True), Plain(server).call), tmp_path)


def test_catches_a_doubled_decision(server: Server, tmp_path: Path) -> None:
    exchanges = play(sandbox_run(), Careless(server, tool="step_run", bar=BAR).call)
    with pytest.raises(AssertionError):
        judge(server, exchanges, tmp_path)


def test_catches_a_doubled_run(server: Server, tmp_path: Path) -> None:
    exchanges = play(sandbox_run(), Careless(server, tool="start_run").call)
    with pytest.raises(AssertionError, match="abandoned|active"):
        judge(server, exchanges, tmp_path)


def test_catches_a_decision_that_was_only_answered(server: Server, tmp_path: Path) -> None:
    exchanges = play(sandbox_run(), Plain(server).call)
    at = next(at for at, it in enumerate(exchanges) if it.arguments.get("idempotency_key") == BAR)
    with pytest.raises(AssertionError):
        judge(server, [*exchanges[: at + 1], *exchanges[at:]], tmp_path)
