"""What a training run learns from listeners' histories, and the map of genres.

Conventions
-----------
Artists, items and blocks are those of :mod:`scripts.training.genres` and
:mod:`scripts.training.taste_items`. Listeners have no names here: a model holds anonymous rows at
most, and what is told of the histories are counts.

Method
------
Artists are joined by key. A model is chosen and judged (:mod:`scripts.training.taste_choice`) with
side blocks in which the judging listeners' own tags do not count, then fitted once more on all
listeners, with everybody's tags. Before that their rows are put in an order that follows from the
rows alone, since some models keep them: the order of the input would say whose they are.
"""

from __future__ import annotations

import hashlib
import warnings
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scripts.errors import DataWarning
from scripts.learning.genre_graph import Memberships, join_memberships
from scripts.settings import TrainSettings
from scripts.training.genres import (
    SongArtists,
    find_artists,
    learn_genre_map,
    song_memberships,
)
from scripts.training.inputs import Inputs
from scripts.training.lyrics import EmbeddedLyrics, LyricWords
from scripts.training.progress import CountProgress
from scripts.training.taste_choice import Verdict, choose_model
from scripts.training.taste_division import divide
from scripts.training.taste_items import (
    Interactions,
    Tags,
    find_interactions,
    known_blocks,
    take_tags,
)
from scripts.training.taste_trials import fit_family

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

    from scripts.learning.genre_map import GenreMap, GenreVectors
    from scripts.learning.taste import TasteModel
    from scripts.tables.history_listeners import Listening

    Lyrics = tuple[EmbeddedLyrics, LyricWords | None]


class LearnedTaste(NamedTuple):
    """A model of taste, and how it was found."""

    model: TasteModel
    found: Interactions
    verdict: Verdict
    blocks: dict[str, int]  # side block -> items that it knows
    listening: Listening


class Places(NamedTuple):
    """Where artists and genres stand; and whose taste is alike, with histories."""

    artists: SongArtists
    genre_map: GenreMap | None
    taste: LearnedTaste | None

    @property
    def items(self) -> dict[str, int]:
        """The columns of the taste model by artist key."""
        if self.taste is None:
            return {}
        numbers = self.taste.found.numbers.tolist()
        return {self.artists.keys[number]: i for i, number in enumerate(numbers)}


def learn_places(inputs: Inputs) -> Places:
    """Find the artists, and map the genres, of a training without histories."""
    songs = inputs.songs.songs
    artists = find_artists(songs)
    memberships = song_memberships(songs, artists)
    return Places(artists, learn_genre_map(memberships, sorted(set(memberships.genres))), None)


def _song_blocks(
    X: NDArray[np.float64], lyrics: Lyrics | None, of_song: NDArray[np.int64], n_items: int
) -> dict[str, csr_matrix]:
    """Make the blocks that the songs of an artist tell: their sound, the topics of their lyrics."""
    from scripts.learning.side_info import audio_block, lyric_block

    blocks = {"audio": audio_block(of_song, X, n_items)}
    if lyrics is not None and lyrics[1] is not None and lyrics[1].topics.shares.shape[1]:
        lyric = lyrics[0].songs.lyric
        rows = np.flatnonzero(lyric >= 0)
        shares = lyrics[1].topics.shares[lyric[rows]]
        blocks["lyrics"] = lyric_block(of_song[rows], shares, n_items)
    return blocks


