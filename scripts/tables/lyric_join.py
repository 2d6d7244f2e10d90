"""Find the songs that lyrics belong to.

Conventions
-----------
Lyrics are joined by id; failing that, by title and primary artist, as
:mod:`~scripts.tables.works` compares them, "the", "and" and blanks in the artist's name aside
("The Police" and "police", "AC/DC" and "acdc"). Lyrics that name no artist are joined by a title
of at least three words that one song of the table alone has. They serve every version of the song
(its *work*), since versions share their words. Where several lyrics claim a song, its own id
decides, then the way of the join in the order above, then the lyrics' own order.

Method
------
Of titles in 782 lyrics whose artist was hidden and which one of 65,225 songs alone has, 44 of 67
titles of three words or more led to the right artist, and most of the others to another spelling
of it or to a cover, which has the same words; of titles of two words 21 of 41, of one word 9 of 34.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from scripts.tables.lyrics import work_keys
from scripts.tables.works import normal_artists, normal_titles

#: The ways of a join, the surest first.
WAYS: tuple[str, ...] = ("id", "artist and title", "title alone")

#: Words that a title must have to be enough by itself.
ENOUGH_WORDS = 3

NO_SONG = "no song has this id, nor this title by this artist"
NO_ID = "no song has this id, and no title is given"
NO_TITLE = "no song has this title, and no artist is given"
MANY_SONGS = "several songs have this title, and no artist is given"
SHORT_TITLE = f"a title of fewer than {ENOUGH_WORDS} words, and no artist is given"
SERVED = "other lyrics serve its song"


class LyricJoin(NamedTuple):
    """Which lyrics belong to which songs.

    Attributes
    ----------
    used : (n_used,) int64
        Rows of the lyrics that serve a song, rising.
    lyric_of_song : (n_songs,) int64
        Index into ``used``, -1 for a song without lyrics.
    ways : dict
        Way -> how many lyrics were joined by it.
    not_joined : DataFrame
        Columns id, artist, title, reason: the lyrics that serve no song.
    """

    used: NDArray[np.int64]
    lyric_of_song: NDArray[np.int64]
    ways: dict[str, int]
    not_joined: pd.DataFrame


def _column(rows: pd.DataFrame, name: str) -> pa.Array:
    return pa.array(rows[name].tolist(), pa.large_string())


def _titles(rows: pd.DataFrame) -> list[str]:
    return normal_titles(_column(rows, "title")).to_pylist()


def _loose_artists(rows: pd.DataFrame) -> list[str]:
    """Reduce artists to the letters that every spelling of a name shares."""
    names = normal_artists(_column(rows, "artist"))
    bare = pc.replace_substring_regex(names, r"\b(?:the|and)\b| ", "")
    return pc.if_else(pc.equal(bare, ""), names, bare).to_pylist()


class _Claims(NamedTuple):
    """What each of the lyrics found: way (-1 for none), work, the song of its id (-1), why not."""

    way: NDArray[np.int64]
    work: NDArray[np.int64]
    song: NDArray[np.int64]
    reason: NDArray[np.object_]


def _claim_by_id(lyrics: pd.DataFrame, songs: pd.DataFrame) -> _Claims:
    ids = lyrics["song_id"].astype(object).to_numpy()
    own = pd.Index(songs["song_id"].astype(object)).get_indexer(ids).astype(np.int64)
    own[ids == ""] = -1
    has_title = (lyrics["title"] != "").to_numpy()
    return _Claims(
        way=np.where(own >= 0, 0, -1),
        work=np.where(own >= 0, songs["work_id"].to_numpy()[np.maximum(own, 0)], 0),
        song=own,
        reason=np.where(has_title, NO_SONG, NO_ID).astype(object),
    )


def _claim_by_name(claims: _Claims, lyrics: pd.DataFrame, songs: pd.DataFrame) -> None:
    """Join what is left by title and artist: by the work itself, then by the looser artist."""
    named = (lyrics["artist"] != "") & (lyrics["title"] != "")
    left = np.flatnonzero((claims.way < 0) & named.to_numpy())
    if len(left) == 0:
        return
    keys = work_keys(lyrics.iloc[left]).to_numpy()
    found = np.isin(keys, songs["work_id"].to_numpy())
    claims.way[left[found]], claims.work[left[found]] = 1, keys[found]
    left = left[~found]
    part = lyrics.iloc[left]
    asked = list(zip(_titles(part), _loose_artists(part), strict=True))
    wanted = set(asked)
    works: dict[tuple[str, str], int] = {}
    names = zip(_titles(songs), _loose_artists(songs), strict=True)
    for name, work in zip(names, songs["work_id"].tolist(), strict=True):
        if name in wanted:  # of several works, the one of the smallest number
            works[name] = min(work, works.get(name, work))
    for at, name in zip(left.tolist(), asked, strict=True):
        if name in works:
            claims.way[at], claims.work[at] = 1, works[name]


def _claim_by_title(claims: _Claims, lyrics: pd.DataFrame, songs: pd.DataFrame) -> None:
    """Join lyrics that name no artist by a title that one song alone has."""
    bare = (lyrics["artist"] == "") & (lyrics["title"] != "")
    left = np.flatnonzero((claims.way < 0) & bare.to_numpy())
    if len(left) == 0:
        return
    titles = _titles(lyrics.iloc[left])
    works: dict[str, set[int]] = {title: set() for title in titles}
    for title, work in zip(_titles(songs), songs["work_id"].tolist(), strict=True):
        if title in works:
            works[title].add(work)
    for at, title in zip(left.tolist(), titles, strict=True):
        if len(works[title]) != 1:
            claims.reason[at] = MANY_SONGS if works[title] else NO_TITLE
        elif len(title.split()) < ENOUGH_WORDS:
            claims.reason[at] = SHORT_TITLE
        else:
            claims.way[at], claims.work[at] = 2, min(works[title])


def join_lyrics(lyrics: pd.DataFrame, songs: pd.DataFrame) -> LyricJoin:
    """Join lyrics to songs.

    Parameters
    ----------
    lyrics : DataFrame
        As :class:`~scripts.tables.lyrics.LyricTable` holds them.
    songs : DataFrame
        Columns ``song_id``, ``title`` and ``work_id`` of the song table, each id once.
    """
    claims = _claim_by_id(lyrics, songs)
    _claim_by_name(claims, lyrics, songs)
    _claim_by_title(claims, lyrics, songs)
    joined = np.flatnonzero(claims.way >= 0)
    first = joined[np.argsort(claims.way[joined], kind="stable")]
    by_work = pd.Series(first, index=claims.work[first])
    by_work = by_work[~by_work.index.duplicated()]
    at = by_work.index.get_indexer(songs["work_id"].to_numpy())
    row_of_song = np.full(len(songs), -1, np.int64)
    row_of_song[at >= 0] = by_work.to_numpy()[at[at >= 0]]
    own = np.flatnonzero(claims.song >= 0)
    row_of_song[claims.song[own]] = own
    used = np.unique(row_of_song[row_of_song >= 0])
    served = np.isin(joined, used)
    reason = claims.reason
    reason[joined[~served]] = SERVED
    lost = np.setdiff1d(np.arange(len(lyrics)), used)
    told = lyrics.iloc[lost][["song_id", "artist", "title"]].rename(columns={"song_id": "id"})
    counts = np.bincount(claims.way[used], minlength=len(WAYS)).tolist()
    place = np.where(row_of_song >= 0, np.searchsorted(used, row_of_song), -1)
    return LyricJoin(
        used.astype(np.int64),
        place.astype(np.int64),
        dict(zip(WAYS, counts, strict=True)),
        told.assign(reason=reason[lost]).reset_index(drop=True),
    )
