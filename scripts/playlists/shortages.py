"""Why a list is shorter than asked for, or empty: what each wish costs, and which ones clash.

Conventions
-----------
Songs are counted in the moods asked for, or, where places are asked for, in all moods but spoken.
These counts read indexes or tables as a whole: they are made where a list falls short only.
"""

from __future__ import annotations

import json

from scripts.errors import SettingsError
from scripts.moods.vocabulary import SPOKEN
from scripts.playlists.constraints import Constraints, find_genre_ids
from scripts.playlists.walks import read_moods

TYPE_CHECKING = False
if TYPE_CHECKING:
    import sqlite3

    from scripts.playlists.lyric_walk import LyricWalker
    from scripts.playlists.ranking import Ranking
    from scripts.playlists.request import MoodRequest


class Wish:
    """A wish as a condition on the table ``songs`` (alias s).

    ``told`` names the songs that meet it, where "of <flag>" does not.
    """

    __slots__ = ("condition", "flag", "told", "values")

    def __init__(
        self, flag: str, condition: str, values: tuple[float | str, ...], told: str = ""
    ) -> None:
        self.flag = flag
        self.told = told
        self.condition = condition
        self.values = values


def moods_asked(catalogue: sqlite3.Connection, request: MoodRequest) -> list[str]:
    """List the song moods among which a request looks."""
    return request.moods or [name for name in read_moods(catalogue) if name != SPOKEN]


def list_wishes(catalogue: sqlite3.Connection, constraints: Constraints) -> list[Wish]:
    """Write the wishes as conditions, the genre first."""
    wishes = []
    if genre_ids := find_genre_ids(catalogue, constraints):
        marks = ", ".join("?" * len(genre_ids))
        condition = f"s.rank IN (SELECT rank FROM song_genres WHERE genre_id IN ({marks}))"
        like = constraints.genre_like
        flag = f"--genre-like {like.name}" if like else f"--genre {constraints.genre}"
        wishes.append(Wish(flag, condition, genre_ids))
    for one in constraints.filters:
        wishes.append(Wish(one.flag, f"s.{one.column} BETWEEN ? AND ?", (one.low, one.high)))
    return wishes


def _among(catalogue: sqlite3.Connection, moods: list[str]) -> Wish:
    table = read_moods(catalogue)
    ids = tuple(table[name].mood_id for name in moods)
    return Wish(" or ".join(moods), f"s.mood_id IN ({', '.join('?' * len(ids))})", ids)


def _with_moved(among: Wish, moved: dict[str, str], moods: list[str]) -> Wish:
    """Let a listener's word on songs' moods count instead of the catalogue's."""
    inside = json.dumps([song_id for song_id, mood in moved.items() if mood in moods])
    condition = (
        f"(({among.condition} AND s.song_id NOT IN (SELECT value FROM json_each(?))) "
        "OR s.song_id IN (SELECT value FROM json_each(?)))"
    )
    return Wish(among.flag, condition, (*among.values, json.dumps(list(moved)), inside))


def _wish_of_lyrics(walkers: list[LyricWalker]) -> Wish:
    """Write as a condition that a song's lyrics, if it has any, come near to what was said."""
    from scripts.playlists.lyric_walk import left_out_of

    return Wish(
        f"--min-similarity {walkers[0].match.limit:.3g}",
        "s.rank NOT IN (SELECT value FROM json_each(?))",
        (json.dumps(left_out_of(walkers)),),
        "songs whose lyrics come so near, or without lyrics",
    )


def _ask(catalogue: sqlite3.Connection, what: str, wishes: list[Wish]) -> int:
    asked = " AND ".join(wish.condition for wish in wishes)
    values = [value for wish in wishes for value in wish.values]
    (found,) = catalogue.execute(f"SELECT {what} FROM songs s WHERE {asked}", values).fetchone()
    return int(found)


