"""From learned arrays to the rows of the catalogue and of ``clustered_songs.csv``.

Conventions
-----------
``rank`` orders the whole catalogue: by mood, then falling margin, falling popularity (unknown
last), rising song id. The songs come in the order of their ids, which settles every tie.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scripts.learning.mood_plane import QUADRANT_TARGETS
from scripts.learning.song_mood import SongScores
from scripts.moods.features import FEATURES
from scripts.moods.vocabulary import SONG_MOODS, SPOKEN
from scripts.training.learned import SongResult

CHUNK = 50_000

#: A mood with fewer playable songs than this gets a stand-in.
ENOUGH_SONGS = 10

#: How many of a mood's best songs are looked at to see whether enough can be played.
LOOK = 5_000

#: Songs by one artist that count as playable, the program's default.
PER_ARTIST = 2


class RankedSongs(NamedTuple):
    """The catalogue's order."""

    order: NDArray[np.int64]  # row of the song table at each rank
    mood_names: list[str]
    mood_rows: list[tuple[int, str, int, int, int, str | None]]

    @property
    def stand_ins(self) -> dict[str, str]:
        """Mood -> the moods that stand in for it, the nearest first, joined by ";"."""
        return {row[1]: row[5] for row in self.mood_rows if row[5] is not None}


def order_songs(songs: pd.DataFrame, scores: SongScores) -> NDArray[np.int64]:
    """Sort by mood, falling margin, falling popularity; ids settle the rest."""
    popularity = songs["popularity"].fillna(-1.0).to_numpy()
    return np.lexsort((-popularity, -scores.margin, scores.mood))


def _count_playable(songs: pd.DataFrame, rows: NDArray[np.int64]) -> int:
    """Count the songs among the best 5,000 that one playlist of default wishes could hold."""
    best = songs.iloc[rows[:LOOK]][["work_id", "artist_id"]].drop_duplicates("work_id")
    return int(best.groupby("artist_id").size().clip(upper=PER_ARTIST).sum())


def _nearness(mood: str, other: str, place: NDArray[np.float64]) -> tuple[int, float, str]:
    """Order moods by how well they stand in for ``mood``: the nearest quarter, then place, first.

    A quarter that shares one side with the mood's own comes before the opposite one.
    """
    valence, arousal, quadrant = SONG_MOODS[mood]
    here, there = QUADRANT_TARGETS[quadrant], QUADRANT_TARGETS[SONG_MOODS[other][2]]
    sides = sum(a != b for a, b in zip(here, there, strict=True))
    return sides, float((place[0] - valence) ** 2 + (place[1] - arousal) ** 2), other


def _find_stand_ins(
    mood: str,
    songs: pd.DataFrame,
    rows_of: dict[str, NDArray[np.int64]],
    places: NDArray[np.float64],
) -> str | None:
    """Name the nearest moods on the plane that make up for a mood with too few songs.

    Nearness is that of a mood's songs in this catalogue, by the middle of their calibrated
    places. As many moods are named as are needed to fill one playlist of default wishes; joined
    by ";".
    """
    others = [name for name in SONG_MOODS if name != mood and len(rows_of.get(name, ()))]
    middles = {name: places[rows_of[name]].mean(axis=0) for name in others}
    others.sort(key=lambda name: _nearness(mood, name, middles[name]))
    rows = rows_of.get(mood, np.array([], dtype=np.int64))
    taken = []
    for name in others:
        if _count_playable(songs, rows) >= ENOUGH_SONGS:
            break
        taken.append(name)
        rows = np.concatenate([rows, rows_of[name][:LOOK]])
    return ";".join(taken) or None


def rank_catalogue(
    songs: pd.DataFrame, scores: SongScores, places: NDArray[np.float64]
) -> RankedSongs:
    """Put the catalogue in order and see to it that every mood has songs.

    Parameters
    ----------
    songs : DataFrame
        Columns ``popularity``, ``work_id`` and ``artist_id`` of the song table, in id order.
    scores : SongScores
    places : (n_songs, 2) float
        Calibrated valence and arousal.
    """
    order = order_songs(songs, scores)
    names = [*SONG_MOODS, SPOKEN]
    counts = np.bincount(scores.mood, minlength=len(scores.names))
    starts = np.concatenate([[0], np.cumsum(counts)])
    at = {name: i for i, name in enumerate(scores.names)}
    rows_of = {name: order[starts[at[name]] : starts[at[name] + 1]] for name in names if name in at}
    playable = {name: _count_playable(songs, rows) for name, rows in rows_of.items()}
    mood_rows = []
    for mood_id, name in enumerate([*scores.names, *(n for n in names if n not in at)]):
        few = name in SONG_MOODS and playable.get(name, 0) < ENOUGH_SONGS
        mood_rows.append(
            (
                mood_id,
                name,
                int(starts[mood_id]) if name in at else 0,
                int(counts[mood_id]) if name in at else 0,
                playable.get(name, 0),
                _find_stand_ins(name, songs, rows_of, places) if few else None,
            )
        )
    return RankedSongs(order, list(scores.names), mood_rows)


