"""The ranker: the best songs for a request that meet every wish, in one fixed order.

Conventions
-----------
Every kind of request becomes one or several walks that give candidates best first (see
:mod:`scripts.playlists.walks`). A list holds one song per work, at most so many per artist, and no
work that is never to be played. The same request gives the same list.

Where a mood that is asked for has too few songs in the catalogue, its stand-in's songs come after
all others. Several parts take turns in proportion to their shares (Sainte-Lague's rule: next comes
the part with the greatest share / (2 taken + 1)).

Method
------
Without more wishes the songs are taken as the walks give them; a listener's history puts the walks
into a new order (:mod:`scripts.playlists.history_order`). Variety, surprise and a listener's
likes and skips need candidates side by side: then each part's best form a pool, which is scored
anew; what follows the pool comes in the walk's own order.
"""

from __future__ import annotations

from scripts.playlists.choosing import Choice, Part
from scripts.playlists.constraints import LENGTH_TOLERANCE_MS, Constraints
from scripts.playlists.walks import AT, Candidate, Walker, probability_of
from scripts.store.layout import SONG_COLUMNS

TYPE_CHECKING = False
if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any

    from scripts.playlists.history_order import TasteOrder
    from scripts.playlists.lyric_walk import LyricWalker
    from scripts.playlists.request import MoodRequest

    #: Scores a pool: songs (columns by name) and relevances in, one number a song out.
    Scorer = Callable[[list[dict[str, Any]], list[float]], list[float]]


class Ranking:
    """The chosen songs and what was passed over on the way.

    Attributes
    ----------
    songs : list of dict
        Columns of the catalogue by name, plus ``mood`` (its name), ``fit`` in [0, 1],
        ``probability``, ``distance`` (None where it was not found by one) and ``part``, the
        position of the request's part that it came from.
    stand_ins : list of (mood, mood that stands in)
    passed_over : dict of reason to number of songs
    corrections : dict of song id to song mood
        What counted instead of the catalogue's moods.
    by_lyrics : list of LyricWalker, the walks that lyrics took part in
    """

    __slots__ = ("by_lyrics", "corrections", "passed_over", "songs", "stand_ins")

    def __init__(self) -> None:
        self.songs: list[dict[str, Any]] = []
        self.stand_ins: list[tuple[str, str]] = []
        self.passed_over = {"another version": 0, "artist": 0}
        self.corrections: dict[str, str] = {}
        self.by_lyrics: list[LyricWalker] = []


def rank_songs(
    catalogue: sqlite3.Connection,
    request: MoodRequest,
    constraints: Constraints,
    *,
    corrections: dict[str, str] | None = None,
    scorer: Scorer | None = None,
    order: TasteOrder | None = None,
) -> Ranking:
    """Choose the songs.

    Parameters
    ----------
    catalogue : sqlite3.Connection
    request : MoodRequest
    constraints : Constraints
    corrections : dict of song id to song mood, optional
    scorer : callable, optional
        Scores a pool of songs by a listener's likes and skips.
    order : TasteOrder, optional
        Orders the walks by match and by what the listener has played.

    Returns
    -------
    Ranking
        ``constraints.n`` songs, or as many as last ``constraints.minutes``, or all there are.
    """
    walker = Walker(catalogue, constraints, corrections)
    ranking = Ranking()
    ranking.corrections = walker.corrections
    if request.path is not None:
        from scripts.playlists.travel import take_journey

        chosen = take_journey(walker, request.path, order)
    else:
        asked = request.parts or ((1.0, request),)
        parts = [Part(share, _walk_of(walker, part, ranking)) for share, part in asked]
        if order is not None:
            for part in parts:
                part.walk = order.reorder(walker, part.walk)
        chosen = _choose(walker, parts, ranking, scorer=scorer, order=order)
    by_id = {mood.mood_id: mood.name for mood in walker.moods.values()}
    for candidate in chosen:
        song = dict(zip(SONG_COLUMNS, candidate.row, strict=True))
        song["mood"] = walker.corrections.get(song["song_id"], by_id[song["mood_id"]])
        song["fit"], song["distance"] = candidate.match, candidate.distance
        song["probability"] = probability_of(song["margin"])
        song["part"] = candidate.part
        ranking.songs.append(song)
    return ranking


