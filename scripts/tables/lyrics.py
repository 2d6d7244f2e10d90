"""Read files of lyrics into one checked table.

Conventions
-----------
One row is the lyrics of one song: ``song_id``, ``title``, ``artist`` ("" where unknown) and
``text``, clean as :mod:`~scripts.tables.lyric_text` says. Rows are in the order of their ids,
titles, artists and texts, so the order of rows and files changes nothing. Of two rows of one song
(one id; without ids, one title and artist) the longer text stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa

from scripts.errors import DataError
from scripts.tables.lyric_files import RawLyrics, open_lyrics
from scripts.tables.lyric_text import (
    FEWEST_LETTERS,
    MOST_LETTERS,
    clean_lyrics,
    count_letters,
    is_without_words,
)
from scripts.tables.songs import describe_counts
from scripts.tables.works import identify_works

NO_TEXT = "no lyrics"
INSTRUMENTAL = "marked as without words"
TOO_SHORT = "lyrics too short"
TOO_LONG = "lyrics too long"
NOBODYS = "neither id nor title"
SAME_ID = "duplicate id of lyrics"
SAME_SONG = "duplicate song of lyrics"

#: Why a row is left out, in the order in which it is asked.
REASONS: tuple[str, ...] = (NO_TEXT, INSTRUMENTAL, TOO_SHORT, TOO_LONG, NOBODYS, SAME_ID, SAME_SONG)

_COLUMNS = ["song_id", "title", "artist", "text"]


@dataclass(frozen=True)
class LyricTable:
    """The lyrics of a training and the account of what was left out.

    Attributes
    ----------
    lyrics : DataFrame
        Columns ``song_id``, ``title``, ``artist``, ``text``, all text.
    rejected : DataFrame
        One row for each row left out: file, row, reason, column, value, song_id, title, artist.
    counts : dict
        Reason -> rows left out.
    n_read : int
        Rows read.
    sources : tuple of str
        Files read.
    """

    lyrics: pd.DataFrame
    rejected: pd.DataFrame
    counts: dict[str, int]
    n_read: int
    sources: tuple[str, ...]

    def summary(self) -> str:
        """Account for the rows in one line."""
        told = f"{self.n_read:,} rows read, {len(self.lyrics):,} lyrics kept"
        return f"{told}; {describe_counts(self.counts)}"


def _reason(raw_text: str, text: str, is_told: bool) -> str:
    """Say why one row is of no use, "" if it is of some."""
    if is_without_words(raw_text) and raw_text.strip():
        return INSTRUMENTAL
    if not text:
        return INSTRUMENTAL if "instrumental" in raw_text.casefold() else NO_TEXT
    if is_without_words(text):
        return INSTRUMENTAL
    n_letters = count_letters(text)
    if not FEWEST_LETTERS <= n_letters <= MOST_LETTERS:
        return TOO_SHORT if n_letters < FEWEST_LETTERS else TOO_LONG
    return "" if is_told else NOBODYS


def _frame(raw: RawLyrics) -> pd.DataFrame:
    # what is longer is refused whatever it holds, so it need not be cleaned
    texts = [clean_lyrics(text) if len(text) <= 10 * MOST_LETTERS else text for text in raw.text]
    reasons = [
        _reason(raw_text, text, bool(song_id or title))
        for raw_text, text, song_id, title in zip(
            raw.text, texts, raw.song_id, raw.title, strict=True
        )
    ]
    columns = {
        "file": raw.path.as_posix(),
        "row": range(1, len(texts) + 1),
        "reason": reasons,
        "value": [" ".join(text[:80].split()) for text in raw.text],
        "song_id": raw.song_id,
        "title": raw.title,
        "artist": raw.artist,
        "text": texts,
    }
    return pd.DataFrame(columns)


def work_keys(rows: pd.DataFrame) -> pd.Series:
    """Give each row the number of its work; a row without an artist has one of its own."""
    texts = [
        pa.chunked_array([pa.array(rows[name].tolist(), pa.large_string())])
        for name in ("title", "artist", "song_id")
    ]
    works, _ = identify_works(*texts)
    return pd.Series(works, index=rows.index)


def _mark_repeats(rows: pd.DataFrame) -> pd.DataFrame:
    """Say of each row that repeats a song that it does; the longest text is no repeat."""
    sound = rows[rows["reason"] == ""].copy()
    sound["length"] = -sound["text"].str.len()
    sound = sound.sort_values(["song_id", "length", "text", "title", "artist"], kind="stable")
    has_id = sound["song_id"] != ""
    same_id = has_id & sound.duplicated("song_id")
    without = sound[~has_id & (sound["artist"] != "")]
    without = without.assign(work=work_keys(without))
    same_song = without.index[without.duplicated("work")]
    same_title = sound[~has_id & (sound["artist"] == "")]
    bare = same_title.index[same_title.duplicated("title")]
    rows.loc[same_id.index[same_id], "reason"] = SAME_ID
    rows.loc[[*same_song, *bare], "reason"] = SAME_SONG
    return rows


def _refuse_nothing_left(rows: pd.DataFrame, counts: dict[str, int]) -> None:
    if (rows["reason"] == "").any():
        return
    first = rows.iloc[0]
    raise DataError(
        f"{first['file']}, row {first['row']}: {first['reason']} (seen {first['value'][:40]!r}), "
        f"and no row is left: {describe_counts(counts)}. Allowed are texts of "
        f"{FEWEST_LETTERS:,} to {MOST_LETTERS:,} letters, each with an id or a title. Give "
        "another file."
    )


def read_lyrics(paths: Sequence[Path]) -> LyricTable:
    """Read files of lyrics and hold the lyrics of each song once.

    Parameters
    ----------
    paths : sequence of Path
        JSON, JSON Lines, CSV, TSV or Parquet files; see :mod:`~scripts.tables.lyric_files`.

    Raises
    ------
    DataError
        For a file that holds no lyrics, and when no row is left.
    """
    files = list(dict.fromkeys(Path(path) for path in paths))
    rows = pd.concat([_frame(open_lyrics(file)) for file in files], ignore_index=True)
    rows = _mark_repeats(rows)
    tally = rows["reason"].value_counts()
    counts = {reason: int(tally.get(reason, 0)) for reason in REASONS}
    _refuse_nothing_left(rows, counts)
    kept = rows.loc[rows["reason"] == "", _COLUMNS].sort_values(_COLUMNS, kind="stable")
    rejected = rows[rows["reason"] != ""].sort_values(["file", "row"], kind="stable")
    rejected.insert(3, "column", "lyrics")
    return LyricTable(
        kept.reset_index(drop=True),
        rejected.drop(columns="text").reset_index(drop=True),
        counts,
        len(rows),
        tuple(file.as_posix() for file in files),
    )
