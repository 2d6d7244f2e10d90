"""Turn raw columns into typed ones: numbers, years, ids, artists, genres.

Conventions
-----------
Unknown is NaN for decimal numbers, ``UNKNOWN`` (-1) for whole numbers and flags, and "" for
text. In a *number* column an empty cell and the words of :data:`MISSING_WORDS` mean unknown; in
a text column they are text. A comma is read as the decimal point where that makes a number
("0,53"). A duration column without a unit is in seconds when its middle value is below
10,000: no table's middle song lasts ten seconds in ms, or three hours in seconds.
"""

from __future__ import annotations

import ast
import re
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from scripts.tables.song_reading import as_text

UNKNOWN = -1
MISSING_WORDS = ("", "na", "n/a", "#n/a", "nan", "null", "none", "-", "?")
SECONDS_BELOW = 10_000
LONGEST_MS = 86_400_000
_YEAR_RANGE = (1000, 2100)  # exclusive, inclusive
_NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$|^[+-]?(inf|infinity)$"
_COMMA_NUMBER = r"^([+-]?\d*),(\d+)([eE][+-]?\d+)?$"
_LINK = r"(?s)^.*(?:track[:/])([0-9A-Za-z]{22})(?:[^0-9A-Za-z].*)?$"
#: Two names without signs that need a second look, the commonest form of several.
_PLAIN_PAIR = r"^([^;,\[\]\\]*[^;,\[\]\\\s])\s*;\s*([^;,\[\]\\\s][^;,\[\]\\]*)$"
_ONE_NAME = r"^\[\s*'([^'\"\\]*)'\s*\]$"
_TOKEN = r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\""
_LIST_TOKENS = re.compile(_TOKEN, re.DOTALL)
_LIST = re.compile(rf"\[\s*(?:(?:{_TOKEN})\s*(?:,\s*)?)*\]", re.DOTALL)


class Numbers(NamedTuple):
    """A column of numbers: NaN where a cell is unknown or, in rows `wrong`, no number."""

    values: np.ndarray
    wrong: np.ndarray


