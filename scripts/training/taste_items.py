"""From listeners' histories to the matrix that models of taste learn from, and its side blocks.

Conventions
-----------
An *item* is an artist, known by its key (:func:`scripts.text.names.artist_key`); items are numbered
by rising key. Listeners are rows, in the order in which they were read, without names. A block of
side information is (n_items, d), with rows of zeros for items of which it tells nothing.

An artist is kept as an item if at least :data:`~scripts.training.taste_division.FEWEST_PLAYERS`
listeners played it, and a tag if at least :data:`FEWEST_TAGGERS` listeners gave it: what one person
alone said or played is nobody else's business, and nothing can be learned from it. Artists of one
listener stay in the matrix that models are judged by, behind the items.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scripts.errors import DataError
from scripts.evaluation.taste_splits import to_matrix
from scripts.learning.genre_graph import Memberships, tidy_genre
from scripts.training.genres import SongArtists
from scripts.training.taste_division import FEWEST_PLAYERS

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

    from scripts.tables.history_listeners import Listening


#: Fewer listeners than this teach nothing that holds for others.
FEWEST_LISTENERS = 30

#: Listeners who gave a tag, at least.
FEWEST_TAGGERS = 5

#: A block whose items are fewer is left out.
FEWEST_KNOWN = 20


class Interactions(NamedTuple):
    """Who listened to whom, how often."""

    everything: csr_matrix  # (n_listeners, n_items + n_left_out) float32, listens
    first: NDArray[np.int64] | None  # (nnz,), first listen of each pair; None without times
    numbers: NDArray[np.int64]  # (n_items,), number of each item among the artists
    columns: NDArray[np.int64]  # (n_artists,), item of each artist, -1 without
    of_history: NDArray[np.int64]  # (n history artists,), their number among the artists, -1
    join: dict[str, Any]

    @property
    def histories(self) -> csr_matrix:
        """The listens of the items: (n_listeners, n_items)."""
        return self.everything[:, : len(self.numbers)]

    @property
    def n_listeners(self) -> int:
        """How many listeners played any of the items."""
        return int((np.diff(self.histories.indptr) > 0).sum())


def _unique_pairs(
    keys: NDArray[np.int64], plays: NDArray[Any], first: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.float32], NDArray[np.int64]]:
    """Put pairs of the same key together: listens added up, the earliest known moment."""
    pairs, where = np.unique(keys, return_inverse=True)
    never = np.iinfo(np.int64).max
    earliest = np.full(len(pairs), never)
    np.minimum.at(earliest, where, np.where(first < 0, never, first))
    earliest[earliest == never] = -1
    listens = np.bincount(where, plays, minlength=len(pairs)).astype(np.float32)
    return pairs, listens, earliest


def find_interactions(listening: Listening, artists: SongArtists) -> Interactions:
    """Bring histories to the items that a model is learned from.

    Parameters
    ----------
    listening : Listening
    artists : SongArtists
        With the keys of the histories' artists among its own.

    Raises
    ------
    DataError
        If fewer than :data:`FEWEST_LISTENERS` listeners, or no artist of two, are left.
    """
    n_artists = len(artists.keys)
    number = {key: i for i, key in enumerate(artists.keys)}
    of_history = np.array([number.get(key, -1) for key in listening.artist_keys], np.int64)
    who = of_history[listening.cols]
    named = who >= 0
    keys = listening.rows[named].astype(np.int64) * n_artists + who[named]
    pairs, listens, first = _unique_pairs(keys, listening.plays[named], listening.first[named])
    rows, cols = np.divmod(pairs, max(1, n_artists))
    n_players = np.bincount(cols, minlength=n_artists)
    kept = n_players >= FEWEST_PLAYERS
    _refuse_few(listening, int((np.bincount(rows[kept[cols]]) >= 2).sum()))
    numbers = np.concatenate([np.flatnonzero(kept), np.flatnonzero((n_players > 0) & ~kept)])
    place = np.empty(n_artists, np.int64)
    place[numbers] = np.arange(len(numbers))
    everything = to_matrix(rows, place[cols], listens, (len(listening.users), len(numbers)))
    times = first[np.lexsort((place[cols], rows))] if listening.has_times else None
    n_items = int(kept.sum())
    columns = np.where(kept, np.cumsum(kept) - 1, -1)
    join = _tell_join(artists, kept, n_players, (cols, listens))
    return Interactions(everything, times, numbers[:n_items], columns, of_history, join)


def _refuse_few(listening: Listening, n_left: int) -> None:
    if n_left >= FEWEST_LISTENERS:
        return
    n_read = len(listening.users)
    told = f"histories of {n_read:,} listener{'s' * (n_read != 1)}"
    if n_read >= FEWEST_LISTENERS:
        told += f", but only {n_left:,} of them played two artists or more that another listener "
        told += "played too"
    raise DataError(
        f"--history: {told}; a taste that holds for others is learned from {FEWEST_LISTENERS} "
        "listeners or more, so give more histories, or none. For one's own history no training is "
        "needed: python music_recommendation.py --history FILE"
    )


def _tell_join(
    artists: SongArtists,
    kept: NDArray[np.bool_],
    n_players: NDArray[np.int64],
    listened: tuple[NDArray[np.int64], NDArray[np.float32]],
) -> dict[str, Any]:
    """Say how far histories and the song table know the same artists."""
    cols, listens = listened
    played = n_players > 0
    met, scored = played & artists.in_songs, kept & artists.in_songs
    on_songs = artists.of_song[artists.of_song >= 0]
    return {
        "n_history_artists": int(played.sum()),
        "n_catalogue_artists": int(artists.in_songs.sum()),
        "n_artists_met": int(met.sum()),
        "share_of_history_artists": _share(met.sum(), played.sum()),
        "share_of_catalogue_artists": _share(met.sum(), artists.in_songs.sum()),
        "share_of_listens": _share(listens[artists.in_songs[cols]].sum(), listens.sum()),
        "share_of_songs": _share(met[on_songs].sum(), len(artists.of_song)),
        "n_artists_scored": int(scored.sum()),
        "share_of_songs_scored": _share(scored[on_songs].sum(), len(artists.of_song)),
        "n_artists_of_one_listener_left_out": int((played & ~kept).sum()),
    }


def _share(part: Any, whole: Any) -> float:
    return float(part) / float(whole) if whole else 0.0


class Tags(NamedTuple):
    """Which artists were given which tags: one entry a listener, artist and tag."""

    artists: NDArray[np.int64]  # number among the artists
    tags: NDArray[np.int64]  # index into ``names``
    names: list[str]

    def memberships(self) -> Memberships:
        """Say it as the map of genres wants it."""
        names = [self.names[tag] for tag in self.tags.tolist()]
        return Memberships(self.artists, names, np.ones(len(names)))


def take_tags(listening: Listening, found: Interactions, told_by: NDArray[np.bool_]) -> Tags:
    """Take the tags that some listeners gave, without those that few of them use.

    Parameters
    ----------
    told_by : (n_listeners,) bool
        The listeners whose tags count.
    """
    who = np.asarray(listening.tag_users, np.int64)
    number = found.of_history[np.asarray(listening.tag_items, np.int64)]
    counts = (who >= 0) & (number >= 0)
    counts[counts] = told_by[who[counts]]
    folded = [tidy_genre(name) for name in listening.tag_names]
    spelled = sorted(set(folded))
    place = {name: i for i, name in enumerate(spelled)}
    tag = np.array([place[name] for name in folded], np.int64)[listening.tag_numbers[counts]]
    entries = np.unique(np.stack([tag, number[counts], who[counts]]), axis=1)
    taggers = np.unique(entries[[0, 2]], axis=1)[0]
    common = np.bincount(taggers, minlength=len(spelled)) >= FEWEST_TAGGERS
    kept = entries[:, common[entries[0]]]
    names = [spelled[i] for i in np.flatnonzero(common).tolist()]
    return Tags(kept[1], (np.cumsum(common) - 1)[kept[0]], names)


def known_blocks(blocks: Mapping[str, csr_matrix]) -> dict[str, csr_matrix]:
    """Leave out the blocks that know next to no item."""
    return {
        name: block
        for name, block in sorted(blocks.items())
        if (np.diff(block.indptr) > 0).sum() >= FEWEST_KNOWN
    }
