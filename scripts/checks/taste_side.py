"""What is known of artists beside who plays them: the blocks of side information of the check.

Conventions
-----------
Blocks are those of :mod:`scripts.learning.side_info`: ``audio`` (songs' features), ``lyrics``
(topics of their words), ``tags`` (what listeners called them) and ``genres`` (places of their tags
on the genre map). Songs and lyrics meet artists by :func:`scripts.text.names.artist_key`.

A tag that a listener gave an artist tells that the two have met. So tags of pairs that are held
out are held out too: from the tags, from an artist's place on the genre map, and, for all pairs of
validation and test at once, from the fit of the map.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from scripts.checks.taste_inputs import Tagging, TasteInputs
from scripts.learning.genre_map import (
    GenreVectors,
    Memberships,
    artist_vectors,
    fit_genre_vectors,
)
from scripts.learning.side_info import (
    audio_block,
    genre_block,
    keep_unheld,
    lyric_block,
    tag_block,
)
from scripts.learning.topics import learn_topics
from scripts.moods.features import FEATURES
from scripts.tables.lyric_join import join_lyrics
from scripts.tables.lyrics import read_lyrics
from scripts.tables.songs import read_songs
from scripts.text.names import artist_key

#: Tags that stand for families where a list is compared with a history, the most used ones.
N_FAMILIES = 20

_Places = Mapping[str, int]


def _items_of(names: Sequence[str], places: _Places) -> NDArray[np.int64]:
    found: dict[str, int] = {}
    for name in names:
        if name not in found:
            found[name] = places.get(artist_key(name), -1) if name else -1
    return np.array([found[name] for name in names], dtype=np.int64)


def _lyric_artists(lyrics: Any, songs: Any) -> list[str]:
    """Name the artist of each of the lyrics: its own, else that of the song it belongs to."""
    names = lyrics["artist"].tolist()
    if songs is None:
        return names
    join = join_lyrics(lyrics, songs)
    by_row: dict[int, str] = {}
    artists = songs["artist"].tolist()
    for song in np.flatnonzero(join.lyric_of_song >= 0).tolist():
        by_row.setdefault(int(join.used[join.lyric_of_song[song]]), str(artists[song]))
    return [name or by_row.get(row, "") for row, name in enumerate(names)]


def read_song_blocks(
    songs: Sequence[Path], lyrics: Sequence[Path], item_keys: Sequence[str], *, seed: int
) -> tuple[dict[str, csr_matrix], dict[str, Any]]:
    """Read what songs and lyrics tell of artists; also what was read, for the report."""
    places: dict[str, int] = {}
    for item, key in enumerate(item_keys):
        places.setdefault(key, item)
    blocks: dict[str, csr_matrix] = {}
    facts: dict[str, Any] = {}
    table = read_songs(songs).songs if songs else None
    if table is not None:
        items = _items_of(table["artist"].astype(str).tolist(), places)
        features = table[list(FEATURES)].to_numpy(np.float64)
        blocks["audio"] = audio_block(items, features, len(item_keys))
        facts["songs"] = {"songs": len(table), "of_artists_played": int((items >= 0).sum())}
    if lyrics:
        texts = read_lyrics(lyrics).lyrics
        items = _items_of(_lyric_artists(texts, table), places)
        topics = learn_topics(texts["text"].tolist(), seed=seed)
        facts["lyrics"] = {
            "lyrics": len(texts),
            "of_artists_played": int((items >= 0).sum()),
            "topics": topics.shares.shape[1],
            "note": topics.note,
        }
        if topics.shares.shape[1]:
            blocks["lyrics"] = lyric_block(items, topics.shares, len(item_keys))
    return blocks, facts


def _keep_tags(
    tagging: Tagging, held: csr_matrix
) -> tuple[NDArray[np.int64], NDArray[np.int64], Memberships]:
    """Leave tags of held-out pairs out; returns items, tags, and the two as memberships."""
    keep = keep_unheld(tagging.listeners, tagging.items, held)
    items, tags = tagging.items[keep], tagging.tags[keep]
    pairs, weights = np.unique(np.stack([items, tags]), axis=1, return_counts=True)
    names = [tagging.names[tag] for tag in pairs[1].tolist()]
    return items, tags, Memberships(pairs[0], names, weights.astype(np.float64))


def make_side_source(
    inputs: TasteInputs, song_blocks: Mapping[str, csr_matrix], hidden: csr_matrix
) -> Callable[[csr_matrix], dict[str, csr_matrix]]:
    """Make the function that a trial asks for blocks that do not know of held-out pairs.

    Parameters
    ----------
    hidden : (n_listeners, n_items) CSR
        Pairs of the validation and of the test. The genre map is fitted once, without their tags;
        an artist's place on it is found anew from the tags that each question leaves. A blend
        holds further pairs out for its weights; the map has seen their tags, the artists' places
        have not.
    """
    tagging, n_items = inputs.tagging, inputs.X.shape[1]

    @cache
    def fit_map() -> GenreVectors | None:
        _, _, memberships = _keep_tags(tagging, hidden)
        return fit_genre_vectors(memberships) if len(memberships.artists) else None

    def side_of(held: csr_matrix) -> dict[str, csr_matrix]:
        items, tags, kept = _keep_tags(tagging, held)
        genre_map = fit_map()
        if genre_map is None or not len(items):
            return dict(song_blocks)
        blocks = {
            "tags": tag_block(items, tags, n_items, n_tags=len(tagging.names)),
            "genres": genre_block(artist_vectors(genre_map, kept, n_items)),
        }
        told = {name: block for name, block in blocks.items() if block.nnz}  # without edges: none
        return {**song_blocks, **told}

    return side_of


def find_families(tagging: Tagging, n_items: int) -> csr_matrix | None:
    """Tell each artist's shares of the most used tags; None without tags.

    They only describe lists and histories: no model sees them.
    """
    if not len(tagging.items):
        return None
    counts = np.bincount(tagging.tags, minlength=len(tagging.names))
    top = np.argsort(-counts, kind="stable")[:N_FAMILIES]
    family = np.full(len(counts), -1, dtype=np.int64)
    family[top] = np.arange(len(top))
    of_tag = family[tagging.tags]
    known = of_tag >= 0
    shape = (n_items, len(top))
    ones = np.ones(int(known.sum()))
    table = csr_matrix((ones, (tagging.items[known], of_tag[known])), shape=shape)
    totals = np.asarray(table.sum(axis=1)).ravel()
    per_row = np.repeat(np.where(totals > 0, totals, 1.0), np.diff(table.indptr))
    return csr_matrix((table.data / per_row, table.indices, table.indptr), shape=shape)


def tell_block_coverage(blocks: Mapping[str, csr_matrix], X: csr_matrix) -> dict[str, Any]:
    """Tell what share of artists, of listeners' artists and of listens each block knows."""
    played = np.bincount(X.indices, minlength=X.shape[1])
    listens = np.bincount(X.indices, X.data, minlength=X.shape[1])
    told = {}
    for name, block in blocks.items():
        known = np.diff(csr_matrix(block).indptr) > 0
        told[name] = {
            "columns": int(block.shape[1]),
            "artists": round(float(known.mean()), 4),
            "pairs": round(float(played[known].sum() / max(played.sum(), 1)), 4),
            "listens": round(float(listens[known].sum() / max(listens.sum(), 1e-9)), 4),
        }
    return told
