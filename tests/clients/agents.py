"""Agents for the PyPI client: what its users write, as small as they come."""

from __future__ import annotations

from bottrade import AgentInfo, Decision, Observation, Order, buy, cover, hold, sell, short

TURN = 40
"""Steps from one short position of `LongShort` to its next; it is covered after half of them."""


def buy_once(observation: Observation) -> Order | Decision:
    """Buys one share at the first decision and holds it."""
    if observation.positions or observation.snapshot.queued_orders:
        return hold()
    return buy("AAPL", 100, "Open once, then hold.")


async def buy_once_async(observation: Observation) -> Order | Decision:
    """The same agent for the asynchronous client."""
    return buy_once(observation)


def sell_nothing(_: Observation) -> Order:
    """Sells what it does not have: the server refuses."""
    return sell("AAPL", 1)


class LongShort:
    """Holds a long position and opens and covers a short one again and again."""

    agent_info = AgentInfo(name="Long and short", framework="pytest", version="1", config={"turn": TURN})

    def decide(self, observation: Observation) -> Decision:
        orders = []
        if observation.step_number == 0:
            orders.append(buy("MSFT", 200.5, "The long leg."))
        beat = observation.step_number % TURN
        if beat == 0:
            orders.append(short("XOM", 150, "The short leg."))
        held = observation.position("XOM")
        if beat == TURN // 2 and held is not None:
            orders.append(cover("XOM", abs(held.quantity), "The short leg ends."))
        return Decision(orders=orders)
