"""Plots of the catalogue's audio features: one histogram each, all pairs, all correlations.

Conventions
-----------
Features and units are those of :mod:`scripts.moods.features`; a file is named after a feature
without its unit. Histograms and correlations count every song given, the pairplot shows a
stated sample. A feature that never varies has no correlation: its cells stay blank.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure

from scripts.errors import DataError
from scripts.evaluation.feature_distribution import draw_distribution
from scripts.evaluation.feature_summary import (
    correlate,
    describe_strongest,
    plain_name,
    write_signed,
)
from scripts.evaluation.pair_plot import PAIRPLOT_FEATURES, draw_pairplot
from scripts.evaluation.plot_style import (
    add_axes,
    describe_sample,
    house_style,
    new_figure,
    sample_rows,
    save_figure,
)
from scripts.moods.features import FEATURES

PAIRPLOT_LIMIT = 1_500


def draw_feature_plots(folder: Path, songs: pd.DataFrame, *, n_songs: int, seed: int) -> list[Path]:
    """Draw the heatmap, the pairplot and a histogram per feature.

    Parameters
    ----------
    folder : pathlib.Path
        Where the files go; it is made if it is missing.
    songs : pandas.DataFrame
        The nine audio features without missing values; other columns are not read.
    n_songs : int
        How many songs the catalogue holds; `songs` may be a sample of them.
    seed : int
        Chooses the sample of at most 1,500 songs that the pairplot shows.

    Returns
    -------
    list of pathlib.Path
        The files written.

    Raises
    ------
    DataError
        There is no song.
    OSError
        A file cannot be written.
    """
    if songs.empty:
        raise DataError(
            "feature plots: there is no song to draw; train on a table with songs first"
        )
    source = describe_sample(len(songs), n_songs, seed)
    columns = {name: songs[name].to_numpy(float) for name in FEATURES}
    rows = sample_rows(len(songs), PAIRPLOT_LIMIT, seed)
    sampled = np.column_stack([columns[name][rows] for name in PAIRPLOT_FEATURES])
    r = correlate(list(columns.values()))
    paired = [FEATURES.index(name) for name in PAIRPLOT_FEATURES]
    shown = f"{describe_sample(len(rows), n_songs, seed)}; r is that of {source}"
    with house_style():
        figures = {
            "correlation_heatmap.png": _heatmap(r, source),
            "pairplot.png": draw_pairplot(sampled, r[np.ix_(paired, paired)], shown),
        }
        written = [save_figure(figure, folder / name) for name, figure in figures.items()]
        for name, values in columns.items():
            path = folder / f"{plain_name(name)}_distribution.png"
            written.append(save_figure(draw_distribution(name, values, source), path))
    return written


def _heatmap(r: np.ndarray, source: str) -> Figure:
    """Draw the half below the diagonal: the other half says the same again."""
    names = [plain_name(name) for name in FEATURES]
    figure = new_figure(
        (8.4, 6.3),
        describe_strongest(r, names),
        notes=("Pearson's r of every two audio features.",),
        caption=f"{source[0].upper()}{source[1:]}. A cell is blank where a feature never varies.",
    )
    axes = add_axes(figure, 1.5, 1.25, 5.6, 4.8)
    bar = add_axes(figure, 7.35, 1.25, 0.18, 4.8)
    half = np.where(np.tri(len(r), k=-1, dtype=bool), r, np.nan)[1:, :-1]
    sns.heatmap(
        pd.DataFrame(half, index=names[1:], columns=names[:-1]),
        ax=axes,
        cbar_ax=bar,
        mask=np.isnan(half),
        cmap="vlag",
        vmin=-1,
        vmax=1,
        annot=np.array([[write_signed(value, 2) for value in row] for row in half]),
        fmt="",
        linewidths=1.5,
        annot_kws={"fontsize": 9.5},
    )
    axes.set_xticklabels(names[:-1], rotation=35, ha="right", rotation_mode="anchor")
    axes.set_yticklabels(names[1:], rotation=0)
    axes.tick_params(length=0)
    bar.set_title("r", fontsize=9.5)
    return figure