def count_passing(
    catalogue: sqlite3.Connection,
    moods: list[str],
    constraints: Constraints,
    moved: dict[str, str] | None = None,
) -> dict[str, int]:
    """Count the songs of some moods that each filter lets through by itself.

    ``moved`` tells the moods that a listener gave to songs, by id.

    Returns
    -------
    dict
        ``"songs"``: all songs of these moods, then one entry a filter, named as its flag, and,
        of several filters, ``"all"``: the songs that pass every one.
    """
    table = read_moods(catalogue)
    among = _among(catalogue, moods)
    counts = {"songs": sum(table[name].n_songs for name in moods)}
    if moved:
        among = _with_moved(among, moved, moods)
        counts["songs"] = _ask(catalogue, "count(*)", [among])
    wishes = list_wishes(catalogue, constraints)
    for wish in wishes:
        counts[wish.flag] = _ask(catalogue, "count(*)", [among, wish])
    if len(wishes) > 1:
        counts["all"] = _ask(catalogue, "count(*)", [among, *wishes])
    return counts


def tells_any(catalogue: sqlite3.Connection, column: str, moods: list[str]) -> bool:
    """Whether a fact is known of any song of some moods, one probe each."""
    table = read_moods(catalogue)
    query = f"SELECT max({column}) FROM songs WHERE mood_id = ?"
    seen = [catalogue.execute(query, (table[name].mood_id,)).fetchone()[0] for name in moods]
    return any(value is not None for value in seen)


def explain_shortage(
    catalogue: sqlite3.Connection,
    request: MoodRequest,
    constraints: Constraints,
    ranking: Ranking,
) -> str:
    """Say how many songs each wish cost."""
    moods = moods_asked(catalogue, request)
    moods = list(dict.fromkeys([*moods, *(other for _, other in ranking.stand_ins)]))
    counts = count_passing(catalogue, moods, constraints, ranking.corrections)
    total = counts.pop("songs")
    together = counts.pop("all", None)
    costs = [
        f"{flag} leaves {passing:,} (costs {total - passing:,})" for flag, passing in counts.items()
    ]
    if together is not None:
        costs.append(f"all of these together leave {together:,}")
    if constraints.has_years and not tells_any(catalogue, "year", moods):
        costs.append("none of them has a known year")
    if constraints.popularity is not None and not tells_any(catalogue, "popularity", moods):
        costs.append("of none is the popularity known")
    if constraints.explicit is not None and not tells_any(catalogue, "explicit", moods):
        costs.append("of none is it known whether it is explicit")
    if ranking.by_lyrics:
        near, among = _wish_of_lyrics(ranking.by_lyrics), _among(catalogue, moods)
        kept = _ask(catalogue, "count(*)", [among, near])
        costs.append(f"{near.flag} costs {_ask(catalogue, 'count(*)', [among]) - kept:,}")
    for reason, wish in (
        ("artist", f"--max-per-artist {constraints.max_per_artist}"),
        ("another version", "one version per song"),
        ("never", "songs never to be played"),
        ("no duration", "unknown durations"),
    ):
        if cost := ranking.passed_over.get(reason):
            costs.append(f"{wish} cost {cost:,}")
    found = f"Only {len(ranking.songs):,}" if ranking.songs else "None"
    told = f"{found} of {constraints.n:,} songs: the catalogue has {total:,}"
    which = f" that are {' or '.join(moods)}" if request.moods else " that are not spoken"
    return f"{told}{which}{''.join(f'; {cost}' for cost in costs)}."


def refuse_empty(
    catalogue: sqlite3.Connection,
    request: MoodRequest,
    constraints: Constraints,
    ranking: Ranking,
) -> SettingsError:
    """Name the fewest wishes that together leave no song.

    What was asked for counts as a wish, and so does each filter, every song never to be played,
    the songs asked about, and a known duration where minutes are asked for.
    """
    wishes = _every_wish(catalogue, request, constraints, ranking)
    met = _count_by_wishes(catalogue, wishes)
    clash = _smallest_clash(len(wishes), list(met))
    if not clash:  # not known to happen: the walks and these counts ask for the same
        return SettingsError("no song of this catalogue meets all your wishes; drop one of them")
    counts = [sum(n for bits, n in met.items() if bits >> i & 1) for i in clash]
    return SettingsError(_tell_clash(catalogue, [wishes[i] for i in clash], counts))


