"""Turn raw cells into a grid of answers, and find the survey's columns in its header.

Conventions
-----------
A *grid* is one table as it lies in a file: a header and rows of cleaned text. Cleaned text has
no byte order mark, no space at either end and single spaces inside; a whole number written as
3.0 is "3"; an empty cell, a spreadsheet's error value and pandas' NaN are the empty text. The
text ``None`` is an answer and stays. Row numbers start at 1 with the first row under the header.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from functools import lru_cache
from typing import NamedTuple

from scripts.moods.survey import MOOD_COLUMN, SURVEY_COLUMNS

#: Fewer recognised columns than this, and the table is not the survey.
MIN_SURVEY_COLUMNS = 3

#: How far down a header may stand below titles and notes.
HEADER_SEARCH_ROWS = 10

#: Texts that a program writes for a cell without a value.
_BLANK_MARKS = frozenset(
    ("nan", "<na>", "#n/a", "#ref!", "#value!", "#name?", "#null!", "#num!", "#div/0!")
)

_WHOLE_NUMBER = re.compile(r"([+-]?\d+)\.0+")

#: Corrected or shortened spelling -> the survey's own.
_OTHER_SPELLINGS: dict[str, str] = {
    "preferred_premium_plan": "preffered_premium_plan",
    "preferred_pod_format": "preffered_pod_format",
    "preferred_pod_duration": "preffered_pod_duration",
    "preffered_listening_content": "preferred_listening_content",
    "favorite_music_genre": "fav_music_genre",
    "favourite_music_genre": "fav_music_genre",
    "favorite_pod_genre": "fav_pod_genre",
    "favourite_pod_genre": "fav_pod_genre",
    "music_recommendation_rating": "music_recc_rating",
    "music_rec_rating": "music_recc_rating",
    "music_influential_mood": MOOD_COLUMN,
    "music_influencing_mood": MOOD_COLUMN,
}


class Grid(NamedTuple):
    """One table of a file: where it stands, its header, its rows, and what the header means.

    ``columns`` maps a survey column (or the mood column) to its positions in the header; more
    than one position is a mistake that only matters when this grid is the one to be read.
    ``may_be_cut`` says that ``...`` stands for what a rendered preview left out.
    """

    place: str
    header: list[str]
    rows: list[list[str]]
    columns: dict[str, list[int]]
    may_be_cut: bool = False


@lru_cache(maxsize=65536)
def _clean_str(text: str) -> str:
    joined = " ".join(text.replace("\ufeff", "").split())
    if joined.casefold() in _BLANK_MARKS:
        return ""
    whole = _WHOLE_NUMBER.fullmatch(joined)
    return whole[1] if whole else joined


def clean_text(value: object) -> str:
    """Write a cell's value as the answer's text.

    >>> clean_text(3.0), clean_text("  None "), clean_text(None), clean_text("NaN")
    ('3', 'None', '', '')
    """
    return "" if value is None else _clean_str(str(value))


def _column_key(name: str) -> str:
    """Reduce a column's name to what is compared: case, spaces, hyphens and dots fall away."""
    return re.sub(r"[\s\-._]+", "_", clean_text(name).casefold()).strip("_")


_COLUMN_OF_KEY: dict[str, str] = {
    **{_column_key(name): name for name in (*SURVEY_COLUMNS, MOOD_COLUMN)},
    **_OTHER_SPELLINGS,
}


def match_columns(header: Sequence[str]) -> dict[str, list[int]]:
    """Find the survey's columns in a header, by their own or their corrected spelling.

    >>> match_columns(["", " AGE", "preferred_premium_plan", "shoe size"])
    {'Age': [1], 'preffered_premium_plan': [2]}
    """
    columns: dict[str, list[int]] = {}
    for position, name in enumerate(header):
        column = _COLUMN_OF_KEY.get(_column_key(name))
        if column is not None:
            columns.setdefault(column, []).append(position)
    return columns


def nearest_names(column: str, header: Iterable[str]) -> list[str]:
    """List up to three names of a header that resemble a survey column, the best first.

    >>> nearest_names("music_time_slot", ["Age", "music time", "time_slots"])
    ['music time', 'time_slots']
    """
    names = {_column_key(name): clean_text(name) for name in header if clean_text(name)}
    return [names[key] for key in get_close_matches(_column_key(column), names, n=3, cutoff=0.45)]


def make_grid(place: str, rows: Sequence[Sequence[object]]) -> Grid:
    """Clean a table's cells, find its header row, and cut the blank rows at its end.

    The header is the row, among the first ten, that holds the most survey columns.
    """
    cleaned = [[clean_text(cell) for cell in row] for row in rows]
    while cleaned and not any(cleaned[-1]):
        cleaned.pop()
    if not cleaned:
        return Grid(place, [], [], {})
    matches = [match_columns(row) for row in cleaned[:HEADER_SEARCH_ROWS]]
    at = max(range(len(matches)), key=lambda index: (len(matches[index]), -index))
    if not matches[at]:
        at = next(index for index, row in enumerate(cleaned) if any(row))
    return Grid(place, cleaned[at], cleaned[at + 1 :], match_columns(cleaned[at]))
