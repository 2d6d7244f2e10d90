"""Read scrobbles in a table: Last.fm exports with and without a header, in any language.

Conventions
-----------
Input is the bytes of a file in pieces; each line is UTF-8, or latin-1 where it is none. Tables that
tell no played length count every row as one listen. The columns are found in `history_layouts`.

Method
------
Rows are read in batches and batches by column: each song, and each day, is looked at once. A
quotation mark without its partner joins lines to one cell; those lines count as unreadable.
"""

from __future__ import annotations

from scripts.errors import DataError
from scripts.tables import history_files
from scripts.tables.history_dates import read_times
from scripts.tables.history_layouts import (
    MAX_CELL,
    Layout,
    several_listeners,
    split_lines,
    split_rows,
)
from scripts.tables.history_plays import MAX_PLAYS, REASONS, UNREADABLE, Plays

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_BATCH = 20_000


def read_rows(pieces: Iterable[bytes], layout: Layout, plays: Plays, label: str) -> None:
    """Add every row of a table.

    Raises
    ------
    DataError
        If a cell is too long, there are too many rows, or the rows are of several listeners.
    """
    from itertools import chain

    lines = chain.from_iterable(map(split_lines, read_texts(pieces)))
    reader = split_rows(lines, layout.delimiter)
    users: set[str] = set()
    known: dict[tuple[str, ...], int] = {}
    n_skip = int(layout.has_header)
    # which of 02/03/2016 is the day is told by all rows together
    size = MAX_PLAYS + 1 if layout.is_slashed else _BATCH
    while True:
        before = reader.line_num
        batch = _take(reader, size, label)
        if not batch:
            return
        if reader.line_num - before != len(batch):
            batch = _without_joined(batch, layout, plays)
        rows = list(filter(None, batch))
        if n_skip and rows:
            del rows[0]
            n_skip = 0
        _add_rows(rows, layout, plays, known)
        if "user" in layout.places:
            users.update(row[0] for row in rows if row[0])
            if len(users) > 1:
                raise several_listeners(label)
        plays.check_size()


def _take(reader, size: int, label: str) -> list[list[str]]:  # type: ignore[no-untyped-def]
    """Return the next rows, [] at the end."""
    import csv
    from itertools import islice

    try:
        return list(islice(reader, size))
    except csv.Error as error:
        raise DataError(
            f"{label}: line {reader.line_num}: {error} (a cell holds at most {MAX_CELL:,} "
            "letters); a quotation mark may lack its partner there: mend the line or take it out"
        ) from None


def read_texts(pieces: Iterable[bytes]) -> Iterator[str]:
    """Yield whole lines of a file as text, wherever its bytes are cut."""
    rest = b""
    for piece in _without_mark(iter(pieces)):
        rest += piece
        end = rest.rfind(b"\n") + 1 or rest.rfind(b"\r", 0, len(rest) - 1) + 1
        if end:
            yield _decode(rest[:end])
            rest = rest[end:]
    if rest:
        yield _decode(rest)