def _plain(values: pd.Series) -> list[Any]:
    """Turn a column into plain Python values with None where unknown."""
    if not values.hasnans:
        return values.tolist()
    return values.astype(object).where(values.notna(), None).tolist()


def song_rows(
    songs: pd.DataFrame, X: NDArray[np.float64], result: SongResult, ranked: RankedSongs
) -> Iterator[Iterator[tuple[Any, ...]]]:
    """Yield chunks of rows in the order of ``SONG_COLUMNS``, by rising rank."""
    facts = ["song_id", "title", "artist", "genres", "year", "explicit", "popularity"]
    for first in range(0, len(ranked.order), CHUNK):
        rows = ranked.order[first : first + CHUNK]
        part = songs[[*facts, "duration_ms", "work_id", "artist_id"]].take(rows)
        columns: list[Any] = [range(first, first + len(rows))]
        columns += [_plain(part[name]) for name in [*facts, "duration_ms"]]
        columns += [
            result.scores.mood[rows].tolist(),
            result.scores.margin[rows].tolist(),
            part["work_id"].tolist(),
            part["artist_id"].tolist(),
            result.clusters.labels[rows].tolist(),
            *result.places[rows].T.tolist(),
            *X[rows].T.tolist(),
        ]
        yield zip(*columns, strict=True)


class GenreRows(NamedTuple):
    """Rows of ``genres`` and ``song_genres``."""

    genres: list[tuple[int, str]]
    song_genres: Iterator[Iterator[tuple[Any, ...]]]


def genre_rows(songs: pd.DataFrame, scores: SongScores, ranked: RankedSongs) -> GenreRows:
    """List the genres and, for each, its songs in rank order."""
    codes, texts = pd.factorize(songs["genres"].take(ranked.order), sort=True)
    lists = [[name for name in text.split(";") if name] for text in texts]
    names = sorted({name for names in lists for name in names})
    number = {name: i for i, name in enumerate(names)}
    counts = np.array([len(names) for names in lists], dtype=np.int64)
    per_song = counts[codes]
    rank = np.repeat(np.arange(len(codes), dtype=np.int64), per_song)
    flat = np.array([number[name] for names in lists for name in names], dtype=np.int64)
    offset = np.concatenate([[0], np.cumsum(counts)])[:-1][codes]
    within = np.arange(len(rank)) - np.repeat(np.cumsum(per_song) - per_song, per_song)
    genre = flat[np.repeat(offset, per_song) + within] if len(flat) else rank
    # ranks rise mood by mood, so ordering by genre alone keeps mood and rank in order
    by_genre = np.argsort(genre, kind="stable")

    def chunks() -> Iterator[Iterator[tuple[Any, ...]]]:
        for first in range(0, len(by_genre), CHUNK):
            at = by_genre[first : first + CHUNK]
            rows = ranked.order[rank[at]]
            part = songs[["year", "explicit"]].take(rows)
            yield zip(
                genre[at].tolist(),
                scores.mood[rows].tolist(),
                rank[at].tolist(),
                _plain(part["year"]),
                _plain(part["explicit"]),
                strict=True,
            )

    return GenreRows(list(enumerate(names)), chunks())


def clustered_table(
    songs: pd.DataFrame,
    X: NDArray[np.float64],
    result: SongResult,
    rows: slice,
    topics: Mapping[str, NDArray[Any]],
) -> pd.DataFrame:
    """Make rows of ``clustered_songs.csv``: the songs with what was learned of them.

    ``topics`` are columns of topic shares, missing for songs without lyrics.
    """
    facts = ["song_id", "title", "artist", "genres", "year", "popularity", "explicit"]
    table = songs[[*facts, "duration_ms"]].iloc[rows].copy()
    for i, name in enumerate(FEATURES):
        table[name] = X[rows, i]
    table["cluster"] = result.clusters.labels[rows]
    names = np.array(result.scores.names)
    table["mood"] = names[result.scores.mood[rows]]
    table["score"] = 1 / (1 + np.exp(-result.scores.margin[rows]))
    table["valence_cal"] = result.places[rows, 0]
    table["arousal_cal"] = result.places[rows, 1]
    for name, shares in topics.items():
        table[name] = shares[rows]
    return table
