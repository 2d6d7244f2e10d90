"""A journey through the catalogue: the songs at hand along the way, handed to the planner.

Conventions
-----------
Places are (valence, energy) in [0, 1]. A song's match is 1 / (1 + its distance from the place on
the even way that it stands for).

Method
------
Songs near a waypoint come from the k-d tree, which is quick as long as they are near. Where a wish
is rare, and where only songs of some durations are wanted, it would be read as a whole for every
waypoint. So where a walk has to go further than ``FAR``, one look at the table of songs gathers
all that meet the wishes; if they are at most ``MOST_GATHERED``, they stay in memory, and every
waypoint orders them by distance. More songs are not rare, and are walked to in the tree.
"""

from __future__ import annotations

import heapq
from math import dist

from scripts.errors import SettingsError
from scripts.journeys.journey import plan_journey
from scripts.journeys.journey_way import MOST_SONGS, waypoint
from scripts.moods.vocabulary import SPOKEN, moods_of_quadrants, quadrants_near
from scripts.playlists.constraints import LENGTH_TOLERANCE_MS, Constraints
from scripts.playlists.nearest import SongTree
from scripts.playlists.request import Near
from scripts.playlists.variety import chance
from scripts.playlists.walks import AT, COLUMNS, Candidate, Walker

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from scripts.journeys.journey_way import CandidatesAt
    from scripts.playlists.history_order import TasteOrder

    Place = tuple[float, float]
    Range = tuple[int, int]
    Row = tuple[Any, ...]

#: How far a walk in the tree goes before the songs that meet the wishes are gathered.
FAR = 0.15

MOST_GATHERED = 4_000

_FACTS = [AT[name] for name in ("rank", "valence", "energy", "work_id", "artist_id", "duration_ms")]
_PLACE = (AT["valence"], AT["energy"])


def take_journey(
    walker: Walker, path: tuple[Place, Place], order: TasteOrder | None = None
) -> list[Candidate]:
    """Choose the songs that lead from one place to another.

    With a surprise, every song is at hand with a chance of one half, by its seed and id. Where
    that leaves too few songs, all of them are. With an order by taste, the songs that the listener
    likes better are at hand, as far as the journey stays smooth (see
    :mod:`scripts.playlists.history_travel`).

    Raises
    ------
    SettingsError
        If more songs are asked for than a journey may have.
    """
    constraints = walker.constraints
    if constraints.minutes is None and constraints.n > MOST_SONGS:
        raise SettingsError(
            f"-n {constraints.n}: a journey (--from, --to) has at most {MOST_SONGS} songs; "
            f"give -n {MOST_SONGS} or fewer"
        )
    catalogue = _Catalogue(walker)
    chosen = _plan(catalogue, walker, path, constraints.surprise)
    if constraints.surprise is not None and _falls_short(chosen, constraints):
        chosen = _plan(catalogue, walker, path, None)
    if order is None or not chosen:
        return chosen
    from scripts.playlists.history_travel import travel_liked

    def songs_near(place: Place) -> Iterator[Candidate]:
        return catalogue.near(place, (), None)

    def plan(liked: Callable[[Candidate], bool]) -> list[Candidate]:
        tried = _plan(catalogue, walker, path, constraints.surprise, liked)
        return [] if _falls_short(tried, constraints) else tried

    return travel_liked(order, path, chosen, songs_near, plan)


def _falls_short(chosen: list[Candidate], constraints: Constraints) -> bool:
    """Whether a journey has fewer songs, or is more or less long, than asked for."""
    target = constraints.target_ms
    if target is None:
        return len(chosen) < constraints.n
    total = sum(candidate.row[AT["duration_ms"]] for candidate in chosen)
    return abs(total - target) > LENGTH_TOLERANCE_MS