def _every_wish(
    catalogue: sqlite3.Connection,
    request: MoodRequest,
    constraints: Constraints,
    ranking: Ranking,
) -> list[Wish]:
    """Write as conditions all that keeps a song out; what was asked for first."""
    moods = moods_asked(catalogue, request)
    moods = list(dict.fromkeys([*moods, *(other for _, other in ranking.stand_ins)]))
    among = _among(catalogue, moods)
    flag = f"the mood {request.mood}" if request.moods else "a song that is not spoken"
    among = _with_moved(among, ranking.corrections, moods)
    if ranking.by_lyrics:
        from scripts.playlists.lyric_walk import admitted_to

        among.condition = f"({among.condition} OR s.rank IN (SELECT value FROM json_each(?)))"
        among.values = (*among.values, json.dumps(admitted_to(ranking.by_lyrics)))
    wishes = [Wish(flag, among.condition, among.values), *list_wishes(catalogue, constraints)]
    if ranking.by_lyrics:
        wishes.append(_wish_of_lyrics(ranking.by_lyrics))
    liked = {
        work
        for part in (request, *(part for _, part in request.parts))
        for work in (part.near.works if part.near else ())
    }
    for name, told, works in (
        ("--like", "songs other than those of --like", liked),
        (
            "--never, --new or feedback",
            "songs that --never, --new and feedback allow",
            constraints.never,
        ),
    ):
        if works:
            condition = "s.work_id NOT IN (SELECT value FROM json_each(?))"
            wishes.append(Wish(name, condition, (json.dumps(sorted(works)),), told))
    if constraints.minutes is not None:
        flag = f"--minutes {constraints.minutes:g}"
        wishes.append(Wish(flag, "s.duration_ms > 0", (), "songs of known duration"))
    return wishes


def _count_by_wishes(catalogue: sqlite3.Connection, wishes: list[Wish]) -> dict[int, int]:
    """Count the songs by the wishes that they meet: bit i of a key stands for wish i."""
    bits = " + ".join(
        f"{1 << i} * coalesce(({wish.condition}), 0)" for i, wish in enumerate(wishes)
    )
    values = [value for wish in wishes for value in wish.values]
    return dict(
        catalogue.execute(f"SELECT {bits} AS bits, count(*) FROM songs s GROUP BY bits", values)
    )


def _smallest_clash(n_wishes: int, met: list[int]) -> list[int]:
    """Find the fewest wishes that no song meets together; the first of equally few, [] of none."""
    import itertools

    for size in range(1, n_wishes + 1):
        for chosen in itertools.combinations(range(n_wishes), size):
            asked = sum(1 << i for i in chosen)
            if not any(bits & asked == asked for bits in met):
                return list(chosen)
    return []


def _why_none(catalogue: sqlite3.Connection, wish: Wish) -> str:
    """Say whether a wish that no song meets asks about something that no song tells."""
    column = wish.condition.split()[0].removeprefix("s.")
    if wish.told:  # a wish that leaves no song of the whole catalogue
        instead = "; ask for a number of songs with -n instead"
        return instead if column == "duration_ms" else "; drop it, or train with more songs"
    if column not in ("year", "explicit", "popularity"):
        return "; widen or drop this wish"
    (known,) = catalogue.execute(f"SELECT max({column}) FROM songs").fetchone()
    what = {"explicit": "whether it is explicit"}.get(column, f"its {column}")
    return f": none tells {what}; drop this wish" if known is None else "; widen or drop this wish"


def _count_of(wish: Wish, n: int) -> str:
    """Say how many songs meet a wish."""
    if wish.told:
        return f"{n:,} {wish.told.replace('songs', 'song', 1) if n == 1 else wish.told}"
    return f"{n:,} that meet {wish.flag}" if wish.flag.startswith("--") else f"{n:,} of {wish.flag}"


def _tell_clash(catalogue: sqlite3.Connection, clash: list[Wish], counts: list[int]) -> str:
    if len(clash) == 1:
        (wish,) = clash
        missing = wish.told or "such song"
        return f"{wish.flag}: the catalogue has no {missing}{_why_none(catalogue, wish)}"
    alone = ", ".join(_count_of(wish, n) for wish, n in zip(clash, counts, strict=True))
    *first, last = [wish.flag for wish in clash]
    names = f"{', '.join(first)} and {last}"
    together = "is both" if len(clash) == 2 else "meets them all"
    undo = " (--undo takes a feedback back)" if any("feedback" in w.flag for w in clash) else ""
    return (
        f"{names} contradict each other in this catalogue: it has {alone}, but no song {together}; "
        f"widen or drop one of them{undo}"
    )
