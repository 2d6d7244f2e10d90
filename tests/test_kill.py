"""A killed training leaves the old set or the new one answering; ``make torture`` kills more."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest
from torture import Arena, random_moments, torture

from scripts.store.layout import CATALOGUE


@pytest.mark.slow
def test_kills_in_the_middle_near_the_end_and_at_the_swap_leave_a_whole_set(tmp_path: Path) -> None:
    arena, faults = torture(tmp_path, [0.6, 0.97, -4.0], seeds=(1, 2))

    assert faults == []
    assert sum(arena.outcomes.values()) == 3

    # the check itself can fail: a catalogue with one altered byte is found
    catalogue = arena.output / "models" / arena.answering() / CATALOGUE
    with catalogue.open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        last = file.read(1)
        file.seek(-1, os.SEEK_END)
        file.write(bytes([last[0] ^ 1]))
    assert "--verify exits 4" in arena.check(arena.current)


def test_moments_reach_the_whole_run_and_the_swap() -> None:
    moments = random_moments(50, random.Random(0))

    assert len(moments) == 50
    assert sum(moment < 0 for moment in moments) == 15
    assert min(moment for moment in moments if moment >= 0) < 0.1
    assert max(moments) > 1.0
    assert Arena.__doc__
