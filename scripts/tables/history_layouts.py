"""Find out how a table of plays is laid out: its delimiter, and which column is which.

Conventions
-----------
Input is the beginning of a file, UTF-8 without a byte order mark; the delimiter is a comma, a
semicolon, a tab or a bar. A table without times and without played lengths is no history.

Method
------
Columns are found by the names in the header where these are known. Elsewhere their content tells:
the times (with a clock: a day alone is what other tables have) are in the column whose cells read
as times, identifiers are left out, and of what remains two columns are artist and title, three are
artist, album and title, the order that Last.fm writes. An artist has several titles, so a first
column with clearly more different names than the last says that the order is another; then the
table is refused rather than guessed. A format that was guessed names the columns.
"""

from __future__ import annotations

import re

from scripts.errors import DataError
from scripts.tables import history_files
from scripts.tables.history_dates import is_slashed, read_time
from scripts.tables.history_plays import GUESS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

LASTFM = "Last.fm export"
TABLE = "table of plays"

SAMPLE_BYTES = 2**17
MAX_CELL = 2**20

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
#: Names of times of plays whatever stands below them; "date" and "time" have other uses.
_SURE = frozenset(
    (
        *("uts", "timestamp", "ts", "utctime", "playedat", "listenedat", "endtime"),
        *("datetimeutc", "scrobbledat", "dateutc"),
    )
)
_IDENTIFIER = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_ONE_OF_MANY = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\Z")
_N_SAMPLE = 200
_NEXT = "give a header with the columns uts, artist and track"


class UnsureError(DataError):
    """A table looks like plays, but which column is which cannot be told."""


class Layout:
    """Where the columns of a table are, and how it is delimited.

    Attributes
    ----------
    delimiter, form : str
    places : dict of str to int
        Columns of "when", "artist", "title", and of "ms", "skipped", "song_id", "user" where they
        are told.
    width : int
        Number of columns.
    has_header, is_empty : bool
        Whether the first row holds names, and whether there is no other.
    is_slashed : bool
        Whether days are written such as 02/03/2016: all of them tell what comes first.
    """

    __slots__ = ("delimiter", "form", "has_header", "is_empty", "is_slashed", "places", "width")

    def __init__(
        self,
        delimiter: str,
        form: str,
        places: dict[str, int],
        *,
        rows: Sequence[Sequence[str]],
        has_header: bool,
    ):
        self.delimiter = delimiter
        self.form = form
        self.places = places
        self.has_header = has_header
        self.width = len(rows[0])
        self.is_empty = False
        when = places.get("when")
        self.is_slashed = when is not None and any(is_slashed(row[when]) for row in rows)


def split_rows(lines: Iterable[str], delimiter: str):  # type: ignore[no-untyped-def]
    """Return a reader of rows; a cell longer than 1 MB ends it with an error."""
    import csv

    csv.field_size_limit(MAX_CELL)
    if delimiter == "\t":
        return csv.reader(lines, delimiter=delimiter, quoting=csv.QUOTE_NONE)
    return csv.reader(lines, delimiter=delimiter)


def split_lines(text: str) -> Iterator[str]:
    """Return the lines of a text, with their ends, of any kind."""
    import io

    return io.StringIO(text.replace("\0", ""), newline="")


def find_layout(start: bytes, label: str) -> Layout | None:
    """Find delimiter and columns from the start of a file; None where it is no table of plays.

    Raises
    ------
    DataError
        If it holds the plays of several listeners.
    UnsureError
        If it looks like plays, but which column is which cannot be told.
    """
    data = history_files.without_mark(start)
    if len(start) >= SAMPLE_BYTES:
        data = data[: data.rfind(b"\n") + 1] or data
    data = history_files.to_utf8(data)
    sample, delimiter = _sample_rows(data.decode("utf-8"))
    if not sample:
        return None
    if [cell.strip().lower() for cell in sample[0]] == ["userid", "artistid", "weight"]:
        raise several_listeners(label)
    if is_many_listeners(data):
        places = {"user": 0, "when": 1, "artist": 3, "title": 5}
        return Layout("\t", LASTFM, places, rows=sample, has_header=False)
    named = _places_by_name(sample[0])
    is_header = not any(read_time(cell, {})[0] for cell in sample[0])
    if is_header and {"artist", "title"} <= set(named):
        if not _tells_plays(sample, named):
            return None
        form = LASTFM if "uts" in {_plain(cell) for cell in sample[0]} else TABLE
        layout = Layout(delimiter, form, named, rows=sample, has_header=True)
        layout.is_empty = len(start) < SAMPLE_BYTES and len(data.splitlines()) == 1
        return layout
    return _layout_by_content(sample, delimiter, label)


