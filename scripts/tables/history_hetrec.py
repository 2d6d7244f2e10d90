"""Read HetRec 2011 Last.fm: play counts of artists, with names, tags and friends beside them.

Conventions
-----------
Tab-separated files, each known by its header (play counts also by three whole numbers in the first
line): play counts (userID, artistID, weight),
artists (id, name, url, pictureURL), tags (tagID, tagValue), who tagged what (userID, artistID,
tagID, day, month, year) and friends (userID, friendID). Quotes are letters. Text is UTF-8, or
latin-1 where it is none (the tags). Each artist number is one item and each user number one
listener, in the order of their numbers, so files that split the same data line up by
`artist_ids` and `user_numbers`.

Source
------
Cantador, Brusilovsky and Kuflik (2011), HetRec workshop at RecSys, https://grouplens.org/datasets.
"""

from __future__ import annotations

import os

import numpy as np

from scripts.errors import DataError, SettingsError
from scripts.tables import history_files
from scripts.tables.history_listening import Gathered, Listening
from scripts.tables.history_plays import clean_name, date_seconds
from scripts.text.names import artist_key

HETREC = "HetRec play counts"

_HEADERS = {
    b"userid\tartistid\tweight": "plays",
    b"id\tname\turl\tpictureurl": "artists",
    b"id\tname": "artists",
    b"tagid\ttagvalue": "tags",
    b"userid\tartistid\ttagid\tday\tmonth\tyear": "tagged",
    b"userid\tartistid\ttagid\ttimestamp": "tagged",
    b"userid\tfriendid": "friends",
}


def _is_headless(line: bytes) -> bool:
    """Tell whether a first line is a row of play counts: three whole numbers, apart by tabs."""
    cells = line.split(b"\t")
    return len(cells) == 3 and all(cell.strip().isdigit() for cell in cells)


def _kind(start: bytes) -> str:
    """Name what a file holds by its first line."""
    if start.startswith(b"\xef\xbb\xbf"):
        start = start[3:]
    line = start.partition(b"\n")[0].strip().lower()
    return _HEADERS.get(line, "plays" if _is_headless(line) else "")


def holds_play_counts(path: str, *, option: str = "--history") -> bool:
    """Tell whether a file, a folder or a zip holds HetRec play counts."""
    return any(
        _kind(part.read_some(4096)) == "plays"
        for part in history_files.open_parts(path, option=option)
    )


def read_play_counts(
    path: str,
    *,
    artists: str | None = None,
    tags: str | None = None,
    tagged: str | None = None,
    friends: str | None = None,
    option: str = "--history",
) -> Listening:
    """Read play counts and what belongs to them.

    Parameters
    ----------
    path : str
        The file of play counts, or a folder or zip that holds one.
    artists, tags, tagged, friends : str, optional
        Files that belong to it; by default those found beside it.
    option : str
        The option named in messages.

    Raises
    ------
    SettingsError
        If a file that is named does not exist.
    DataError
        If the counts are missing or no row of them can be used.
    """
    texts = _find_texts(path, option)
    for kind, named in (
        ("artists", artists),
        ("tags", tags),
        ("tagged", tagged),
        ("friends", friends),
    ):
        if named is not None:
            texts[kind] = _read_named(named, kind, option)
    label, data = texts.get("plays", (path, b""))
    gathered = Gathered()
    users, items = _add_counts(label, data, gathered, _read_names(texts.get("artists")))
    listening = Listening(gathered, form=HETREC, sources=[path])
    listening.user_numbers = list(map(str, users))
    listening.artist_ids = list(map(str, items))
    _add_tags(listening, texts, users, items)
    _add_friends(listening, texts.get("friends"), users)
    return listening


def _find_texts(path: str, option: str) -> dict[str, tuple[str, bytes]]:
    """Return label and text of each kind of file: those given, then those beside it."""
    texts: dict[str, tuple[str, bytes]] = {}
    for part in history_files.open_parts(path, option=option):
        start = part.read_some(4096)
        kind = _kind(start)
        if not kind:
            continue
        if kind in texts and kind == "plays":
            raise DataError(
                f"{path}: holds play counts twice, {texts[kind][0]} and {part.label}; give one file"
            )
        texts.setdefault(kind, (part.label, history_files.to_utf8(part.read_all(start))))
    if "plays" not in texts:
        raise DataError(
            f"{path}: no play counts in it; a file that begins with the header userID, artistID, "
            f"weight (tab-separated) is allowed; give that file to {option}"
        )
    if os.path.isfile(path) and len(texts) == 1:
        folder = os.path.dirname(path) or "."
        for name in sorted(os.listdir(folder)):
            full = os.path.join(folder, name)
            if os.path.isfile(full) and not os.path.islink(full):
                with open(full, "rb") as stream:
                    kind = _kind(stream.read(4096))
                if kind not in ("", "plays"):
                    texts.setdefault(kind, _read_named(full, kind, option))
    return texts


