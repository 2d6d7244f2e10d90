"""A journey through the catalogue: the songs at hand along the way, handed to the planner.

Conventions
-----------
Places are (valence, energy) in [0, 1]. A song's match is 1 / (1 + its distance from the place on
the even way that it stands for).
"""

from __future__ import annotations

from math import dist

from scripts.journeys.journey import plan_journey
from scripts.moods.vocabulary import moods_of_quadrants, quadrants_near
from scripts.playlists.constraints import LENGTH_TOLERANCE_MS, Constraints
from scripts.playlists.nearest import SongTree
from scripts.playlists.request import Near
from scripts.playlists.variety import chance
from scripts.playlists.walks import AT, Candidate, Walker

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    Place = tuple[float, float]

_FACTS = [AT[name] for name in ("rank", "valence", "energy", "work_id", "artist_id", "duration_ms")]


def take_journey(walker: Walker, path: tuple[Place, Place]) -> list[Candidate]:
    """Choose the songs that lead from one place to another.

    With a surprise, every song is at hand with a chance of one half, by its seed and id. Where
    that leaves too few songs, all of them are.
    """
    constraints = walker.constraints
    tree = SongTree(walker.catalogue, "plane")
    chosen = _plan(walker, tree, path, constraints.surprise)
    if constraints.surprise is None or not _falls_short(chosen, constraints):
        return chosen
    return _plan(walker, tree, path, None)


def _falls_short(chosen: list[Candidate], constraints: Constraints) -> bool:
    """Whether a journey has fewer songs, or is more or less long, than asked for."""
    target = constraints.target_ms
    if target is None:
        return len(chosen) < constraints.n
    total = sum(candidate.row[AT["duration_ms"]] for candidate in chosen)
    return abs(total - target) > LENGTH_TOLERANCE_MS


def _plan(
    walker: Walker, tree: SongTree, path: tuple[Place, Place], seed: int | None
) -> list[Candidate]:
    constraints = walker.constraints

    def may_play(candidate: Candidate) -> bool:
        row = candidate.row
        if row[AT["work_id"]] in constraints.never:
            return False
        return seed is None or chance(seed, row[AT["song_id"]]) >= 0.5

    def songs_near(_: int, place: Place) -> Iterator[tuple[Any, ...]]:
        seen = set()
        # the moods at the two ends are the listener's own words: the song model has to agree,
        # unless no such song is left
        is_end = min(dist(place, path[0]), dist(place, path[1])) < 1e-9
        choices = [moods_of_quadrants(quadrants_near(*place))] if is_end else []
        for moods in (*choices, ()):
            for candidate in walker.near_in(tree, Near("plane", place, moods)):
                facts = [candidate.row[i] for i in _FACTS]
                if facts[0] not in seen and may_play(candidate):
                    if is_end:
                        seen.add(facts[0])
                    yield (candidate.distance, *facts, candidate)

    planned = plan_journey(
        *path,
        constraints.n if constraints.minutes is None else None,
        songs_near,
        max_per_artist=constraints.max_per_artist,
        target_ms=constraints.target_ms,
        tolerance_ms=LENGTH_TOLERANCE_MS,
    )
    return [song[-1] for song in planned]
