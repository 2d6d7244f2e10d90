"""Read scrobbles in a table: Last.fm exports with and without a header, in any language.

Conventions
-----------
Input is UTF-8 bytes without a byte order mark; the delimiter is a comma, a semicolon, a tab or a
bar. Tables that tell no played length count every row as one listen.

Method
------
Columns are found by the names in the header where these are known. Elsewhere their content tells:
the times are in the column whose cells read as times, identifiers are left out, and of what remains
two columns are artist and title, three are artist, album and title, the order that Last.fm writes.
An artist has several titles, so a first column with clearly more different names than the last says
that the order is another; then the table is refused rather than guessed.
"""

from __future__ import annotations

import re

from scripts.errors import DataError
from scripts.tables.history_dates import read_time, read_times
from scripts.tables.history_plays import REASONS, UNREADABLE, Plays

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

LASTFM = "Last.fm export"
TABLE = "table of plays"

_NAMES = {
    "when": "uts timestamp ts time date datetime utctime playedat listenedat endtime fecha datum "
    "data zeit datetimeutc scrobbledat dateutc",
    "artist": "artist artistname artista kunstler interpret artiste artistas artiest "
    "masteralbumartistname mastermetadataalbumartistname",
    "title": "track trackname title song songname name titel titre titulo cancion brano titolo "
    "musica faixa morceau nummer mastermetadatatrackname",
    "ms": "msplayed",
    "skipped": "skipped",
    "song_id": "spotifytrackuri trackuri spotifyid trackid",
}
_ROLES = {name: role for role, names in _NAMES.items() for name in names.split()}
_IDENTIFIER = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_ONE_OF_MANY = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\Z")
_N_SAMPLE = 200
_NEXT = "give a header with the columns uts, artist and track"


class Layout:
    """Where the columns of a table are, and how it is delimited."""

    __slots__ = ("delimiter", "form", "has_header", "places")

    def __init__(self, delimiter: str, form: str, places: dict[str, int], *, has_header: bool):
        self.delimiter = delimiter
        self.form = form
        self.places = places
        self.has_header = has_header


def split_rows(data: bytes, delimiter: str) -> Iterator[list[str]]:
    """Yield the cells of every row; a cell longer than 1 MB ends the reading with an error."""
    import csv
    import io

    csv.field_size_limit(2**20)
    text = io.StringIO(data.decode("utf-8").replace("\0", ""), newline="")
    if delimiter == "\t":
        return csv.reader(text, delimiter=delimiter, quoting=csv.QUOTE_NONE)
    return csv.reader(text, delimiter=delimiter)


def find_layout(data: bytes, label: str) -> Layout | None:
    """Find delimiter and columns; None where this is no table of plays at all.

    Raises
    ------
    DataError
        If it looks like plays, but which column is which cannot be told.
    """
    sample, delimiter = _sample_rows(data, label)
    if not sample:
        return None
    many = is_many_listeners(data[:65536])
    if _is_hetrec(sample[0]) or (many and _count_listeners(data) > 1):
        raise DataError(
            f"{label}: holds the plays of several listeners, and here one is allowed; give one "
            "listener's own history, or learn from this file with train.py --history"
        )
    if many:
        return Layout("\t", LASTFM, {"when": 1, "artist": 3, "title": 5}, has_header=False)
    named = _places_by_name(sample[0])
    if {"artist", "title"} <= set(named):
        known = "uts" in {_plain(cell) for cell in sample[0]}
        return Layout(delimiter, LASTFM if known else TABLE, named, has_header=True)
    return _layout_by_content(sample, delimiter, label)


def is_many_listeners(start: bytes) -> bool:
    """Tell the layout of Last.fm 1K users: user, time, artist id, artist, track id, track."""
    lines = start.split(b"\n")[:20]
    rows = [line.rstrip(b"\r").split(b"\t") for line in (lines[:-1] or lines)]
    fits = [len(row) == 6 and _ONE_OF_MANY.match(row[1]) is not None for row in rows]
    return fits[0] and bool(rows[0][0]) and sum(fits) >= 0.75 * len(fits)


def _count_listeners(data: bytes) -> int:
    return len({line.partition(b"\t")[0] for line in data.split(b"\n")} - {b"", b"\r"})


def _is_hetrec(row: list[str]) -> bool:
    return [cell.strip().lower() for cell in row] == ["userid", "artistid", "weight"]


def _plain(cell: str) -> str:
    """Reduce a header to letters: "Künstler" and "kunstler" are one."""
    import unicodedata

    folded = unicodedata.normalize("NFKD", cell.casefold())
    return "".join(sign for sign in folded if sign.isalpha())


def _places_by_name(header: list[str]) -> dict[str, int]:
    """Return the columns whose names are known; the first of each kind."""
    places: dict[str, int] = {}
    for place, cell in enumerate(header):
        role = _ROLES.get(_plain(cell))
        if role is not None:
            places.setdefault(role, place)
    return places


