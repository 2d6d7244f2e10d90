"""Write a song table of any size whose features hang together as those of real songs do.

Conventions
-----------
The columns are those of the Kaggle 114k ``dataset.csv`` and a ``release_date``. Spotify's units:
``loudness`` in dB, ``tempo`` in beats per minute, ``duration_ms`` in milliseconds, popularity 0
to 100, the rest of the features in [0, 1]. The same size, seed and source give the same file.

Method
------
A smoothed bootstrap in the space of normal scores. Each column of the source is replaced by the
normal quantile of its rank; a new song is a source song, shrunk by ``sqrt(1 - h^2)``, plus ``h``
times Gaussian noise with the source's own correlations; ranks turn back into values by the
source's quantiles. Shrinking keeps the variance, so margins and rank correlations stay those of
the source (Silverman & Young 1987, The bootstrap: to smooth or not to smooth?,
doi:10.1093/biomet/74.3.469). Genres, artists, titles, years and ids are invented on top: see
:func:`draw_chunk`.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
from scipy.special import ndtr, ndtri

from benchmarks import words
from benchmarks.invented import (
    FIRST_YEAR,
    LAST_YEAR,
    draw_ids,
    join_guests,
    name_dates,
    name_titles,
)

ROOT = Path(__file__).resolve().parent.parent
DEFAULT_SOURCE = ROOT / "input" / "sample" / "songs.csv"

#: Columns drawn jointly, and the decimals Spotify gives them.
JOINT_DECIMALS: dict[str, int] = {
    "popularity": 0,
    "duration_ms": 0,
    "danceability": 3,
    "energy": 3,
    "loudness": 3,
    "speechiness": 4,
    "acousticness": 6,
    "instrumentalness": 6,
    "liveness": 4,
    "valence": 3,
    "tempo": 3,
}
JOINT: tuple[str, ...] = tuple(JOINT_DECIMALS)
#: Columns taken over unchanged from the source song.
INHERITED: tuple[str, ...] = ("explicit", "key", "mode", "time_signature")

COLUMNS: tuple[str, ...] = (
    "track_id",
    "artists",
    "album_name",
    "track_name",
    "popularity",
    "duration_ms",
    "explicit",
    "danceability",
    "energy",
    "key",
    "loudness",
    "mode",
    "speechiness",
    "acousticness",
    "instrumentalness",
    "liveness",
    "valence",
    "tempo",
    "time_signature",
    "track_genre",
    "release_date",
)

CHUNK = 250_000
BANDWIDTH = 0.25  # h: enough to melt the copies of one source song into a cloud
N_GENRES = 100
FIRST_EXPLICIT_YEAR = 1985
SONGS_PER_ARTIST = 5
REISSUE_SHARE = 0.02  # the same recording, title and artist under another id
VERSION_SHARE = 0.02  # the same recording under a title such as "… - Live"


@dataclass(frozen=True)
class Source:
    """A real table, prepared for drawing.

    ``scores`` (n, 11): normal scores; ``quantiles`` (11, n): each column sorted; ``factor``
    (11, 11): Cholesky factor of the scores' correlation; ``genre``: codes into ``genre_names``.
    """

    scores: np.ndarray
    quantiles: np.ndarray
    factor: np.ndarray
    inherited: dict[str, np.ndarray]
    genre: np.ndarray
    genre_names: tuple[str, ...]


def read_table(path: Path) -> pd.DataFrame:
    """Read a CSV or Parquet file, by its ending."""
    return pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)


def read_source(path: Path) -> Source:
    """Read the table to resample; it needs the Kaggle 114k column names.

    Raises
    ------
    SystemExit
        When the file is absent or lacks a column.
    """
    if not path.is_file():
        raise SystemExit(f"{path}: no such file; give the table to resample with --source FILE")
    table = read_table(path)
    missing = [c for c in (*JOINT, *INHERITED, "track_genre") if c not in table.columns]
    if missing:
        raise SystemExit(f"{path}: column {missing[0]!r} is missing; found {list(table.columns)}")
    table = table[table["tempo"] > 0].dropna(subset=[*JOINT, *INHERITED])
    return prepare_source(table)


def prepare_source(table: pd.DataFrame) -> Source:
    """Turn a table into normal scores and quantiles; ties take their ranks in random order."""
    rng = np.random.default_rng(0)
    values = table[list(JOINT)].to_numpy(np.float64)
    n = len(values)
    scores = np.empty_like(values)
    for column in range(values.shape[1]):
        order = np.lexsort((rng.random(n), values[:, column]))
        scores[order, column] = ndtri((np.arange(n) + 0.5) / n)
    truth = table["explicit"].astype(str).str.lower().isin(["true", "1", "1.0"])
    inherited = {"explicit": truth.to_numpy()}
    inherited |= {name: table[name].to_numpy(np.int64) for name in INHERITED[1:]}
    genre, names = pd.factorize(table["track_genre"].astype(str), sort=True)
    return Source(
        scores=scores,
        quantiles=np.ascontiguousarray(np.sort(values, axis=0).T),
        factor=np.linalg.cholesky(np.corrcoef(scores, rowvar=False)),
        inherited=inherited,
        genre=genre,
        genre_names=tuple(names),
    )


def draw_scores(source: Source, picks: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw a song near each picked source song: (n, 11) normal scores."""
    noise = rng.standard_normal((len(picks), len(JOINT))) @ source.factor.T
    return np.sqrt(1 - BANDWIDTH**2) * source.scores[picks] + BANDWIDTH * noise