def _without_mark(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Yield pieces without a byte order mark; those of UTF-16 as UTF-8."""
    first = next(pieces, b"")
    wide = history_files.find_wide(first[:4])
    if not wide:
        yield first.removeprefix(b"\xef\xbb\xbf")
        yield from pieces
        return
    import codecs

    decoder = codecs.getincrementaldecoder(wide)("replace")
    yield decoder.decode(first).removeprefix("\ufeff").encode("utf-8", "replace")
    for piece in pieces:
        yield decoder.decode(piece).encode("utf-8", "replace")


def _decode(lines: bytes) -> str:
    try:
        return lines.decode("utf-8")
    except UnicodeDecodeError:
        texts = []
        for line in lines.splitlines(keepends=True):
            try:
                texts.append(line.decode("utf-8"))
            except UnicodeDecodeError:
                texts.append(line.decode("latin-1"))
        return "".join(texts)


def _without_joined(batch: list[list[str]], layout: Layout, plays: Plays) -> list[list[str]]:
    """Leave out, and count, the lines that a quotation mark without its partner has joined.

    A name with a line break in its cell is a name; a cell that holds whole rows, or a row that has
    not the width of the others, is none.
    """
    kept = []
    for row in batch:
        broken = [cell for cell in row if "\n" in cell or "\r" in cell]
        if broken and (
            len(row) != layout.width
            or any(cell.count(layout.delimiter) >= layout.width - 1 for cell in broken)
        ):
            n_lines = 1 + sum(len(cell.splitlines()) - 1 for cell in broken)
            plays.count("rows", n_lines)
            plays.count("unreadable", n_lines)
        else:
            kept.append(row)
    return kept


def _add_rows(
    rows: list[list[str]], layout: Layout, plays: Plays, known: dict[tuple[str, ...], int]
) -> None:
    """Add rows column by column."""
    from operator import itemgetter

    roles = [role for role in layout.places if role != "user"]
    pick = itemgetter(*(layout.places[role] for role in roles))
    plays.count("rows", len(rows))
    try:
        picked = list(map(pick, rows))
    except IndexError:  # a row that is too short: look at each
        width = max(layout.places.values())
        picked = [pick(row) for row in rows if len(row) > width]
        plays.count("unreadable", len(rows) - len(picked))
    if picked:
        cells = dict(zip(roles, zip(*picked, strict=True), strict=True))
        numbers = _number_songs(cells, plays, known)
        if "ms" in cells or "skipped" in cells:
            _add_with_lengths(cells, numbers, plays)
        else:
            _add_columns(cells, numbers, plays)


def _number_songs(
    cells: dict[str, tuple[str, ...]], plays: Plays, known: dict[tuple[str, ...], int]
) -> list[int]:
    """Return the numbers of the songs of rows; `known` remembers the songs met."""
    named = [cells[role] for role in ("artist", "title", "song_id") if role in cells]
    keys = list(zip(*named, strict=True))
    for key in dict.fromkeys(keys):
        if key not in known:
            known[key] = plays.number_song(*key)
    return list(map(known.__getitem__, keys))


def _add_columns(cells: dict[str, tuple[str, ...]], numbers: list[int], plays: Plays) -> None:
    """Add rows that are one listen each."""
    from itertools import compress

    stamps = _stamps(cells, len(numbers))
    if min(numbers) < 0:
        for reason, name in REASONS.items():
            plays.count(name, numbers.count(reason))
        kept = [number >= 0 for number in numbers]
        numbers, stamps = list(compress(numbers, kept)), list(compress(stamps, kept))
    plays.stamps.extend(stamps)
    plays.numbers.extend(numbers)
    plays.lengths.extend([None] * len(numbers))


def _stamps(cells: dict[str, tuple[str, ...]], n_rows: int) -> list[int]:
    return read_times(cells["when"]) if "when" in cells else [0] * n_rows


def _add_with_lengths(cells: dict[str, tuple[str, ...]], numbers: list[int], plays: Plays) -> None:
    """Add rows that tell how long a play lasted, or that it was skipped."""
    lengths: Sequence[int | None] = [None] * len(numbers)
    if "ms" in cells:
        texts = [cell.strip() for cell in cells["ms"]]
        lengths = [int(t) if t.isdecimal() and t.isascii() and len(t) <= 9 else None for t in texts]
    skipped = cells.get("skipped", ("",) * len(numbers))
    if "ms" in cells:
        numbers = [
            UNREADABLE if number >= 0 and ms is None else number
            for number, ms in zip(numbers, lengths, strict=True)
        ]
    for stamp, number, ms, told in zip(
        _stamps(cells, len(numbers)), numbers, lengths, skipped, strict=True
    ):
        plays.add(stamp, number, ms, skipped=told.strip().lower() in ("true", "1", "yes"))
