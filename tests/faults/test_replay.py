"""B2: a journal says the same everywhere: other build, other time zone, other language, after a restart."""

from __future__ import annotations

from pathlib import Path

import pytest
from bottrade_server import Binary
from victim import Victim
from world import World, asked

ELSEWHERE = {
    "restart": {},
    "Kathmandu": {"TZ": "Asia/Kathmandu", "LANG": "tr_TR.UTF-8", "LC_ALL": "tr_TR.UTF-8"},
    "Apia": {"TZ": "Pacific/Apia", "LANG": "C", "LC_ALL": "C"},
    "nowhere": {"TZ": "Not/AZone", "LANG": "de_DE.ISO-8859-1", "LC_NUMERIC": "de_DE.ISO-8859-1"},
}


def answers(binary: Binary, world: World, folder: Path, **env: str) -> dict[str, tuple[int, str]]:
    world.copy(folder)
    victim = Victim(binary, folder)
    try:
        victim.start(**env)
        return asked(victim.client(world.key), world.runs)
    finally:
        victim.close()


@pytest.mark.parametrize("place", ELSEWHERE)
def test_answers_are_the_same_everywhere(binary: Binary, world: World, tmp_path: Path, place: str) -> None:
    assert answers(binary, world, tmp_path, **ELSEWHERE[place]) == world.answers


def test_answers_are_the_same_in_a_debug_build(other: Binary, world: World, tmp_path: Path) -> None:
    assert answers(other, world, tmp_path, TZ="America/St_Johns", LANG="fa_IR.UTF-8") == world.answers