class _Sides(NamedTuple):
    """What songs tell once, and what listeners tag as often as is asked."""

    of_songs: Memberships
    blocks: dict[str, csr_matrix]
    found: Interactions
    listening: Listening

    def take_tags(self, told_by: NDArray[np.bool_]) -> tuple[Tags, Memberships]:
        """Take the tags of some listeners, and what they and the songs say of artists."""
        tags = take_tags(self.listening, self.found, told_by)
        return tags, join_memberships(self.of_songs, tags.memberships())

    def describe(
        self, tags: Tags, memberships: Memberships, genres: GenreMap | GenreVectors | None
    ) -> dict[str, csr_matrix]:
        """Make all blocks, with the tags of some listeners and the genres learned with them."""
        from scripts.learning.genre_map import artist_vectors
        from scripts.learning.side_info import genre_block, tag_block

        numbers, columns = self.found.numbers, self.found.columns
        blocks = dict(self.blocks)
        if genres is not None:
            vectors = artist_vectors(genres, memberships, len(columns))
            blocks["genres"] = genre_block(vectors[numbers])
        inside = columns[tags.artists] >= 0
        if inside.any():
            items = columns[tags.artists[inside]]
            blocks["tags"] = tag_block(items, tags.tags[inside], len(numbers))
        return known_blocks(blocks)


def shuffle_rows(X: csr_matrix) -> csr_matrix:
    """Put histories in an order that follows from what they hold; empty ones are left out.

    What orders them is a hash of each, so that neighbours have nothing in common.
    """
    hashes = []
    for row in np.flatnonzero(np.diff(X.indptr) > 0).tolist():
        part = slice(X.indptr[row], X.indptr[row + 1])
        content = X.indices[part].astype("<i8").tobytes() + X.data[part].astype("<f4").tobytes()
        hashes.append((hashlib.sha256(content).digest(), row))
    return X[[row for _, row in sorted(hashes)]]


def _choose(sides: _Sides, settings: TrainSettings) -> Verdict:
    """Choose a model with the tags of the listeners who are learned from alone."""
    from scripts.learning.genre_map import fit_genre_vectors

    found = sides.found
    division = divide(found.everything, found.first, seed=settings.seed)
    told_by = np.zeros(found.everything.shape[0], bool)
    told_by[division.train] = True
    tags, memberships = sides.take_tags(told_by)
    keep = sorted(set(sides.of_songs.genres))
    genres = fit_genre_vectors(memberships, keep=keep) if set(memberships.genres) else None
    side = sides.describe(tags, memberships, genres)
    progress = CountProgress("parts of learning taste done", quiet=settings.quiet)
    return choose_model(found.everything, division, side, seed=settings.seed, progress=progress)


def learn_taste(
    inputs: Inputs, X: NDArray[np.float64], lyrics: Lyrics | None, settings: TrainSettings
) -> Places:
    """Learn whose taste is alike from listeners' histories, and judge it; the map of genres anyway.

    Parameters
    ----------
    X : (n_songs, 9) float64
        The audio features.

    Raises
    ------
    DataError
        If there are too few listeners.
    """
    songs, listening = inputs.songs.songs, inputs.history
    if listening is None:
        return learn_places(inputs)
    artists = find_artists(songs, listening.artist_keys)
    found = find_interactions(listening, artists)
    if not found.join["n_artists_met"]:
        warnings.warn(
            "--history: none of the artists that the listeners played is in the song table, so "
            "their taste orders no song; give songs by artists of the histories with --songs",
            DataWarning,
            stacklevel=2,
        )
    of_item = np.append(found.columns, -1)[artists.of_song]
    n_items = len(found.numbers)
    blocks = _song_blocks(X, lyrics, of_item, n_items)
    sides = _Sides(song_memberships(songs, artists), blocks, found, listening)
    verdict = _choose(sides, settings)
    tags, memberships = sides.take_tags(np.ones(len(listening.users), bool))
    song_genres = sorted(set(sides.of_songs.genres))
    genre_map = learn_genre_map(memberships, song_genres, seed=settings.seed)
    side = sides.describe(tags, memberships, genre_map)
    model = fit_family(
        verdict.family, verdict.settings, shuffle_rows(found.histories), side, settings.seed
    )
    sizes = {name: int((np.diff(block.indptr) > 0).sum()) for name, block in side.items()}
    taste = LearnedTaste(model, found, verdict, sizes, listening)
    return Places(artists, genre_map, taste)
