"""Candidates in the order of match and taste together.

Conventions
-----------
*Relevance* and *taste* are places among the songs that are weighed against each other: the best
has 1, the last 0. Of equal tastes each has the mean of their places.

Method
------
A walk's first songs that may be played (:data:`POOL` of them) come by falling (1 - t) z(relevance)
+ t z(taste), of equal ones in the walk's own order; what follows them comes as the walk gives it. z
is the normal score of a place: the first few songs differ more than the many in the middle. On
HetRec's listeners this gives more of both mood and taste than places themselves, which leave all
of the exchange to weights above .9 (``python -m scripts.evaluate mood_cost``).

Near a place (a last session, a point, a song) far fewer songs are weighed, a
:data:`NEAR_SHARE` of the catalogue's, so that taste cannot lead away from it: on 27,705 songs, for
90 sessions made of playlists and a weight of .8, the list then lies .024 from the session instead
of .049 (.005 without taste), 91% of its songs have the session's mood as the nearest instead of 83%
(99%), the mean percentile of taste is still .98 instead of .99, and of songs near a song it finds
more that the playlist goes on with (.079 instead of .072).

Variety, surprise, a length and feedback then work on that order, as they do on the walk's own.
Where nothing but taste is asked for, the pool is made of the songs of the artists that the
listener plays most, the songs nearest in sound, the best songs of the genres nearest, and the
walk's first :data:`FROM_WALK`.
"""

from __future__ import annotations

from itertools import chain

from scripts.moods.vocabulary import SPOKEN
from scripts.playlists.history_taste import PARTS, WEIGHTS, Weighing
from scripts.playlists.walks import AT, COLUMNS, Candidate, Walker, probability_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from scripts.playlists.history_taste import SongTaste

    Row = tuple[Any, ...]

#: Songs of a walk that are weighed by taste.
POOL = 2_000

#: The same for a walk by distance: a share of the catalogue's songs, and at least so many; no more
#: than these where wishes narrow the choice, since the songs that meet them lie further apart.
NEAR_SHARE = 0.015
FEWEST_NEAR = 100

#: Where taste alone is asked for: artists whose songs are weighed, songs near in sound, genres and
#: songs of each of their moods, and songs of the walk.
N_ARTISTS = 80
N_SOUND = 400
N_GENRES, N_OF_GENRE = 5, 15
FROM_WALK = 300

#: A part is told as a reason where it is so many standard deviations above the others'.
SPEAKS = 1.0

#: Listens from which an artist is played often.
OFTEN = 10

#: The share of what was played from which a genre is one that the listener plays.
A_GENRE_PLAYED = 0.02

_WORK, _RANK = AT["work_id"], AT["rank"]


class TasteOrder:
    """How one listener's history orders songs, and why it put them where they are.

    Parameters
    ----------
    taste : SongTaste
    share : float in (0, 1]
        The weight of taste against the match.
    alone : bool
        Whether nothing but taste is asked for; the share is then 1.
    """

    __slots__ = ("_parts", "_tastes", "_worth", "alone", "share", "taste")

    def __init__(self, taste: SongTaste, share: float, *, alone: bool = False) -> None:
        self.taste = taste
        self.share = 1.0 if alone else share
        self.alone = alone
        # of every song weighed so far, by rank
        self._worth: dict[int, float] = {}
        self._tastes: dict[int, float] = {}
        self._parts: dict[int, tuple[float, ...]] = {}

    def reorder(self, walker: Walker, walk: Iterator[Candidate]) -> Iterator[Candidate]:
        """Yield the candidates of a walk in their new order."""
        if self.alone:
            pool, walk = _suggest(self.taste, walker, walk)
        else:
            pool = _first_playable(walker, walk)
        self.weigh([candidate.row for candidate in pool])
        # sorted() keeps the walk's order of equal ones
        yield from sorted(pool, key=lambda candidate: -self.worth_of(candidate))
        yield from walk

    def weigh(self, rows: Sequence[Row]) -> Weighing:
        """Weigh songs, the best match first, by match and taste; they are known from then on."""
        weighing = Weighing(self.taste, rows)
        tastes = percentiles([weighing.score(row) for row in rows])
        last = max(1, len(rows) - 1)
        for i, (row, taste) in enumerate(zip(rows, tastes, strict=True)):
            rank = row[_RANK]
            match = 1 - i / last
            worth = (1 - self.share) * normal_score(match, len(rows))
            worth += self.share * normal_score(taste, len(rows))
            self._worth[rank], self._tastes[rank] = round(worth, 12), taste
            self._parts[rank] = weighing.parts_of(row)
        return weighing

    def worth_of(self, candidate: Candidate) -> float:
        """Return what a song's place goes by; less than of any other where it was not weighed."""
        return self._worth.get(candidate.row[_RANK], -1.0)

    def explain(self, song: dict[str, Any]) -> list[str]:
        """Say which parts of taste speak for a song, the strongest first, and note its taste."""
        song["taste"] = self._tastes.get(song["rank"])
        parts = zip(PARTS, self._parts.get(song["rank"], ()), strict=False)
        told = []
        n = self.taste.artists.get(song["artist_id"], 0)
        for part, value in sorted(parts, key=lambda part: -WEIGHTS[part[0]] * part[1]):
            if part == "artist" and n:
                told.append(f"you play this artist{' often' if n >= OFTEN else ''}")
            elif part == "listeners" and value >= SPEAKS:
                told.append("listeners who play what you play also play this artist")
            elif part == "genre" and value >= SPEAKS:
                told.append(self._tell_genre(song["genres"].split(";")))
            elif part == "sound" and value >= SPEAKS:
                told.append("close in sound to what you play")
        return told[:2]

    def _tell_genre(self, genres: Sequence[str]) -> str:
        name = max(genres, key=lambda name: self.taste.genres.get(name, 0.0))
        plays = self.taste.played.get(name, 0.0) >= A_GENRE_PLAYED
        return f"{'a genre you play' if plays else 'near the genres you play'} ({name})"