def values_of(scores: np.ndarray, quantiles: np.ndarray, decimals: int) -> np.ndarray:
    """Turn the normal scores of one column back into values, rounded as Spotify rounds them."""
    place = ndtr(scores) * (len(quantiles) - 1)
    low = np.minimum(place.astype(np.int64), len(quantiles) - 2)
    share = place - low
    values = quantiles[low] * (1 - share) + quantiles[low + 1] * share
    if decimals < 6:
        return np.round(values, decimals)
    # three significant digits, for the features that come close to 0
    with np.errstate(divide="ignore"):
        exponent = np.floor(np.log10(np.where(values > 0, values, 1.0)))
    scale = 10.0 ** np.minimum(2 - exponent, 8)
    return np.round(values * scale) / scale


def draw_genres(
    source: Source, genre: np.ndarray, scores: np.ndarray, rng: np.random.Generator
) -> pa.Array:
    """Split each source genre into styles that differ in sound and in size (a Zipf law).

    Which style a song has depends on where it lies along one direction of the score space, fixed
    per source genre, and on chance.
    """
    n_styles = min(len(words.STYLES), max(1, round(N_GENRES / len(source.genre_names))))
    fixed = np.random.default_rng(1)  # the styles' sound is the same in every table
    directions = fixed.standard_normal((len(source.genre_names), scores.shape[1]))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    orders = np.array([fixed.permutation(n_styles) for _ in source.genre_names])
    shares = 1 / (1 + orders) ** 0.7
    bounds = np.cumsum(shares / shares.sum(axis=1, keepdims=True), axis=1)
    along = np.einsum("ij,ij->i", scores, directions[genre])
    place = ndtr(0.7 * along + np.sqrt(1 - 0.7**2) * rng.standard_normal(len(genre)))
    slot = (place[:, None] > bounds[genre, :-1]).sum(axis=1)
    names = [
        f"{style}-{name}" if style else name
        for name in source.genre_names
        for style in words.STYLES[:n_styles]
    ]
    return pa.array(names).take(pa.array(genre * n_styles + orders[genre, slot]))


