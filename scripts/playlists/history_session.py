"""The mood of the last session: where its songs lie on the plane, if they lie together.

Conventions
-----------
Places are raw (valence, energy) in [0, 1]. A song that came several times in a session counts once.
The *spread* is the root mean square distance of n songs from their mean, with n - 1 in place of n.
Times are whole seconds UTC.

Method
------
A gap of more than :data:`GAP_SECONDS` between two listens ends a session. A session has a mood only
where its songs lie closer together than those of any listener who picked at random would: as many
songs are drawn from the catalogue :data:`N_DRAWS` times, and the session's spread must be below
that of all but :data:`MOST_AS_TIGHT` of them. With few songs the limit is low, because a few songs
drawn at random often lie together. With many it comes near to the spread of the catalogue as a
whole, and a session that roams the plane would pass; so no more than :data:`MOST_DRAWN` are drawn.
"""

from __future__ import annotations

import hashlib
import math

from scripts.moods.vocabulary import SONG_MOODS, SPOKEN
from scripts.playlists.history_join import read_rows
from scripts.playlists.walks import AT

TYPE_CHECKING = False
if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence
    from typing import Any

    from scripts.playlists.history_join import Joined

    Place = tuple[float, float]
    Play = tuple[int | None, str, str, str, int | None]

GAP_SECONDS = 30 * 60

#: Songs of a session that must be known for it to have a mood.
FEWEST_SONGS = 3

#: Draws from the catalogue, and the share of them that may be as tight as a session with a mood.
N_DRAWS = 400
MOST_AS_TIGHT = 0.05

#: Most songs of a draw.
MOST_DRAWN = 8

#: Songs that stand for the catalogue.
_SAMPLE = 900


class Session:
    """What the last session tells.

    Attributes
    ----------
    n_plays, n_songs : int
        Its listens, and its different songs that the catalogue has.
    day : str or None
        On which it ended, as YYYY-MM-DD in UTC.
    point : (valence, energy) or None
    spread, limit : float or None
        How far its songs spread, and below what they tell a mood.
    mood : str or None
        The nearest song mood; None where the session tells none.
    why : str
        Why it tells none; empty where it does.
    works : frozenset of int
        ``work_id`` of its songs.
    """

    __slots__ = (
        *("day", "limit", "mood", "n_plays", "n_songs", "point", "spread", "why", "works"),
    )

    def __init__(self, plays: Sequence[Play], why: str = "") -> None:
        times = [play[0] for play in plays if play[0] is not None]
        self.n_plays = len(plays)
        self.n_songs = 0
        self.day = day_of(max(times)) if times else None
        self.point: Place | None = None
        self.spread: float | None = None
        self.limit: float | None = None
        self.mood: str | None = None
        self.why = why
        self.works: frozenset[int] = frozenset()

    def describe(self) -> dict[str, Any]:
        """Tell programs of it."""
        return {
            "day": self.day,
            "plays": self.n_plays,
            "songs": self.n_songs,
            "point": None if self.point is None else list(self.point),
            "spread": self.spread,
            "limit": self.limit,
            "mood": self.mood,
            "abstained": self.why or None,
        }


def last_plays(recent: Sequence[Play]) -> list[Play]:
    """Take the listens of the last session, from listens in the order of their times."""
    session: list[Play] = []
    for play in reversed(recent):
        if play[0] is None:
            break
        if session and (session[-1][0] or 0) - play[0] > GAP_SECONDS:
            break
        session.append(play)
    return session[::-1]


def read_session(
    catalogue: sqlite3.Connection, joined: Joined, recent: Sequence[Play], *, has_times: bool
) -> Session:
    """Say what mood the last session had.

    Parameters
    ----------
    catalogue : sqlite3.Connection
    joined : Joined
    recent : sequence of (seconds UTC, artist, title, song id, milliseconds)
        The last listens, oldest first.
    has_times : bool
        Whether the history tells when its listens were.
    """
    plays = last_plays(recent) if has_times else []
    if not plays:
        which = "its last listen has no time" if has_times else "none of its listens has a time"
        return Session([], f"{which} that could be read")
    found = [joined.rank_of.get((play[1], play[2], play[3])) for play in plays]
    spoken = _spoken_id(catalogue)
    rows = [
        row
        for row in read_rows(catalogue, (rank for rank in found if rank is not None)).values()
        if row[AT["mood_id"]] != spoken
    ]
    by_work = {row[AT["work_id"]]: (row[AT["valence"]], row[AT["energy"]]) for row in rows}
    session = Session(plays)
    session.n_songs = len(by_work)
    if len(by_work) < FEWEST_SONGS:
        session.why = (
            f"{_how_many(len(by_work))} in this catalogue, and at least {FEWEST_SONGS} are needed"
        )
        return session
    session.works = frozenset(by_work)
    session.point, session.spread = mean_and_spread(list(by_work.values()))
    session.limit = spread_limit(catalogue, len(by_work))
    if session.spread >= session.limit:
        session.why = (
            f"its {len(by_work)} songs spread over {session.spread:.2f} of the plane, not clearly "
            f"less than songs taken at random (less than {session.limit:.2f} would be)"
        )
    else:
        session.mood = nearest_mood(session.point)
    return session