def _first_playable(walker: Walker, walk: Iterator[Candidate]) -> list[Candidate]:
    """Take the first songs of a walk that may be played, and what lies among them.

    What must not be played stays in, so that the list can say how much that cost.
    """
    pool: list[Candidate] = []
    n, most = 0, POOL
    for candidate in walk:
        if not pool and candidate.distance is not None:
            most = _most_near(walker)
        pool.append(candidate)
        n += candidate.row[_WORK] not in walker.constraints.never
        if n == most:
            break
    return pool


def _most_near(walker: Walker) -> int:
    """Say how many songs near a place are weighed."""
    constraints = walker.constraints
    # a longer list still needs songs to choose from; songs last three minutes and more
    n = constraints.n if constraints.minutes is None else round(constraints.minutes / 3)
    least = max(FEWEST_NEAR, 2 * n)
    if constraints.has_filters:
        return min(POOL, least)
    (last,) = walker.catalogue.execute("SELECT max(rank) FROM songs").fetchone()
    return min(POOL, max(least, round(NEAR_SHARE * (last + 1))))


def normal_score(place: float, n: int) -> float:
    """Return the normal score of a place in [0, 1] among n, but for its scale.

    Tukey's lambda distribution with an exponent of .14 is close to the normal one.

    >>> normal_score(0.5, 100), normal_score(1.0, 100) > 2 * normal_score(0.8, 100)
    (0.0, True)
    """
    share = (place * (n - 1) + 0.5) / n
    return share**0.14 - (1 - share) ** 0.14


def percentiles(scores: Sequence[float]) -> list[float]:
    """Return each score's place among all: the greatest 1, the least 0, equal ones their mean.

    >>> percentiles([5.0, 1.0, 5.0, 9.0]), percentiles([2.0, 2.0])
    ([0.5, 0.0, 0.5, 1.0], [0.5, 0.5])
    """
    order = sorted(range(len(scores)), key=scores.__getitem__)
    places = [0.5] * len(scores)
    last = len(scores) - 1
    first = 0
    while first <= last and last:
        end = first
        while end < last and scores[order[end + 1]] == scores[order[first]]:
            end += 1
        for i in range(first, end + 1):
            places[order[i]] = (first + end) / 2 / last
        first = end + 1
    return places


def _suggest(
    taste: SongTaste, walker: Walker, walk: Iterator[Candidate]
) -> tuple[list[Candidate], Iterator[Candidate]]:
    """Gather songs that a taste may like, by falling match, and what is left of the walk."""
    rows = {row[_RANK]: row for row in _songs_to_try(taste, walker)}
    by_id = {mood.mood_id: mood.name for mood in walker.moods.values()}
    pool: dict[int, Candidate] = {}
    for candidate, _ in zip(walk, range(FROM_WALK), strict=False):
        pool[candidate.row[_RANK]] = candidate
    for rank, row in rows.items():
        mood = walker.corrections.get(row[AT["song_id"]], by_id[row[AT["mood_id"]]])
        if rank not in pool and mood != SPOKEN and walker.meets(row):
            pool[rank] = Candidate(row, probability_of(row[AT["margin"]]))
    ordered = sorted(pool.values(), key=lambda one: (-one.match, one.row[_RANK]))
    return ordered, (one for one in walk if one.row[_RANK] not in pool)


def _songs_to_try(taste: SongTaste, walker: Walker) -> Iterator[Row]:
    catalogue = walker.catalogue
    liked = [
        sorted(scores, key=lambda artist: (-scores[artist], artist))[:N_ARTISTS]
        for scores in (taste.artists, taste.listeners)
    ]
    wanted = list(dict.fromkeys(chain(*liked)))
    marks = ", ".join("?" * len(wanted))
    yield from catalogue.execute(
        f"SELECT {COLUMNS} FROM songs s WHERE artist_id IN ({marks})", wanted
    )
    ranks: list[int] = []
    if taste.sound is not None:
        from scripts.playlists.nearest import SongTree

        tree = SongTree(catalogue, "sound")
        near = tree.nearest(tree.place(taste.sound.centre))
        ranks += [rank for (_, rank), _ in zip(near, range(N_SOUND), strict=False)]
    query = "SELECT rank FROM song_genres WHERE genre_id = ? AND mood_id = ? ORDER BY rank LIMIT ?"
    best = sorted(taste.genres, key=lambda name: (-taste.genres[name], name))[:N_GENRES]
    for name in best:
        (genre,) = catalogue.execute(
            "SELECT genre_id FROM genres WHERE name = ?", (name,)
        ).fetchone()
        for mood in walker.moods.values():
            ranks += [r for (r,) in catalogue.execute(query, (genre, mood.mood_id, N_OF_GENRE))]
    for rank in dict.fromkeys(ranks):
        yield from catalogue.execute(f"SELECT {COLUMNS} FROM songs s WHERE rank = ?", (rank,))
