"""Give every version of a song one number, so that a playlist holds the song once.

Conventions
-----------
A *work* is what a listener calls "the song": title and primary artist, whatever the version.
Remasters, live takes, radio edits, acoustic and re-recorded versions, guests ("feat. X") and
remixes are one work: who hears a tune twice among ten songs feels that it was repeated,
whoever mixed it. Numbered parts ("Pt. 2", "No. 5", "Vol. 1"), reprises, interludes and movements
stay works of their own.

The *primary artist* is what stands before the first comma (a comma inside a number aside) and
before "feat.". A bare "A, B" does not say whether it is two artists or "Tyler, The Creator", so
one rule serves every form of every table: a band with a comma in its name keeps the first part
as its key, which at worst lets it share that key with another artist.

Method
------
Letters are folded (lower case, accents off), version marks are taken off the title, punctuation
goes, and the rest is hashed to 64 bits (pandas' keyed hash): one number on every machine, in any
row order. A title that would be stripped to nothing is kept as it is.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

#: Songs that are normalised at a time; keeps the peak of memory low.
CHUNK_ROWS = 500_000

# Marks of a version, in folded spelling (lower case, no accents).
_REMASTER = r"(?:digital(?:ly)? )?re-?mast\w*|(?:digital(?:ly)? )master(?:ed)?|re-?mix\w*"
_LIVE = r"live|ao vivo|en vivo|en direct[oe]?|en public|dal vivo"
_SOUND = r"acoustic|acustic[oa]|acoustique|unplugged|mono|stereo|instrumental|demo|karaoke"
_EDITION = r"deluxe|explicit|clean|dirty|bonus(?: track)?|original|extended|edit(?:ed)?|main|single"
#: A mark that may stand at the start of a decoration with anything behind it.
_OPENS = (
    rf"(?:{_REMASTER}|ao vivo|en vivo|en direct[oe]?|dal vivo|(?:mtv )?unplugged"
    r"|live (?:at|from|in|on|bei|aus|au|a|en|version|session|acoustic|recording|performance)"
    r"|recorded (?:at|live|in|on)|re-?record(?:ed|ing)|version|versao|vers\."
    r"|(?:music |song |theme )?from the (?:motion|film|movie|original|soundtrack|tv|series|\")"
    r"|tema remaster|trilha sonora|banda sonora|bande originale|original (?:motion|cast)"
    r"|feat|ft|featuring|take \d+)"
)
#: A mark that opens with the name of a film or show in quotes.
_QUOTED = r"from [\"“”'‘]"
#: A mark that is a decoration only when a year, a stroke or nothing follows it.
_ALONE = rf"(?:{_LIVE}|{_SOUND}|{_EDITION}|soundtrack)"
#: A mark that ends a decoration, whatever stands before it.
_CLOSES = (
    rf"(?:{_REMASTER}|mix|edit|edited|version(?:e|en)?|versao|rework|bootleg|mash-?up|remake"
    r"|vip|reboot|extended|(?:alternat(?:e|ive)|master) take|recording|soundtrack|session|edition"
    rf"|{_LIVE}|{_SOUND})"
)
_YEAR = r"(?:19|20)\d\d"
_AFTER = rf"(?:[\s/,(\['\"]+(?:in )?(?:{_YEAR}|remast\w*|edit|live|album|version)[\s)\]]*)*"
_MARK = (
    rf"(?:{_OPENS}(?:[^a-z].*)?|(?:{_QUOTED}|with ).*|{_ALONE}(?:\s*[/@,(\[:\d'\"-].*)?"
    rf"|(?:.*[^a-z])?{_CLOSES}{_AFTER}|{_YEAR}(?: digital)?)"
)
_DASH = rf"(?s)^(.*\S)\s+[-–—~]\s*{_MARK}\s*$"
_INSIDE = r"[^()\[\]]*"
_PAREN = (
    rf"\s*[(\[]\s*(?:{_OPENS}(?:[^a-z()\[\]]{_INSIDE})?|{_QUOTED}{_INSIDE}"
    rf"|{_ALONE}(?:\s*[/@,:\d'\"-]{_INSIDE})?|(?:{_INSIDE}[^a-z()\[\]])?{_CLOSES}{_AFTER})\s*[)\]]"
)
_PAREN_OPEN = r"(?s)\s*[(\[](?:feat|ft|featuring)[^a-z].*$"
_WITH = rf"\s*[(\[]with\s{_INSIDE}[)\]]"
# "(with Halsey)" names a guest, "(With You)" is part of the title.
_WITH_WORD = (
    r"[(\[]with (?:or|me|you|u|ya|him|her|us|them|the|a|an|my|your|his|it|no|all|love|some\w+"
    r"|another|every\w+|nothing)\b"
)
_GUEST = r"(?s)([^\s\d(\[])\s+(?:feat|ft|featuring)[.\s].*$"
_GUEST_ARTIST = r"(?s)([^\s])[\s(\[]+(?:feat|ft|featuring)[.\s].*$"


def _apply_where(
    texts: pa.Array, mask: pa.Array, change: Callable[[pa.Array], pa.Array]
) -> pa.Array:
    if not pc.any(mask).as_py():
        return texts
    return pc.replace_with_mask(texts, mask, change(texts.filter(mask)))


def _or_else(texts: pa.Array, fallback: pa.Array) -> pa.Array:
    return pc.if_else(pc.equal(texts, ""), fallback, texts)


def _fold_foreign(texts: pa.Array) -> pa.Array:
    texts = pc.utf8_normalize(texts, "NFKD")
    texts = pc.replace_substring_regex(texts, r"\p{M}+", "")
    for letter, plain in {"ß": "ss", "ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe"}.items():
        texts = pc.replace_substring(texts, letter, plain)
    return texts


def fold(texts: pa.Array) -> pa.Array:
    """Lower the case and take accents off; only texts beyond ASCII pay for the second."""
    lowered = pc.utf8_lower(pc.utf8_trim_whitespace(texts))
    return _apply_where(lowered, pc.invert(pc.string_is_ascii(lowered)), _fold_foreign)


def _drop_signs(texts: pa.Array) -> pa.Array:
    texts = pc.replace_substring_regex(texts, r"['’‘`´]+", "")
    texts = pc.replace_substring(texts, "&", " and ")
    texts = pc.replace_substring_regex(texts, r"[^\p{L}\p{N}]+", " ")
    return pc.utf8_trim_whitespace(texts)


def _drop_punctuation(texts: pa.Array) -> pa.Array:
    """Turn punctuation into single blanks; only texts that hold some pay for it."""
    return _apply_where(texts, pc.match_substring_regex(texts, r"[^a-z0-9 ]|  |^ | $"), _drop_signs)


def _drop_parentheses(texts: pa.Array) -> pa.Array:
    texts = pc.replace_substring_regex(texts, _PAREN, "")
    texts = pc.replace_substring_regex(texts, _PAREN_OPEN, "")
    is_guest = pc.and_(
        pc.match_substring_regex(texts, _WITH),
        pc.invert(pc.match_substring_regex(texts, _WITH_WORD)),
    )
    return _apply_where(texts, is_guest, lambda some: pc.replace_substring_regex(some, _WITH, ""))


def _drop_suffixes(texts: pa.Array) -> pa.Array:
    for _ in range(3):
        texts = pc.replace_substring_regex(texts, _DASH, r"\1")
    return texts


def _drop_guests(texts: pa.Array) -> pa.Array:
    return pc.replace_substring_regex(texts, _GUEST, r"\1")


def _bare_or_folded(texts: pa.Array, folded: pa.Array) -> pa.Array:
    """Drop the punctuation; a text of which nothing is left goes back to its folded form."""
    bare = _drop_punctuation(texts)
    is_empty = pc.equal(bare, "")
    if not pc.any(is_empty).as_py():
        return bare
    kept = folded.filter(is_empty)
    return pc.replace_with_mask(bare, is_empty, _or_else(_drop_punctuation(kept), kept))


def normal_titles(titles: pa.Array) -> pa.Array:
    """Reduce titles to what all versions of a song share.

    Parameters
    ----------
    titles : pa.Array, shape (n_songs,), large_string
        Titles as displayed.

    Returns
    -------
    pa.Array, shape (n_songs,), large_string
        Folded titles without version marks and punctuation; never empty where the title is not.

    Examples
    --------
    >>> songs = ["Señorita - 2011 Remaster", "Live", "(I Can't Get No) Satisfaction [Mono]"]
    >>> normal_titles(pa.array(songs, pa.large_string())).to_pylist()
    ['senorita', 'live', 'i cant get no satisfaction']
    """
    folded = fold(titles)
    bare = _apply_where(folded, pc.match_substring_regex(folded, r"[(\[]"), _drop_parentheses)
    bare = _apply_where(bare, pc.match_substring_regex(bare, r"\s[-–—~]"), _drop_suffixes)
    bare = _apply_where(bare, pc.match_substring_regex(bare, r"\sf(ea)?t"), _drop_guests)
    return _bare_or_folded(bare, folded)


def normal_artists(artists: pa.Array) -> pa.Array:
    """Reduce the artists of songs to the primary artist's folded name.

    >>> names = ["Beyoncé, JAY-Z", "Drake Featuring Rihanna", "10,000 Maniacs", "!!!"]
    >>> normal_artists(pa.array(names, pa.large_string())).to_pylist()
    ['beyonce', 'drake', '10 000 maniacs', '!!!']
    """
    folded = fold(artists)
    first = _apply_where(
        folded,
        pc.match_substring(folded, ","),
        lambda some: pc.replace_substring_regex(some, r"(?s)^([^,].*?),(?:\D.*)?$", r"\1"),
    )
    first = _apply_where(
        first,
        pc.match_substring_regex(first, r"f(ea)?t"),
        lambda some: pc.replace_substring_regex(some, _GUEST_ARTIST, r"\1"),
    )
    first = _apply_where(first, pc.match_substring_regex(first, r"[(\[]"), _drop_parentheses)
    return _bare_or_folded(first, folded)


def join_texts(*columns: pa.Array | pa.ChunkedArray | pa.Scalar) -> pa.Array | pa.ChunkedArray:
    """Join large_string columns row by row, with a sign between that no name holds."""
    return pc.binary_join_element_wise(*columns, pa.scalar("\x1f", pa.large_string()))


def hash_texts(texts: pa.Array) -> np.ndarray:
    """Hash texts to 64 bits, the same on every machine; shape (n,), int64."""
    objects = texts.to_numpy(zero_copy_only=False)
    return pd.util.hash_array(objects, categorize=False).view(np.int64)


def _chunk_ids(titles: pa.Array, artists: pa.Array, song_ids: pa.Array) -> list[np.ndarray]:
    nothing = pa.scalar("", pa.large_string())
    artist_keys = _or_else(normal_artists(artists), join_texts(nothing, song_ids))
    work_keys = join_texts(normal_titles(titles), artist_keys)
    return [hash_texts(work_keys), hash_texts(artist_keys)]


def identify_works(
    titles: pa.ChunkedArray, artists: pa.ChunkedArray, song_ids: pa.ChunkedArray
) -> tuple[np.ndarray, np.ndarray]:
    """Give numbers to the works and the primary artists of songs.

    Parameters
    ----------
    titles, artists, song_ids : pa.ChunkedArray, shape (n_songs,), large_string
        As displayed, without nulls. A song whose artist is "" counts as by an artist of its own.

    Returns
    -------
    work_id, artist_id : ndarray, shape (n_songs,), int64
        Equal for equal works and artists; stable over runs, machines and tables.
    """
    works = np.empty(len(titles), np.int64)
    primary = np.empty(len(titles), np.int64)
    for start in range(0, len(titles), CHUNK_ROWS):
        part = [_one_array(column, start) for column in (titles, artists, song_ids)]
        rows = slice(start, start + CHUNK_ROWS)
        works[rows], primary[rows] = _chunk_ids(*part)
    return works, primary


def _one_array(column: pa.ChunkedArray, start: int) -> pa.Array:
    return pa.concat_arrays(column.slice(start, CHUNK_ROWS).chunks)