def _how_many(n: int) -> str:
    """Begin a sentence about too few songs.

    >>> _how_many(0), _how_many(1), _how_many(2)
    ('none of its songs is', 'only 1 of its songs is', 'only 2 of its songs are')
    """
    return f"only {n} of its songs {'is' if n == 1 else 'are'}" if n else "none of its songs is"


def day_of(seconds: int) -> str:
    """Name the day of a time in UTC.

    >>> day_of(1_730_054_100)
    '2024-10-27'
    """
    import time

    return time.strftime("%Y-%m-%d", time.gmtime(seconds))


def _spoken_id(catalogue: sqlite3.Connection) -> int | None:
    query = "SELECT mood_id FROM moods WHERE name = ?"
    row = catalogue.execute(query, (SPOKEN,)).fetchone()
    return row[0] if row else None


def nearest_mood(point: Place) -> str:
    """Name the song mood nearest to a place; of equal ones the first of the vocabulary.

    >>> nearest_mood((0.8, 0.3))
    'calm'
    """
    return min(SONG_MOODS, key=lambda name: math.dist(SONG_MOODS[name][:2], point))


def mean_and_spread(places: Sequence[Place]) -> tuple[Place, float]:
    """Return the mean of at least two places, and their spread around it.

    >>> mean_and_spread([(0.0, 0.5), (1.0, 0.5)])
    ((0.5, 0.5), 0.7071067811865476)
    """
    n = len(places)
    middle = (math.fsum(x for x, _ in places) / n, math.fsum(y for _, y in places) / n)
    squares = math.fsum(math.dist(place, middle) ** 2 for place in places)
    return middle, math.sqrt(squares / (n - 1))


def spread_limit(catalogue: sqlite3.Connection, n: int) -> float:
    """Return the spread below which n songs lie together more than chance would have them.

    The draws hang on the catalogue and n alone.
    """
    n = min(n, MOST_DRAWN)
    places = _sample_places(catalogue)
    spreads = []
    for draw in range(N_DRAWS):
        bits = hashlib.sha256(f"session/{draw}".encode()).digest()
        at = [int.from_bytes(bits[2 * i : 2 * i + 2], "big") % len(places) for i in range(n)]
        spreads.append(mean_and_spread([places[i] for i in at])[1])
    spreads.sort()
    return spreads[round(MOST_AS_TIGHT * N_DRAWS)]


def _sample_places(catalogue: sqlite3.Connection) -> list[Place]:
    """Look up where songs lie that are no spoken tracks, spread evenly over the ranks."""
    spoken = _spoken_id(catalogue)
    (last,) = catalogue.execute("SELECT max(rank) FROM songs").fetchone()
    n = min(_SAMPLE, last + 1)
    ranks = [i * (last + 1) // n for i in range(n)]
    query = f"SELECT valence, energy, mood_id FROM songs WHERE rank IN ({', '.join('?' * n)})"
    found = catalogue.execute(query, ranks).fetchall()
    songs = [row[:2] for row in found if row[2] != spoken]
    return songs or [row[:2] for row in found]


def tell_session(session: Session) -> str:
    """Say what the last session told, or why it told nothing; without a full stop."""
    if session.why:
        which = (
            "history tells no last session"
            if session.day is None
            else f"last session ({session.day}) tells no mood"
        )
        return f"Your {which}: {session.why}"
    valence, energy = session.point or (0.0, 0.0)
    return (
        f"Your last session ({session.day}, {session.n_songs} songs) was {session.mood}: around "
        f"valence {valence:.2f}, energy {energy:.2f}, spread {session.spread:.2f} (songs taken at "
        f"random rarely spread less than {session.limit:.2f})"
    )