def _walk_of(walker: Walker, request: MoodRequest, ranking: Ranking) -> Iterator[Candidate]:
    """Walk the candidates of a request without parts, best first."""
    if request.lyrics is not None:
        from scripts.playlists.lyric_walk import LyricWalker

        ranking.by_lyrics.append(walker := LyricWalker(walker, request.lyrics))
    if request.near is not None:
        yield from walker.near(request.near)
        return
    stand_ins: dict[str, float] = {}
    for name, weight in request.weights.items():
        for other in walker.moods[name].stand_ins:
            # a quarter as a whole needs no stand-in for one of its moods
            if other not in request.weights:
                if (name, other) not in ranking.stand_ins:  # another part may ask for it too
                    ranking.stand_ins.append((name, other))
                stand_ins[other] = max(weight, stand_ins.get(other, 0.0))
    given: set[int] = set()  # a song admitted for its lyrics may be of a mood that stands in
    for weights in (request.weights, stand_ins):
        for candidate in walker.of_moods(weights):
            if candidate.row[AT["rank"]] not in given:
                given.add(candidate.row[AT["rank"]])
                yield candidate


def _choose(
    walker: Walker,
    parts: list[Part],
    ranking: Ranking,
    *,
    scorer: Scorer | None,
    order: TasteOrder | None,
) -> list[Candidate]:
    constraints = walker.constraints
    choice = Choice(constraints, ranking.passed_over)
    if scorer is not None or constraints.wants_pool:
        _fill_pools(walker, parts, choice, scorer=scorer, order=order)
    songs = _in_turn(parts, choice, constraints.variety)
    target = constraints.target_ms
    if target is None:
        return [song for _, song in zip(range(constraints.n), songs, strict=False)]
    from scripts.playlists.lengths import choose_length

    return choose_length(songs, choice.seen, target, LENGTH_TOLERANCE_MS, constraints)


def _in_turn(parts: list[Part], choice: Choice, variety: float) -> Iterator[Candidate]:
    """Take songs from the parts in proportion to their shares, until none has any left."""
    alive = list(parts)
    while alive:
        part = max(alive, key=lambda part: part.share / (2 * part.taken + 1))
        choice.part = parts.index(part)
        candidate = _next_song(part, choice, variety)
        if candidate is None:
            alive.remove(part)
            continue
        part.taken += 1
        choice.take(candidate)
        _note_choice(parts, candidate)
        yield candidate


def _next_song(part: Part, choice: Choice, variety: float) -> Candidate | None:
    """Take the part's next song: from its pool, and once that is empty from its walk."""
    while part.pool:
        position = 0
        if variety:
            from scripts.playlists.variety import best_of

            position = best_of(part.relevance, part.alike, variety)
        candidate = part.drop(position)
        reason = choice.refusal(candidate)
        if reason is None:
            return candidate
        choice.pass_over(reason, candidate)
    return choice.next_of(part.walk)


def _fill_pools(
    walker: Walker,
    parts: list[Part],
    choice: Choice,
    *,
    scorer: Scorer | None,
    order: TasteOrder | None,
) -> None:
    """Give each part its best candidates side by side, in the order of their new scores."""
    from scripts.playlists.lengths import LENGTH_POOL
    from scripts.playlists.variety import pool_size, relevances, sound_places, surprised

    constraints = walker.constraints
    size = LENGTH_POOL if constraints.minutes is not None else pool_size(constraints.n)
    place = sound_places(walker.catalogue) if constraints.variety else None
    for part in parts:
        works: set[int] = set()
        while len(part.pool) < size:
            candidate = choice.next_of(part.walk)
            if candidate is None:
                break
            if constraints.minutes is None and candidate.row[AT["work_id"]] in works:
                choice.pass_over("another version", candidate)
                continue
            works.add(candidate.row[AT["work_id"]])
            part.pool.append(candidate)
        scores = [order.worth_of(one) if order else one.match for one in part.pool]
        if scorer is not None:
            songs = [dict(zip(SONG_COLUMNS, one.row, strict=True)) for one in part.pool]
            scores = scorer(songs, relevances(scores))
        if constraints.surprise is not None:
            names = [candidate.row[AT["song_id"]] for candidate in part.pool]
            scores = surprised(scores, names, constraints.surprise)
        best_first = sorted(range(len(scores)), key=lambda i: -scores[i])
        part.pool = [part.pool[i] for i in best_first]
        part.relevance = relevances([scores[i] for i in best_first])
        part.alike = [0.0] * len(part.pool)
        if place is not None:
            for candidate in part.pool:
                candidate.place = place(candidate.row)


def _note_choice(parts: Sequence[Part], chosen: Candidate) -> None:
    """Bring the pools' similarities to the songs chosen so far up to date."""
    from scripts.playlists.variety import similarity

    if chosen.place is None:
        return
    for part in parts:
        for i, candidate in enumerate(part.pool):
            if candidate.place is not None:
                part.alike[i] = max(part.alike[i], similarity(chosen.place, candidate.place))