class _Catalogue:
    """The songs that meet the wishes: those of a tree, or, where they are rare, in memory."""

    __slots__ = ("_gathered", "_tree", "_walker")

    def __init__(self, walker: Walker) -> None:
        self._walker = walker
        self._tree = SongTree(walker.catalogue, "plane")
        # by durations; None where there are too many to hold
        self._gathered: dict[Range | None, list[tuple[Place, Row]] | None] = {}

    def near(
        self, place: Place, moods: tuple[str, ...], durations: Range | None
    ) -> Iterator[Candidate]:
        """Walk the songs near a place by rising distance, then rising rank."""
        walker = self._walker
        may_gather = walker.constraints.has_filters
        if durations is not None or None in self._gathered:
            held = self._gather(durations)
            if held is not None:
                yield from self._from_memory(held, place, moods)
                return
            may_gather = False
        for candidate in walker.near_in(self._tree, Near("plane", place, moods)):
            if may_gather and (candidate.distance or 0.0) > FAR:
                held = self._gather(durations)
                if held is not None:
                    after = (candidate.distance, candidate.row[AT["rank"]])
                    yield from self._from_memory(held, place, moods, after)
                    return
                may_gather = False
            if durations is None or _lasts(candidate.row, durations):
                yield candidate

    def _gather(self, durations: Range | None) -> list[tuple[Place, Row]] | None:
        """Hold the songs of some durations, or of any, in memory, unless they are too many."""
        if durations not in self._gathered:
            rare = self._gathered.get(None)
            if rare is not None:
                self._gathered[durations] = [
                    song for song in rare if durations is None or _lasts(song[1], durations)
                ]
            else:
                rows = read_passing(self._walker, durations, MOST_GATHERED + 1)
                held = [((row[_PLACE[0]], row[_PLACE[1]]), row) for row in rows]
                self._gathered[durations] = held if len(held) <= MOST_GATHERED else None
        return self._gathered[durations]

    def _from_memory(
        self,
        held: list[tuple[Place, Row]],
        place: Place,
        moods: tuple[str, ...],
        first: tuple[float | None, int] | None = None,
    ) -> Iterator[Candidate]:
        """Yield songs of some moods by distance and rank, from the first one that is wanted."""
        walker = self._walker
        allowed = moods or [name for name in walker.moods if name != SPOKEN]
        ids = {walker.moods[name].mood_id for name in allowed if name in walker.moods}
        corrected = {song: mood in allowed for song, mood in walker.corrections.items()}
        heap = [(dist(place, at), row[_FACTS[0]], row) for at, row in held]
        if first is not None:
            heap = [song for song in heap if song[:2] >= first]
        heapq.heapify(heap)
        while heap:
            distance, _, row = heapq.heappop(heap)
            if corrected.get(row[AT["song_id"]], row[AT["mood_id"]] in ids):
                yield Candidate(row, 1 / (1 + distance), distance)


def _lasts(row: Row, durations: Range) -> bool:
    return durations[0] <= (row[AT["duration_ms"]] or 0) <= durations[1]


def read_passing(walker: Walker, durations: Range | None, most: int) -> list[Row]:
    """Read songs that meet every wish about facts, whatever their moods.

    Parameters
    ----------
    walker : Walker
    durations : (least, most) milliseconds, optional
    most : int
        Songs read; -1 reads all.
    """
    from scripts.playlists.shortages import list_wishes

    wishes = list_wishes(walker.catalogue, walker.constraints)
    asked = ["1", *(wish.condition for wish in wishes)]
    values = [value for wish in wishes for value in wish.values]
    if durations is not None:
        asked.append("s.duration_ms BETWEEN ? AND ?")
        values += durations
    query = f"SELECT {COLUMNS} FROM songs s WHERE {' AND '.join(asked)} LIMIT ?"
    return walker.catalogue.execute(query, (*values, most)).fetchall()


def _plan(
    catalogue: _Catalogue,
    walker: Walker,
    path: tuple[Place, Place],
    seed: int | None,
    liked: Callable[[Candidate], bool] | None = None,
) -> list[Candidate]:
    constraints = walker.constraints

    def may_play(candidate: Candidate) -> bool:
        row = candidate.row
        if row[AT["work_id"]] in constraints.never or (liked and not liked(candidate)):
            return False
        return seed is None or chance(seed, row[AT["song_id"]]) >= 0.5

    def songs_near(place: Place, durations: Range | None) -> Iterator[tuple[Any, ...]]:
        seen = set()
        # the moods at the two ends are the listener's own words: the song model has to agree,
        # unless no such song is left
        is_end = min(dist(place, path[0]), dist(place, path[1])) < 1e-9
        choices = [_moods_at(place)] if is_end else []
        for moods in (*choices, ()):
            for candidate in catalogue.near(place, moods, durations):
                facts = [candidate.row[i] for i in _FACTS]
                if facts[0] not in seen and may_play(candidate):
                    if is_end:
                        seen.add(facts[0])
                    yield (candidate.distance, *facts, candidate)

    def songs_lasting(least: int, most: int) -> CandidatesAt:
        return lambda _, place: songs_near(place, (least, most))

    planned = plan_journey(
        *path,
        constraints.n if constraints.minutes is None else None,
        lambda _, place: songs_near(place, None),
        max_per_artist=constraints.max_per_artist,
        target_ms=constraints.target_ms,
        tolerance_ms=LENGTH_TOLERANCE_MS,
        candidates_lasting=songs_lasting,
        fits_end=lambda song, place: _has_mood(walker, song[-1].row, _moods_at(place)),
    )
    places = [waypoint(*path, len(planned), i) for i in range(len(planned))]
    return [_placed(song[-1], place) for song, place in zip(planned, places, strict=True)]


def _moods_at(place: Place) -> tuple[str, ...]:
    return moods_of_quadrants(quadrants_near(*place))


def _has_mood(walker: Walker, row: Row, moods: tuple[str, ...]) -> bool:
    said = walker.corrections.get(row[AT["song_id"]])
    ids = {walker.moods[name].mood_id for name in moods if name in walker.moods}
    return said in moods if said else row[AT["mood_id"]] in ids


def _placed(candidate: Candidate, place: Place) -> Candidate:
    """Match a song with the place that it stands for in the end."""
    distance = dist([candidate.row[i] for i in _PLACE], place)
    return Candidate(candidate.row, 1 / (1 + distance), distance)
