"""The artists of a song table, its genres, and the map of genres that share artists.

Conventions
-----------
An *artist* is a key of :func:`scripts.text.names.artist_key`. Artists are numbered by rising key;
with listeners' histories their artists are numbered among them. A song without an artist has
number -1.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scripts.learning.genre_graph import Memberships
from scripts.text.names import artist_key

if TYPE_CHECKING:
    from scripts.learning.genre_map import GenreMap


class SongArtists(NamedTuple):
    """The artists of the songs."""

    keys: list[str]  # rising, of the catalogue and, if given, of histories
    of_song: NDArray[np.int64]  # (n_songs,), row of ``keys``, -1 without
    artist_ids: list[list[int]]  # the catalogue's own numbers of each key, that of most songs first
    in_songs: NDArray[np.bool_]  # (n_keys,)


def find_artists(songs: pd.DataFrame, more_keys: list[str] | None = None) -> SongArtists:
    """Find the artists of the songs by key.

    A key has every ``artist_id`` that shares it ("Her" and "H.E.R."), that of most songs first,
    then the smallest.

    Parameters
    ----------
    songs : DataFrame
        Columns ``artist`` and ``artist_id``.
    more_keys : list of str, optional
        Keys of other artists that are to be numbered too.
    """
    codes, names = pd.factorize(songs["artist"])
    of_name = [artist_key(name) for name in names.tolist()]
    keys = sorted({*of_name, *(more_keys or [])} - {""})
    number = {key: i for i, key in enumerate(keys)}
    rows = np.array([*(number.get(key, -1) for key in of_name), -1], np.int64)  # last: no name
    of_song = rows[codes]
    known = of_song >= 0
    pairs, counts = np.unique(
        np.stack([of_song[known], songs["artist_id"].to_numpy()[known]]), axis=1, return_counts=True
    )
    order = np.lexsort((pairs[1], -counts, pairs[0]))
    artist_ids: list[list[int]] = [[] for _ in keys]
    for row, artist_id in pairs[:, order].T.tolist():
        artist_ids[row].append(artist_id)
    in_songs = np.array([bool(ids) for ids in artist_ids], bool)
    return SongArtists(keys, of_song, artist_ids, in_songs)


def artist_rows(
    artists: SongArtists, items: Mapping[str, int] | None = None
) -> Iterator[tuple[str, int | None, int | None]]:
    """Yield the rows of table ``artists``: key, artist_id, column of the taste model.

    ``items`` are the columns of the taste model by key; artists that neither the songs nor the
    model know get no row, those of several ``artist_id`` one for each.
    """
    columns = items or {}
    for key, artist_ids in zip(artists.keys, artists.artist_ids, strict=True):
        item = columns.get(key)
        for artist_id in artist_ids:
            yield key, artist_id, item
        if not artist_ids and item is not None:
            yield key, None, item


def song_memberships(songs: pd.DataFrame, artists: SongArtists) -> Memberships:
    """Say which artists have songs of which genres, and how many."""
    codes, texts = pd.factorize(songs["genres"])
    known = (artists.of_song >= 0) & (codes >= 0)
    pairs, counts = np.unique(
        artists.of_song[known] * len(texts) + codes[known], return_counts=True
    )
    who, lists = np.divmod(pairs, max(1, len(texts)))
    names = [list(filter(None, text.split(";"))) for text in texts.tolist()]
    sizes = np.array([len(row) for row in names], np.int64)[lists]
    genres = [name for row in lists.tolist() for name in names[row]]
    return Memberships(np.repeat(who, sizes), genres, np.repeat(counts, sizes).astype(np.float64))


def learn_genre_map(
    memberships: Memberships, song_genres: list[str], *, seed: int = 0
) -> GenreMap | None:
    """Fit the map of genres; None where there are fewer than two to put on it."""
    if len(set(memberships.genres)) < 2:
        return None
    from scripts.learning.genre_map import fit_genre_map

    return fit_genre_map(memberships, keep=song_genres, seed=seed)


def genre_map_rows(
    genre_map: GenreMap | None, genres: list[tuple[int, str]]
) -> list[tuple[Any, ...]]:
    """Make the rows of table ``genre_map``, by rising name."""
    if genre_map is None:
        return []
    from scripts.learning.genre_map import genre_rows

    ids = {name: genre_id for genre_id, name in genres}
    return sorted(genre_rows(genre_map, ids))
