"""A data folder with runs of every kind, and every answer about them."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bottrade_server import Binary
from victim import Client, Victim

SHORT = "sandbox-nov-2024"
"""20 bars."""
LONG = "crypto-30m-winter-2018"
"""12,895 bars of 5 symbols: no run of a test comes to its end."""
LONG_SYMBOL = "BTC/USD"
VIEWS = ("", "/trades", "/equity", "/results", "/public")
"""What can be asked of a run."""


def turn(symbol: str, side: str, quantity: int, why: str) -> dict[str, object]:
    """The body of a turn with one order."""
    return {"trades": [{"symbol": symbol, "side": side, "quantity": quantity, "reasoning": why}]}


def populate(client: Client) -> dict[str, str]:
    """Plays runs of every kind; their ids by kind."""
    runs = {}
    for kind in ("fresh", "active", "finished", "published", "also-published"):
        body = {"scenario_slug": SHORT, "bot_name": f"the {kind} bot", "agent_info": {"name": "agent", "model": kind}}
        runs[kind] = run = client.done("POST", "runs", body)["run"]["id"]
        if kind == "fresh":
            continue
        for number in range(4):
            body = turn("NVDA", "buy", 10 + number, f"{kind} {number}")
            client.done("POST", f"runs/{run}/turn", body, key=f"{kind}-turn-{number}")
        resting = {"symbol": "AAPL", "side": "buy", "quantity": 5, "order_type": "limit", "limit_price": 1}
        client.done("POST", f"runs/{run}/trades", resting, key=f"{kind}-order")
        if kind == "active":
            continue
        client.done("POST", f"runs/{run}/step", {"count": 30}, key=f"{kind}-end")
        if kind.endswith("published"):
            client.done("POST", f"runs/{run}/publish", {"confirm": True})
    return runs


@dataclass(frozen=True)
class World:
    """A stopped server's data folder."""

    data_dir: Path
    key: str
    runs: dict[str, str]
    answers: dict[str, tuple[int, str]]
    """By path, what was answered."""

    @classmethod
    def make(cls, binary: Binary, folder: Path, wrap: Sequence[str] = ()) -> World:
        victim = Victim(binary, folder, wrap=wrap)
        try:
            victim.start()
            client = victim.client()
            runs = populate(client)
            world = cls(victim.data_dir, victim.key, runs, asked(client, runs))
            assert victim.stop() == 0, victim.log
        finally:
            victim.close()
        return world

    def copy(self, folder: Path) -> Path:
        """A data folder of one's own."""
        folder.mkdir(parents=True, exist_ok=True)
        return Path(shutil.copytree(self.data_dir, folder / "data"))

    @property
    def database(self) -> Path:
        return self.data_dir / "bottrade.sqlite"


def nowhere(text: str, client: Client) -> str:
    """A text without the address of the server that said it, which differs from start to start."""
    return text.replace(client.address, "http://server")


def asked(client: Client, runs: dict[str, str]) -> dict[str, tuple[int, str]]:
    """Every answer about these runs, and the lists they stand in."""
    paths = [f"runs/{run}{view}" for run in runs.values() for view in VIEWS]
    paths += ["runs", f"leaderboard?scenario={SHORT}", "leaderboard/scenarios", "auth/status"]
    answers = {path: client.call("GET", path) for path in paths}
    texts = {path: nowhere(answer.body.decode(), client) for path, answer in answers.items()}
    return {path: (answer.status, texts[path]) for path, answer in answers.items()}