def several_listeners(label: str) -> DataError:
    """Return the error for a table of several listeners."""
    return DataError(
        f"{label}: holds the plays of several listeners, and here one is allowed; give one "
        "listener's own history, or learn from this file with train.py --history"
    )


def is_many_listeners(start: bytes) -> bool:
    """Tell the layout of Last.fm 1K users: user, time, artist id, artist, track id, track."""
    lines = start.split(b"\n")[:20]
    rows = [line.rstrip(b"\r").split(b"\t") for line in (lines[:-1] or lines)]
    fits = [len(row) == 6 and _ONE_OF_MANY.match(row[1]) is not None for row in rows]
    return fits[0] and bool(rows[0][0]) and sum(fits) >= 0.75 * len(fits)


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


def _tells_plays(sample: list[list[str]], named: dict[str, int]) -> bool:
    """Whether a table has lengths played, or times; a song table has neither."""
    if "ms" in named:
        return True
    when = named.get("when")
    if when is None:
        return False
    if _plain(sample[0][when]) in _SURE:
        return True
    cells = tuple(row[when] for row in sample[1:] if row[when].strip())
    return len(sample) == 1 or (bool(cells) and _are_times(cells))


def _sample_rows(text: str) -> tuple[list[list[str]], str]:
    """Return the first rows, cut by the delimiter that gives most rows the same width."""
    import csv
    from itertools import islice

    best: tuple[int, int, list[list[str]], str] = (0, 0, [], ",")
    for delimiter in (",", "\t", ";", "|"):
        try:
            every = islice(split_rows(split_lines(text), delimiter), _N_SAMPLE)
            rows = [row for row in every if row]
        except csv.Error:
            continue
        widths = [len(row) for row in rows]
        width = max(set(widths), key=lambda size: (widths.count(size), size), default=0)
        if width >= 2 and (widths.count(width), width) > best[:2]:
            fitting = [row for row in rows if len(row) == width]
            best = (widths.count(width), width, fitting, delimiter)
    return best[2], best[3]


def _layout_by_content(sample: list[list[str]], delimiter: str, label: str) -> Layout | None:
    columns = list(zip(*sample, strict=True))
    times = [place for place, cells in enumerate(columns) if _are_times(cells[1:] or cells)]
    has_header = not any(read_time(sample[0][place], {})[0] for place in times)
    bodies = [cells[1:] if has_header else cells for cells in columns]
    clocks = [place for place in times if _have_clocks(bodies[place])]
    texts = [
        place
        for place, cells in enumerate(bodies)
        if place not in times and not all(_IDENTIFIER.fullmatch(c) or not c for c in cells)
    ]
    if not clocks or len(texts) < 2 or not bodies[0]:
        return None
    if len(texts) > 3:
        raise UnsureError(
            f"{label}: its times are in column {clocks[0] + 1}, but which of the {len(texts)} "
            f"other columns are artist and title cannot be told (2 or 3 are allowed); {_NEXT}"
        )
    artist, title = texts[0], texts[-1]
    n_artists, n_titles = (len(set(bodies[place])) for place in (artist, title))
    if n_artists > 1.2 * n_titles + 1:
        raise UnsureError(
            f"{label}: column {artist + 1} has {n_artists} different names and column {title + 1} "
            f"has {n_titles}, so it is not sure which is the artist; {_NEXT}"
        )
    when = next((p for p in clocks if bodies[p][0].isdigit()), clocks[0])
    places = {"when": when, "artist": artist, "title": title}
    form = f"{GUESS}{artist + 1}, title: column {title + 1})"
    if not has_header and (places, len(columns)) == ({"when": 3, "artist": 0, "title": 2}, 4):
        form = LASTFM  # artist, album, title, time: what the older exports hold
    return Layout(delimiter, form, places, rows=sample, has_header=has_header)


def _are_times(cells: tuple[str, ...]) -> bool:
    return sum(read_time(cell, {})[0] for cell in cells) >= 0.9 * len(cells)


def _have_clocks(cells: tuple[str, ...]) -> bool:
    return sum(":" in cell or cell.isdigit() for cell in cells) >= 0.5 * len(cells)