def _read_named(path: str, kind: str, option: str) -> tuple[str, bytes]:
    if not os.path.isfile(path):
        raise SettingsError(f"{option}: there is no file {path!r} of {kind}; check the name")
    data = b"".join(part.read_all() for part in history_files.open_parts(path, option=option))
    if _kind(data[:4096]) != kind:
        headers = [name.decode() for name, of_kind in _HEADERS.items() if of_kind == kind]
        raise DataError(
            f"{path}: its first line is no header of {kind}; allowed is "
            f"{headers[0]!r} (tab-separated)"
        )
    return path, history_files.to_utf8(data)


def _cells(text: tuple[str, bytes] | None) -> list[list[str]]:
    """Return the cells of every row below the header, if there is one."""
    if text is None:
        return []
    lines = text[1].decode("utf-8").replace("\r\n", "\n").split("\n")
    rows = lines if _is_headless(lines[0].lstrip("\ufeff").encode()) else lines[1:]
    return [line.split("\t") for line in rows if line]


def _whole(text: str) -> int:
    """Return a count or number as written, -1 where it is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 15 else -1


def _read_names(text: tuple[str, bytes] | None) -> dict[int, str]:
    return {_whole(cells[0]): clean_name(cells[1]) for cells in _cells(text) if len(cells) > 1}


def _add_counts(
    label: str, data: bytes, gathered: Gathered, names: dict[int, str]
) -> tuple[list[int], list[int]]:
    """Sum the play counts; return the numbers of users and of artists, in order."""
    rows = []
    for cells in _cells((label, data)):
        gathered.count("rows")
        numbers = [_whole(cell.strip()) for cell in cells]
        if len(numbers) != 3 or min(numbers) < 0:
            gathered.count("unreadable")
        elif numbers[2] == 0:
            gathered.count("no plays")
        else:
            rows.append(numbers)
    if not rows:
        raise DataError(
            f"{label}: no row holds a play count; rows of userID, artistID and weight (whole "
            "numbers, tab-separated) are allowed; check the file"
        )
    users = sorted({row[0] for row in rows})
    items = sorted({row[1] for row in rows})
    user_at = {number: place for place, number in enumerate(users)}
    item_at = {number: place for place, number in enumerate(items)}
    for number in items:
        name = names.get(number, "")
        gathered.add_artist(name or f"artist {number}", artist_key(name) if name else "")
    gathered.n_users = len(users)
    for user, item, weight in rows:
        gathered.add(user_at[user], item_at[item], float(weight), first=-1, last=-1)
    return users, items


def _add_tags(
    listening: Listening,
    texts: dict[str, tuple[str, bytes]],
    users: list[int],
    items: list[int],
) -> None:
    """Add who tagged which artist how; tags of artists that nobody played are left out."""
    user_at = {str(number): place for place, number in enumerate(users)}
    item_at = {str(number): place for place, number in enumerate(items)}
    names = {
        cells[0]: clean_name(cells[1]) for cells in _cells(texts.get("tags")) if len(cells) > 1
    }
    numbers: dict[str, int] = {}
    found = []
    for cells in _cells(texts.get("tagged")):
        name = names.get(cells[2], "") if len(cells) >= 4 else ""
        item = item_at.get(cells[1]) if name else None
        if item is None:
            listening.counts["tags left out"] = listening.counts.get("tags left out", 0) + 1
            continue
        number = numbers.setdefault(name, len(numbers))
        found.append((user_at.get(cells[0], -1), item, number, _tag_time(cells[3:])))
    columns = np.array(found, np.int64).reshape(-1, 4).T
    listening.tag_names = list(numbers)
    listening.tag_users, listening.tag_items, listening.tag_numbers = columns[:3].astype(np.int32)
    listening.tag_times = columns[3].copy()


def _tag_time(cells: list[str]) -> int:
    """Return the time of day, month, year, or of milliseconds; before 2002 there was no Last.fm."""
    parts = [_whole(cell.strip()) for cell in cells]
    if len(parts) == 1:
        when: int | None = parts[0] // 1000
    else:
        when = date_seconds(parts[2], parts[1], parts[0]) if len(parts) == 3 else None
    return when if when is not None and when >= 1009843200 else -1


def _add_friends(listening: Listening, text: tuple[str, bytes] | None, users: list[int]) -> None:
    user_at = {str(number): place for place, number in enumerate(users)}
    pairs = set()
    for cells in _cells(text):
        ends = [user_at.get(cell.strip()) for cell in cells]
        if len(ends) == 2 and None not in ends and ends[0] != ends[1]:
            pairs.add((min(ends), max(ends)))  # type: ignore[type-var]
    listening.friends = np.array(sorted(pairs), np.int32).reshape(-1, 2)