def _sample_rows(data: bytes, label: str) -> tuple[list[list[str]], str]:
    """Return the first rows, cut by the delimiter that gives most rows the same width."""
    import csv
    from itertools import islice

    head = data[: 2**17]
    if len(data) > len(head):
        head = head[: head.rfind(b"\n") + 1] or head
    head = head.decode("utf-8", "ignore").encode("utf-8")
    best: tuple[int, int, list[list[str]], str] = (0, 0, [], ",")
    for delimiter in (",", "\t", ";", "|"):
        try:
            rows = [row for row in islice(split_rows(head, delimiter), _N_SAMPLE) if row]
        except csv.Error:
            continue
        widths = [len(row) for row in rows]
        width = max(set(widths), key=lambda size: (widths.count(size), size), default=0)
        if width >= 2 and (widths.count(width), width) > best[:2]:
            best = (
                widths.count(width),
                width,
                [row for row in rows if len(row) == width],
                delimiter,
            )
    return best[2], best[3]


def _layout_by_content(sample: list[list[str]], delimiter: str, label: str) -> Layout | None:
    columns = list(zip(*sample, strict=True))
    times = [place for place, cells in enumerate(columns) if _are_times(cells[1:] or cells)]
    if not times:
        return None
    has_header = not any(read_time(sample[0][place], {})[0] for place in times)
    bodies = [cells[1:] if has_header else cells for cells in columns]
    texts = [
        place
        for place, cells in enumerate(bodies)
        if place not in times and not all(_IDENTIFIER.fullmatch(c) or not c for c in cells)
    ]
    if len(texts) not in (2, 3) or len(bodies[0]) == 0:
        raise DataError(
            f"{label}: its times are in column {times[0] + 1}, but which of the {len(texts)} other "
            f"columns are artist and title cannot be told (2 or 3 are allowed); {_NEXT}"
        )
    artist, title = texts[0], texts[-1]
    n_artists, n_titles = (len(set(bodies[place])) for place in (artist, title))
    if n_artists > 1.2 * n_titles + 1:
        raise DataError(
            f"{label}: column {artist + 1} has {n_artists} different names and column {title + 1} "
            f"has {n_titles}, so it is not sure which is the artist; {_NEXT}"
        )
    when = next((p for p in times if bodies[p][0].isdigit()), times[0])
    places = {"when": when, "artist": artist, "title": title}
    return Layout(delimiter, LASTFM, places, has_header=has_header)


def _are_times(cells: tuple[str, ...]) -> bool:
    return sum(read_time(cell, {})[0] for cell in cells) >= 0.9 * len(cells)


def read_rows(data: bytes, layout: Layout, plays: Plays) -> None:
    """Add every row of a table."""
    rows = split_rows(data, layout.delimiter)
    if layout.has_header:
        next(rows, None)
    if "ms" in layout.places or "skipped" in layout.places:
        _read_with_lengths(rows, layout.places, plays)
        return
    from operator import itemgetter

    roles = [role for role in ("artist", "title", "when", "song_id") if role in layout.places]
    pick = itemgetter(*(layout.places[role] for role in roles))
    try:
        picked = list(map(pick, filter(None, rows)))
    except IndexError:  # a row that is too short: look at each
        width = max(layout.places.values())
        every = list(filter(None, split_rows(data, layout.delimiter)))[layout.has_header :]
        picked = [pick(row) for row in every if len(row) > width]
        plays.count("rows", len(every) - len(picked))
        plays.count("unreadable", len(every) - len(picked))
    plays.count("rows", len(picked))
    if picked:
        columns = zip(*picked, strict=True)
        _add_columns(dict(zip(roles, columns, strict=True)), plays)


def _add_columns(cells: dict[str, tuple[str, ...]], plays: Plays) -> None:
    """Add rows column by column; each song, and each day, is looked at once."""
    from itertools import compress

    blank = ("",) * len(cells["artist"])
    named = [cells[role] for role in ("artist", "title", "song_id") if role in cells]
    keys = list(zip(*named, strict=True))
    known = {key: plays.number_song(*key) for key in dict.fromkeys(keys)}
    numbers = list(map(known.__getitem__, keys))
    stamps = read_times(cells.get("when", blank))
    if min(known.values()) < 0:
        for reason, name in REASONS.items():
            plays.count(name, numbers.count(reason))
        kept = [number >= 0 for number in numbers]
        numbers, stamps = list(compress(numbers, kept)), list(compress(stamps, kept))
    plays.stamps.extend(stamps)
    plays.numbers.extend(numbers)
    plays.lengths.extend([None] * len(numbers))


def _read_with_lengths(rows: Iterator[list[str]], places: dict[str, int], plays: Plays) -> None:
    """Add rows that tell how long a play lasted, or that it was skipped."""
    days: dict[tuple[int, int, int], int | None] = {}
    for row in rows:
        if not row:
            continue
        plays.count("rows")
        if len(row) <= max(places.values()):
            plays.count("unreadable")
            continue
        cells = {role: row[place].strip() for role, place in places.items()}
        number = plays.number_song(cells["artist"], cells["title"], cells.get("song_id", ""))
        ms = None
        if "ms" in cells:
            if cells["ms"].isdigit() and len(cells["ms"]) <= 9:
                ms = int(cells["ms"])
            elif number >= 0:
                number = UNREADABLE
        skipped = cells.get("skipped", "").lower() in ("true", "1", "yes")
        plays.add(read_time(cells.get("when", ""), days)[1], number, ms, skipped=skipped)
