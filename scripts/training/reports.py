"""Everything a run leaves in ``output/`` for people: tables, figures, plots and the model card.

Conventions
-----------
Files are written to a staging folder; :mod:`scripts.store.writing` moves them into place. Text
cells of CSV files never start as a spreadsheet formula does.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
from numpy.typing import NDArray
from sklearn.metrics import confusion_matrix

from scripts.evaluation.circumplex_plot import draw_circumplex
from scripts.evaluation.cluster_count import draw_cluster_count
from scripts.evaluation.feature_plots import draw_feature_plots
from scripts.evaluation.listener_plots import draw_listener_plots
from scripts.evaluation.model_card import write_card
from scripts.evaluation.song_map import draw_song_map
from scripts.evaluation.song_plots import draw_song_plots
from scripts.evaluation.song_report import FIDELITY_NOTE
from scripts.learning.song_clusters import SongClusters
from scripts.learning.topics import share_columns
from scripts.moods.features import FEATURES
from scripts.moods.vocabulary import LISTENER_MOODS, QUADRANTS, SONG_MOODS
from scripts.store.writing import NOT_JOINED, to_json
from scripts.training.inputs import Inputs
from scripts.training.learned import ListenerResult, SongResult
from scripts.training.lyric_rows import not_joined_table
from scripts.training.lyrics import EmbeddedLyrics, LyricWords
from scripts.training.rows import clustered_table

CHUNK = 200_000

#: What makes a spreadsheet run a text cell.
_FORMULA = "^([ ]*[=+\\-@\t\r\n\x00\uff1d\uff0b\uff0d\uff20])"


def safe_text(column: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    """Put an apostrophe before every text that a spreadsheet would run."""
    if not pc.any(pc.match_substring_regex(column, _FORMULA)).as_py():
        return column
    return pc.replace_substring_regex(column, pattern=_FORMULA, replacement="'\\1")


def write_safe_csv(path: Path, parts: list[pd.DataFrame] | Any) -> None:
    """Write frames of the same columns as one CSV file, text cells neutralised."""
    writer = None
    options = pyarrow.csv.WriteOptions(quoting_style="needed", quoting_header="none")
    try:
        for part in parts:
            table = pa.Table.from_pandas(part, preserve_index=False)
            for i, field in enumerate(table.schema):
                if pa.types.is_dictionary(field.type):
                    table = table.set_column(i, field.name, table[i].cast(pa.large_string()))
                if pa.types.is_large_string(table[i].type) or pa.types.is_string(table[i].type):
                    table = table.set_column(i, field.name, safe_text(table[i]))
            if writer is None:
                writer = pyarrow.csv.CSVWriter(str(path), table.schema, write_options=options)
            writer.write_table(table)
    finally:
        if writer is not None:
            writer.close()


def write_tables(
    folder: Path,
    inputs: Inputs,
    X: NDArray[np.float64],
    result: SongResult,
    lyrics: tuple[EmbeddedLyrics, LyricWords | None] | None = None,
) -> None:
    """Write ``clustered_songs.csv``, ``rejected_rows.csv`` and ``lyrics_not_joined.csv``."""
    songs = inputs.songs.songs
    topics: dict[str, NDArray[Any]] = {}
    if lyrics is not None and lyrics[1] is not None:
        topics = share_columns(lyrics[1].topics, lyrics[0].songs.lyric)
    write_safe_csv(
        folder / "clustered_songs.csv",
        (
            clustered_table(songs, X, result, slice(first, first + CHUNK), topics)
            for first in range(0, len(songs), CHUNK)
        ),
    )
    frames = [inputs.songs.rejected, inputs.listeners.rejected]
    frames += [inputs.lyrics.rejected] if inputs.lyrics else []
    rejected = pd.concat([frame.astype("str") for frame in frames]).fillna("")
    write_safe_csv(folder / "rejected_rows.csv", [rejected])
    if lyrics is not None:
        write_safe_csv(folder / NOT_JOINED, [not_joined_table(lyrics[0])])


def write_figures(folder: Path, metrics: dict[str, Any], inputs: Inputs) -> None:
    """Write ``metrics.json`` and ``MODEL_CARD.md``."""
    (folder / "metrics.json").write_text(to_json(metrics), encoding="utf-8")
    card = write_card(metrics, [file.name for file in inputs.files])
    (folder / "MODEL_CARD.md").write_text(card, encoding="utf-8")


def _song_confusion(inputs: Inputs, result: SongResult) -> dict[str, Any]:
    """Choose what the song confusion matrix shows: truth where there is any."""
    checked = result.cross_validated
    if checked is not None and inputs.truth is not None:
        matrix = confusion_matrix(
            np.asarray(inputs.truth.quadrant).astype(str),
            checked["predicted"].astype(str),
            labels=list(QUADRANTS),
        )
        return {
            "labels": list(QUADRANTS),
            "matrix": matrix,
            "title": f"Quadrants of labelled songs: {np.trace(matrix) / matrix.sum():.1%} right",
            "caption": (
                f"{checked['n']:,} labelled songs, each predicted by a model that never saw its "
                f"artist; the best guess without a model gets "
                f"{checked['baselines'][checked['best_guess']]['accuracy']:.1%}"
            ),
        }
    share = result.fidelity["fidelity_to_the_clusters"]
    return {
        "labels": result.fidelity["confusion"]["labels"],
        "matrix": np.array(result.fidelity["confusion"]["matrix"]),
        "title": f"Fidelity to the clusters: the song model agrees on {share:.0%} of the songs",
        "caption": FIDELITY_NOTE,
        "is_truth": False,
    }


def _draw_groups(folder: Path, frame: pd.DataFrame, result: SongResult, seed: int) -> None:
    """Draw the clusters among the mood words, the map of songs, and other numbers of clusters."""
    clusters = result.clusters
    scaling = (clusters.mean, clusters.scale)
    draw_circumplex(
        folder / "circumplex.png",
        songs=frame,
        centroids=clusters.centroids,
        centroid_names=clusters.moods,
        scaling=scaling,
    )
    sample: dict[str, Any] = {
        "songs": frame,
        "scaling": scaling,
        "n_songs": len(frame),
        "seed": seed,
    }
    draw_song_map(folder / "tsne_map.png", **sample)
    draw_cluster_count(
        folder / "cluster_count.png",
        n_clusters=len(clusters.moods),
        reason=_why_this_number(clusters),
        **sample,
    )


def _why_this_number(clusters: SongClusters) -> str:
    """Say why a run took its number of clusters; see ``choose_centroids``."""
    if not clusters.ladder:
        return "it was asked for with --clusters"
    *most, last = [str(int(step["n_clusters"])) for step in clusters.ladder]
    tried = f"{', '.join(most)} and {last}" if most else last
    named = max(int(step["moods_named"]) for step in clusters.ladder)
    if named == len(SONG_MOODS):
        return f"of those tried ({tried}), the fewest whose names cover all {named} moods"
    return f"of those tried ({tried}), the fewest whose names cover most moods ({named})"


def draw_plots(
    folder: Path,
    inputs: Inputs,
    X: NDArray[np.float64],
    *,
    listeners: ListenerResult,
    result: SongResult,
    seed: int,
) -> None:
    """Draw every plot of a run."""
    if listeners.report is not None:
        draw_listener_plots(
            folder / "user_behavior_runs",
            moods=list(LISTENER_MOODS),
            truth=np.asarray(inputs.listeners.moods),
            probability=listeners.report.probability,
            thresholds=listeners.report.thresholds,
            scores=[
                {
                    "metric": name,
                    "model": m["model"],
                    "prior": m["prior"],
                    "majority": m["majority"],
                    "low": m["model_low"],
                    "high": m["model_high"],
                }
                for name, m in listeners.report.metrics.items()
            ],
            synthetic=inputs.listeners.synthetic,
        )
    names = np.array(result.scores.names)
    frame = pd.DataFrame(X, columns=list(FEATURES), copy=False)
    frame["valence_cal"], frame["arousal_cal"] = result.places.T
    frame["mood"] = pd.Categorical.from_codes(result.scores.mood, categories=names)
    frame["cluster"] = result.clusters.labels
    draw_song_plots(
        folder,
        songs=frame,
        centroids=result.clusters.centroids,
        centroid_names=result.clusters.moods,
        scaling=(result.clusters.mean, result.clusters.scale),
        confusion=_song_confusion(inputs, result),
        n_songs=len(X),
        seed=seed,
    )
    _draw_groups(folder / "music_runs", frame, result, seed)
    draw_feature_plots(
        folder / "spotify_statistics_visualization", frame, n_songs=len(X), seed=seed
    )
