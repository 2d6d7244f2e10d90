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
listeners, with everybody's tags.
"""

from __future__ import annotations

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
from scripts.training.taste_choice import Verdict, choose_model, divide
from scripts.training.taste_items import (
    Interactions,
    find_interactions,
    known_blocks,
    take_tags,
)
from scripts.training.taste_trials import fit_family

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

    from scripts.learning.genre_map import GenreMap
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

    def with_tags(
        self, told_by: NDArray[np.bool_], seed: int
    ) -> tuple[dict[str, csr_matrix], GenreMap | None]:
        """Make all blocks, and the map of genres, with the tags of some listeners."""
        from scripts.learning.side_info import genre_block, tag_block

        tags = take_tags(self.listening, self.found, told_by)
        numbers, columns = self.found.numbers, self.found.columns
        memberships = join_memberships(self.of_songs, tags.memberships())
        genre_map = learn_genre_map(memberships, sorted(set(self.of_songs.genres)), seed=seed)
        blocks = dict(self.blocks)
        if genre_map is not None:
            from scripts.learning.genre_map import artist_vectors

            vectors = artist_vectors(genre_map, memberships, len(columns))
            blocks["genres"] = genre_block(vectors[numbers])
        inside = columns[tags.artists] >= 0
        if inside.any():
            items = columns[tags.artists[inside]]
            blocks["tags"] = tag_block(items, tags.tags[inside], len(numbers))
        return known_blocks(blocks), genre_map


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
    division = divide(found.X, found.first, seed=settings.seed)
    told_by = np.zeros(len(listening.users), bool)
    told_by[division.train] = True
    side, _ = sides.with_tags(told_by, settings.seed)
    progress = CountProgress("models of taste tried", quiet=settings.quiet)
    verdict = choose_model(found.X, division, side, seed=settings.seed, progress=progress)
    side, genre_map = sides.with_tags(np.ones_like(told_by), settings.seed)
    played = found.X[np.diff(found.X.indptr) > 0]
    model = fit_family(verdict.family, verdict.settings, played, side, settings.seed)
    sizes = {name: int((np.diff(block.indptr) > 0).sum()) for name, block in side.items()}
    taste = LearnedTaste(model, found, verdict, sizes, listening)
    return Places(artists, genre_map, taste)