def draw_artists(
    n_artists: int, genre: np.ndarray, n_genres: int, rng: np.random.Generator
) -> np.ndarray:
    """Draw an artist number per song by a Zipf-Mandelbrot law; an artist keeps to one genre."""
    per_genre = max(1, n_artists // n_genres)
    shift, power = 100.0, 0.2  # weight (rank + 100)^-0.8: no artist owns a tenth of the table
    low, high = shift**power, (per_genre + shift) ** power
    rank = (low + rng.random(len(genre)) * (high - low)) ** (1 / power) - shift
    return np.minimum(rank.astype(np.int64), per_genre - 1) * n_genres + genre


def draw_years(loudness_score: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw release years, most of them recent; louder songs tend to be newer."""
    mixed = -0.3 * loudness_score + np.sqrt(1 - 0.3**2) * rng.standard_normal(len(loudness_score))
    age = (LAST_YEAR - FIRST_YEAR + 1) * ndtr(mixed) ** 2.5
    return np.maximum(LAST_YEAR - age.astype(np.int64), FIRST_YEAR)


def draw_reissues(n: int, rng: np.random.Generator) -> tuple[np.ndarray, pa.Array]:
    """Choose which row each row repeats (most repeat themselves) and the titles' endings."""
    n_reissues, n_versions = int(n * REISSUE_SHARE), int(n * VERSION_SHARE)
    chosen = rng.permutation(n)[: n_reissues + n_versions]
    rows = np.arange(n)
    rows[chosen] = rng.integers(n, size=len(chosen))
    ending = np.zeros(n, dtype=np.int64)
    ending[chosen[n_reissues:]] = rng.integers(1, len(words.VERSIONS) + 1, size=n_versions)
    return rows, pa.array(("", *words.VERSIONS)).take(pa.array(ending))


def draw_chunk(source: Source, *, start: int, n: int, total: int, seed: int) -> pa.RecordBatch:
    """Draw rows ``start`` to ``start + n`` of a table of ``total`` songs.

    The features are drawn jointly; explicit, key, mode and time signature come with the source
    song, and so does the genre, split into styles. Two in a hundred songs are another's recording
    under a new id, two more are a live or remastered version.
    """
    rng = np.random.default_rng([seed, start])
    rows, endings = draw_reissues(n, rng)
    picks = rng.integers(len(source.scores), size=n)
    scores = draw_scores(source, picks, rng)
    popularity_scores = scores[:, 0]
    n_genres = len(source.genre_names)
    n_artists = min(max(total // SONGS_PER_ARTIST, 1), words.N_ARTISTS)
    artists = draw_artists(n_artists, source.genre[picks], n_genres, rng)
    guests = draw_artists(n_artists, source.genre[picks], n_genres, rng)
    titles = rng.integers(words.N_TITLES, size=n)
    picks, scores, artists, titles = picks[rows], scores[rows], artists[rows], titles[rows]
    scores[:, 0] = popularity_scores

    columns: dict[str, object] = {
        name: values_of(scores[:, place], source.quantiles[place], JOINT_DECIMALS[name])
        for place, name in enumerate(JOINT)
    }
    for name in ("popularity", "duration_ms"):
        columns[name] = pa.array(columns[name]).cast(pa.int64())
    columns |= {name: values[picks] for name, values in source.inherited.items()}
    years = draw_years(scores[:, JOINT.index("loudness")], rng)
    columns["explicit"] = source.inherited["explicit"][picks] & (years >= FIRST_EXPLICIT_YEAR)
    columns["track_id"] = draw_ids(start, n, seed, rng)
    columns["artists"] = join_guests(artists, guests[rows])
    albums = (artists * 7_368_787 + rng.integers(6, size=n) * 40_009) % words.N_TITLES
    columns["album_name"] = name_titles(albums)
    columns["track_name"] = name_titles(titles, endings)
    columns["track_genre"] = draw_genres(source, source.genre[picks], scores, rng)
    columns["release_date"] = name_dates(years, rng)
    return pa.RecordBatch.from_pydict({name: columns[name] for name in COLUMNS})


def draw_songs(source: Source, n: int, seed: int = 0) -> Iterator[pa.RecordBatch]:
    """Draw a table of ``n`` songs in chunks."""
    for start in range(0, n, CHUNK):
        yield draw_chunk(source, start=start, n=min(CHUNK, n - start), total=n, seed=seed)


def write_songs(source: Source, n: int, path: Path, seed: int = 0) -> None:
    """Write ``n`` songs as Parquet or CSV, by the ending; the file appears only when complete."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    chunks = draw_songs(source, n, seed)
    first = next(chunks)
    if path.suffix == ".parquet":
        writer = pyarrow.parquet.ParquetWriter(partial, first.schema, compression="zstd")
    else:
        writer = pyarrow.csv.CSVWriter(partial, first.schema)
    try:
        with writer:
            writer.write_batch(first)
            for chunk in chunks:
                writer.write_batch(chunk)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def main() -> None:
    """Read the command line and write the table."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.generate_songs",
        description=(__doc__ or "").splitlines()[0],
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument("n", type=int, metavar="N", help="how many songs")
    parser.add_argument("file", type=Path, metavar="FILE", help="ends in .csv or .parquet")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--source", type=Path, default=DEFAULT_SOURCE, help="table to resample")
    options = parser.parse_args()
    if options.n < 1:
        parser.error(f"N is {options.n}; at least one song is needed")
    if options.file.suffix not in {".csv", ".parquet"}:
        parser.error(f"{options.file}: the ending has to be .csv or .parquet")
    started = time.perf_counter()
    write_songs(read_source(options.source), options.n, options.file, options.seed)
    seconds = time.perf_counter() - started
    size_mb = options.file.stat().st_size / 1e6
    print(
        f"{options.file}: {options.n:,} songs, {size_mb:,.0f} MB, {seconds:.1f} s", file=sys.stderr
    )


if __name__ == "__main__":
    main()