def _parse_odd_texts(texts: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    trimmed = pc.utf8_lower(pc.utf8_trim_whitespace(texts))
    pointed = pc.replace_substring_regex(trimmed, _COMMA_NUMBER, r"\1.\2\3")
    is_number = pc.match_substring_regex(pointed, _NUMBER)
    is_missing = pc.is_in(trimmed, pa.array(MISSING_WORDS, trimmed.type))
    values = pc.cast(pc.if_else(is_number, pointed, None), pa.float64())
    wrong = pc.invert(pc.or_(is_number, is_missing))
    return (
        pc.fill_null(values, np.nan).to_numpy(zero_copy_only=False),
        np.flatnonzero(wrong.to_numpy(zero_copy_only=False)),
    )


def _parse_texts(texts: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    try:
        return pc.cast(texts, pa.float64()).to_numpy(), np.empty(0, np.int64)
    except pa.ArrowInvalid:
        return _parse_odd_texts(texts)


def parse_numbers(raw: pa.ChunkedArray) -> Numbers:
    """Read a raw column as numbers.

    Parameters
    ----------
    raw : pa.ChunkedArray, shape (n_rows,)
        Numbers or text.

    Returns
    -------
    Numbers
        `values`, shape (n_rows,), float64; `wrong`, the rows whose cell is no number.

    Examples
    --------
    >>> parse_numbers(pa.chunked_array([["1.5", "0,5", "NA", "loud"]]))
    Numbers(values=array([1.5, 0.5, nan, nan]), wrong=array([3]))
    """
    if pa.types.is_boolean(raw.type):
        raw = raw.cast(pa.int8())
    if pa.types.is_null(raw.type) or pa.types.is_temporal(raw.type):
        raw = as_text(raw)
    if pa.types.is_integer(raw.type) or pa.types.is_floating(raw.type):
        values = pc.fill_null(raw.cast(pa.float64(), safe=False), np.nan)
        return Numbers(values.to_numpy(), np.empty(0, np.int64))
    start = 0
    parts, wrong = [np.empty(0)], [np.empty(0, np.int64)]
    for chunk in as_text(raw).chunks:
        values, rows = _parse_texts(chunk)
        parts.append(values)
        wrong.append(rows + start)
        start += len(chunk)
    return Numbers(np.concatenate(parts), np.concatenate(wrong))


def _whole(values: np.ndarray, dtype: type) -> np.ndarray:
    known = np.isfinite(values) & (np.abs(values) < np.iinfo(dtype).max)
    return np.where(known, np.rint(np.where(known, values, 0.0)), UNKNOWN).astype(dtype)


def _legal_years(values: np.ndarray) -> np.ndarray:
    low, high = _YEAR_RANGE
    legal = (values > low) & (values <= high)
    return np.where(legal, np.floor(np.where(legal, values, 0.0)), UNKNOWN).astype(np.int16)


def parse_years(raw: pa.ChunkedArray) -> np.ndarray:
    """Read years from years or dates that start with the year; int16, or UNKNOWN.

    >>> parse_years(pa.chunked_array([["1984-08-21", "1969", "12 May", ""]]))
    array([1984, 1969,   -1,   -1], dtype=int16)
    """
    if pa.types.is_timestamp(raw.type) or pa.types.is_date(raw.type):
        return _legal_years(parse_numbers(pc.year(raw)).values)
    texts = raw if pa.types.is_string(raw.type) or pa.types.is_large_string(raw.type) else None
    if texts is None:
        return _legal_years(parse_numbers(raw).values)
    start = pc.utf8_slice_codeunits(pc.utf8_trim_whitespace(as_text(texts)), 0, 5)
    is_year = pc.match_substring_regex(start, r"^\d{4}(\D|$)")
    digits = pc.if_else(is_year, pc.utf8_slice_codeunits(start, 0, 4), "")
    return _legal_years(parse_numbers(digits).values)


def parse_popularity(raw: pa.ChunkedArray) -> np.ndarray:
    """Read popularities, 0 to 100; NaN where unknown or outside."""
    values = parse_numbers(raw).values
    return np.where((values >= 0) & (values <= 100), values, np.nan)


def parse_durations(raw: pa.ChunkedArray) -> np.ndarray:
    """Read durations as whole milliseconds; int64, UNKNOWN where there is none above 0.

    More than a day is no duration of a song, but a fault of the table.
    """
    values = parse_numbers(raw).values
    values = np.where(values > 0, values, np.nan)
    known = values[np.isfinite(values)]
    if len(known) and np.median(known) < SECONDS_BELOW:
        values *= 1000
    return _whole(np.where(values <= LONGEST_MS, values, np.nan), np.int64)


def parse_flags(raw: pa.ChunkedArray) -> np.ndarray:
    """Read yes/no cells: int8, 1 yes, 0 no, UNKNOWN."""
    if pa.types.is_boolean(raw.type):
        return np.array(pc.fill_null(raw.cast(pa.int8()), UNKNOWN).to_numpy())
    texts = pc.utf8_lower(pc.utf8_trim_whitespace(as_text(raw)))
    yes = pc.is_in(texts, pa.array(["true", "1", "yes", "1.0", "t", "explicit"], texts.type))
    no = pc.is_in(texts, pa.array(["false", "0", "no", "0.0", "f"], texts.type))
    return np.where(yes.to_numpy(), 1, np.where(no.to_numpy(), 0, UNKNOWN)).astype(np.int8)


def parse_ids(raw: pa.ChunkedArray) -> pa.ChunkedArray:
    """Take the 22 letters and digits out of Spotify links and URIs; keep other ids.

    >>> parse_ids(pa.chunked_array([["spotify:track:4GiXBCUF7H6YfNQsnBRIzl", " 17 "]])).to_pylist()
    ['4GiXBCUF7H6YfNQsnBRIzl', '17']
    """
    texts = pc.utf8_trim_whitespace(as_text(raw))
    if pc.any(pc.match_substring(texts, "track")).as_py():
        texts = pc.replace_substring_regex(texts, _LINK, r"\1")
    return texts


def _unquote(token: str) -> str:
    if "\\" not in token:
        return token[1:-1]
    try:
        return str(ast.literal_eval(token)).encode("utf-8", "replace").decode("utf-8")
    except (ValueError, SyntaxError):
        return token[1:-1]


def names_of_list(text: str) -> list[str]:
    """Read the text of a Python list of names; a text that is none is one name.

    Only quoted strings are understood: nothing is evaluated.

    >>> names_of_list("['Nena', 'Björk']"), names_of_list("[ingenting]")
    (['Nena', 'Björk'], ['[ingenting]'])
    """
    if not _LIST.fullmatch(text.strip()):
        return [text]
    return [_unquote(token).strip() for token in _LIST_TOKENS.findall(text)]


def _display_artists(text: str) -> str:
    names = names_of_list(text)
    if len(names) == 1 and ";" in names[0]:
        names = [name.strip() for name in names[0].split(";")]
    return ", ".join(name for name in names if name)


def _convert_where(texts: pa.Array, mask: pa.Array) -> pa.Array:
    if not pc.any(mask).as_py():
        return texts
    codes = pc.dictionary_encode(texts.filter(mask))
    shown = [_display_artists(text) for text in codes.dictionary.to_pylist()]
    some = pa.array(shown, pa.large_string()).take(codes.indices)
    return pc.replace_with_mask(texts, mask, some)


def parse_artists(raw: pa.ChunkedArray) -> pa.ChunkedArray:
    r"""Show the artists of each song as one text, joined by ", ".

    Parameters
    ----------
    raw : pa.ChunkedArray, shape (n_rows,)
        ``['A', 'B']``, ``A;B`` or plain text, in which ``\,`` is a comma inside a name.

    Returns
    -------
    pa.ChunkedArray, shape (n_rows,), large_string
        "" where unknown.
    """
    parts = []
    for chunk in pc.utf8_trim_whitespace(as_text(raw)).chunks:
        texts = pc.replace_substring_regex(chunk, _ONE_NAME, r"\1")
        texts = pc.replace_substring_regex(texts, _PLAIN_PAIR, r"\1, \2")
        texts = pc.replace_substring(texts, "\\,", ",")
        parts.append(_convert_where(texts, pc.match_substring_regex(texts, r"^\[|;")))
    return pa.chunked_array(parts, pa.large_string())


def tidy_genres(text: str) -> str:
    """Sort the genres of a cell, in lower case and once each, joined by ";".

    >>> tidy_genres("['Pop', 'dance pop']"), tidy_genres("Rock, pop;rock")
    ('dance pop;pop', 'pop;rock')
    """
    names = [part for name in names_of_list(text) for part in re.split(r"[;,|]", name)]
    tidy = {" ".join(name.split()).casefold() for name in names}
    return ";".join(sorted(tidy - {"", "na", "nan", "null", "[]"}))


def parse_genres(raw: pa.ChunkedArray) -> tuple[np.ndarray, list[str]]:
    """Read genres as codes, int32, into a list of distinct tidy texts."""
    encoded = pc.dictionary_encode(as_text(raw)).combine_chunks()
    tidy = [tidy_genres(text) for text in encoded.dictionary.to_pylist()]
    words = sorted(set(tidy))
    place = {word: code for code, word in enumerate(words)}
    codes = np.array([place[word] for word in tidy], np.int32)
    return codes[encoded.indices.to_numpy(zero_copy_only=False)], words
