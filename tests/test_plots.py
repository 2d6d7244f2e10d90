"""The plots: every file there, readable, the same twice, and whole or absent."""

from __future__ import annotations

from pathlib import Path

import matplotlib
import matplotlib.text
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.colors import to_rgb
from matplotlib.image import imread

from scripts.errors import DataError
from scripts.evaluation import plot_style
from scripts.evaluation.feature_plots import draw_feature_plots
from scripts.evaluation.feature_summary import (
    correlate,
    count_values,
    describe_strongest,
    smooth_counts,
    span_values,
)
from scripts.evaluation.label_placement import group_marks, place_names
from scripts.evaluation.listener_plots import draw_listener_plots
from scripts.evaluation.proportions import count_outcomes, quantile_bins, wilson_bounds
from scripts.evaluation.song_error_plots import draw_confusion, draw_errors_by_mood
from scripts.evaluation.song_plots import draw_song_plots, principal_components
from scripts.moods.features import FEATURES
from scripts.moods.vocabulary import LISTENER_MOODS, SONG_MOODS

MOODS = tuple(LISTENER_MOODS)
SCORES = [
    {"metric": "auc", "model": 0.75, "prior": 0.5, "majority": 0.5, "low": 0.7, "high": 0.8},
    {"metric": "brier", "model": 0.2, "prior": 0.2, "majority": None, "low": 0.1, "high": 0.3},
    {"metric": "odd", "model": 2.0, "prior": float("nan"), "majority": 1.0},
]


def make_songs(n: int, k: int = 4, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    songs = pd.DataFrame({name: rng.beta(2, 3, n) for name in FEATURES})
    songs["instrumentalness"] = np.where(rng.random(n) < 0.9, 0.0, songs["instrumentalness"])
    songs["loudness_db"] = -30 * songs["loudness_db"]
    songs["tempo_bpm"] = 60 + 120 * songs["tempo_bpm"]
    songs["valence_cal"], songs["arousal_cal"] = rng.random(n), rng.random(n)
    songs["cluster"] = rng.integers(k, size=n)
    songs["mood"] = np.array(list(SONG_MOODS))[songs["cluster"] % len(SONG_MOODS)]
    return songs


def song_arguments(songs: pd.DataFrame, k: int = 4, labels: tuple[str, ...] = ("happy", "sad")):
    values = songs[list(FEATURES)].to_numpy()
    m = len(labels)
    return {
        "songs": songs,
        "centroids": np.random.default_rng(1).normal(size=(k, len(FEATURES))),
        "centroid_names": [list(SONG_MOODS)[i % len(SONG_MOODS)] for i in range(k)],
        "scaling": (values.mean(axis=0), values.std(axis=0)),
        "confusion": {
            "labels": list(labels),
            "matrix": np.arange(m * m).reshape(m, m),
            "title": "A title that is long enough to need a second line on a plot of this width",
            "caption": "10 labelled songs.",
        },
        "n_songs": len(songs),
        "seed": 42,
    }


def listener_arguments(n: int = 60, synthetic: bool = False):
    rng = np.random.default_rng(0)
    probability = rng.random((n, len(MOODS)))
    return {
        "moods": MOODS,
        "truth": (rng.random(probability.shape) < probability).astype(int),
        "probability": probability,
        "thresholds": np.full(len(MOODS), 0.5),
        "scores": SCORES,
        "synthetic": synthetic,
    }


def draw_all(folder: Path) -> list[Path]:
    songs = make_songs(60)
    return [
        *draw_feature_plots(folder / "features", songs, n_songs=60, seed=42),
        *draw_song_plots(folder, **song_arguments(songs)),
        *draw_listener_plots(folder / "listeners", **listener_arguments()),
    ]


def test_every_plot_is_there_readable_and_the_same_twice(tmp_path):
    first, second = draw_all(tmp_path / "a"), draw_all(tmp_path / "b")
    names = {str(path.relative_to(tmp_path / "a")) for path in first}
    stems = [name.removesuffix("_db").removesuffix("_bpm") for name in FEATURES]
    assert names == {
        "kmeans_cluster_scatter.png",
        "valence_energy_plane.png",
        "music_runs/confusion_matrix.png",
        "music_runs/misclassification_bar.png",
        "features/correlation_heatmap.png",
        "features/pairplot.png",
        *(f"features/{stem}_distribution.png" for stem in stems),
        *(
            f"listeners/{name}.png"
            for name in (
                "confusion_matrix",
                "misclassification_bar",
                "reliability_curve",
                "scores_beside_guessing",
            )
        ),
    }
    for path, again in zip(first, second, strict=True):
        assert path.read_bytes() == again.read_bytes(), path.name
        assert b"Software" not in path.read_bytes()
        assert path.stat().st_size <= 300_000
    assert sorted(first) == sorted((tmp_path / "a").rglob("*.*"))  # and no other file beside them


def test_sizes_are_those_of_the_figures(tmp_path):
    paths = {
        path.name: path for path in draw_feature_plots(tmp_path, make_songs(9), n_songs=9, seed=1)
    }
    height, width, _ = imread(paths["valence_distribution.png"]).shape
    assert width == round(7.6 * plot_style.DPI)
    assert 4.2 < height / plot_style.DPI < 5.2
    assert imread(paths["pairplot.png"]).shape[1] == pytest.approx(9.9 * plot_style.DPI, abs=1)


def test_settings_of_matplotlib_are_left_alone(tmp_path):
    before = dict(matplotlib.rcParams)
    with matplotlib.rc_context({"font.size": 30, "text.parse_math": True}):
        large = draw_feature_plots(tmp_path / "a", make_songs(9), n_songs=9, seed=1)
        assert matplotlib.rcParams["font.size"] == 30
    plain = draw_feature_plots(tmp_path / "b", make_songs(9), n_songs=9, seed=1)
    assert dict(matplotlib.rcParams) == before
    assert [path.read_bytes() for path in large] == [path.read_bytes() for path in plain]


def test_synthetic_listeners_are_marked_on_every_plot(tmp_path):
    real = draw_listener_plots(tmp_path / "a", **listener_arguments())
    synthetic = draw_listener_plots(tmp_path / "b", **listener_arguments(synthetic=True))
    for one, other in zip(real, synthetic, strict=True):
        red = np.abs(imread(other)[..., :3] - to_rgb(plot_style.WARNING)).max(axis=-1) < 0.02
        assert red.sum() > 100, other.name
        assert one.read_bytes() != other.read_bytes()


@pytest.mark.parametrize("k", [1, 2, 64])
@pytest.mark.parametrize("n", [1, 3, 70])
def test_songs_few_or_clusters_many(tmp_path, n, k):
    arguments = song_arguments(make_songs(n, k), k, tuple(SONG_MOODS))
    assert all(path.exists() for path in draw_song_plots(tmp_path, **arguments))


def test_empty_mood_unknown_mood_and_constant_features(tmp_path):
    songs = make_songs(30)
    songs[list(FEATURES)] = 0.5
    songs["mood"] = ["purple", None, "sad"] * 10
    arguments = song_arguments(songs)
    arguments["confusion"]["matrix"] = np.array([[0, 0], [0, 7]])
    assert len(draw_song_plots(tmp_path, **arguments)) == 4
    assert len(draw_feature_plots(tmp_path, songs, n_songs=30, seed=42)) == 11


@pytest.mark.parametrize("n", [1, 3])
def test_features_of_few_songs(tmp_path, n):
    assert len(draw_feature_plots(tmp_path, make_songs(n), n_songs=n, seed=42)) == 11


def test_bar_that_dwarfs_the_others_at_the_upper_end(tmp_path):
    songs = make_songs(200)
    songs["valence"] = np.where(np.arange(200) % 10, 1.0, songs["valence"])
    assert len(draw_feature_plots(tmp_path, songs, n_songs=10**6, seed=42)) == 11


def test_listeners_without_a_mood_or_without_an_error(tmp_path):
    arguments = listener_arguments(5)
    arguments["truth"] = np.zeros((5, 4), dtype=int)
    arguments["probability"] = np.zeros((5, 4))
    arguments["scores"] = []
    assert len(draw_listener_plots(tmp_path, **arguments)) == 4


def test_nothing_to_draw_is_an_error_that_says_so(tmp_path):
    empty = make_songs(3).iloc[:0]
    with pytest.raises(DataError, match="no song to draw"):
        draw_feature_plots(tmp_path, empty, n_songs=0, seed=42)
    with pytest.raises(DataError, match="no song to draw"):
        draw_song_plots(tmp_path, **{**song_arguments(make_songs(3)), "songs": empty})
    with pytest.raises(DataError, match="at least one listener"):
        draw_listener_plots(tmp_path, **listener_arguments(0))
    crooked = {**listener_arguments(), "truth": np.zeros((60, 3))}
    with pytest.raises(DataError, match=r"truth has shape \(60, 3\)"):
        draw_listener_plots(tmp_path, **crooked)


def test_interrupted_save_leaves_the_old_file_and_no_half_one(tmp_path, monkeypatch):
    path = tmp_path / "plot.png"
    path.write_bytes(b"old")
    figure = plot_style.new_figure((2, 2), "Title")

    def write_half(part, **_):
        Path(part).write_bytes(b"half")
        raise OSError("No space left on device")

    monkeypatch.setattr(figure, "savefig", write_half)
    with pytest.raises(OSError, match="No space left"):
        plot_style.save_figure(figure, path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["plot.png"]
    assert path.read_bytes() == b"old"


# Simulation of full protanopia, deuteranopia and tritanopia on linear RGB: the tables published
# by Machado, Oliveira & Fernandes (2009), severity 1.0.
BLINDNESS = {
    "none": np.eye(3),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "tritanopia": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}


def to_lab(linear: np.ndarray) -> np.ndarray:
    to_xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    xyz = np.clip(linear, 0, 1) @ np.array(to_xyz).T / [0.95047, 1.0, 1.08883]
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    x, y, z = f.T
    return np.column_stack([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("kind", BLINDNESS)
def test_every_two_mood_colours_stay_apart(kind):
    assert set(plot_style.MOOD_COLORS) == set(SONG_MOODS)
    rgb = np.array([to_rgb(color) for color in plot_style.MOOD_COLORS.values()])
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    lab = to_lab(linear @ BLINDNESS[kind].T)
    distance = np.linalg.norm(lab[:, None] - lab[None], axis=2)
    assert distance[np.triu_indices(len(lab), 1)].min() >= 17


@given(st.integers(0, 400), st.integers(1, 50), st.integers(0, 9))
def test_sample_is_sorted_distinct_and_repeatable(n, limit, seed):
    rows = plot_style.sample_rows(n, limit, seed)
    assert len(rows) == min(n, limit)
    assert (np.diff(rows) > 0).all()
    assert ((rows >= 0) & (rows < n)).all()
    assert (rows == plot_style.sample_rows(n, limit, seed)).all()


@given(st.integers(1, 64), st.integers(0, 50))
def test_names_never_cover_each_other(n, seed):
    rng = np.random.default_rng(seed)
    marks = rng.normal((450, 300), 60, (n, 2))
    moods = [list(SONG_MOODS)[i] for i in rng.integers(len(SONG_MOODS), size=n)]
    groups = group_marks(marks, moods, 75.0)
    assert sorted(i for group in groups for i in group) == list(range(n))
    assert all(len({moods[i] for i in group}) == 1 for group in groups)
    anchors = np.array([marks[group].mean(axis=0) for group in groups])
    sizes = np.tile([90.0, 22.0], (len(groups), 1))
    centres = place_names(anchors, sizes, marks, (900, 600))
    gap = np.abs(centres[:, None] - centres[None])
    covers = (gap < sizes[0] - 1e-9).all(axis=2)
    assert covers.sum() == len(groups)
    assert (centres >= sizes / 2 - 1e-9).all()
    assert (centres <= np.array([900, 600]) - sizes / 2 + 1e-9).all()


def test_correlation_is_pearsons_and_undefined_for_a_constant():
    rng = np.random.default_rng(0)
    columns = [rng.normal(size=50), rng.normal(size=50), np.full(50, 0.1)]
    r = correlate(columns)
    assert r[:2, :2] == pytest.approx(np.corrcoef(columns[:2]))
    assert np.isnan(r[2]).all()
    assert describe_strongest(np.full((3, 3), np.nan), "abc").startswith("No two features")


@given(st.lists(st.floats(0, 1), min_size=1, max_size=50))
def test_every_value_is_counted_and_the_density_keeps_the_sum(values):
    counts = count_values(np.array(values), (0.0, 1.0), 200)
    assert counts.sum() == len(values)
    assert smooth_counts(counts, 4.0).sum() == pytest.approx(len(values))


def test_span_of_a_single_tempo_has_a_width():
    assert span_values("tempo_bpm", np.array([120.0, 120.0]), 5.0) == (120.0, 125.0)


def test_outcomes_intervals_and_bins():
    truth, named = np.array([1, 1, 1, 0, 0], bool), np.array([1, 1, 0, 1, 0], bool)
    assert count_outcomes(truth, named).tolist() == [[2, 1], [1, 1]]
    # Wilson's interval for 0 of 10 and for 8 of 10, from the textbook formula by hand
    low, high = wilson_bounds(np.array([0, 8]), np.array([10, 10]))
    assert low == pytest.approx([0.0, 0.4902], abs=1e-4)
    assert high == pytest.approx([0.2775, 0.9433], abs=1e-4)
    probability = np.linspace(0, 1, 80)
    bins = quantile_bins(probability, probability > 0.5, 8)
    assert bins[:, 2].sum() == 80
    assert bins[:, 1].sum() == 40
    assert (np.diff(bins[:, 0]) > 0).all()


def test_principal_components_of_a_line():
    line = np.outer([-1.0, 0.0, 1.0], [3.0, -4.0])
    directions, shares = principal_components(line)
    assert directions[0] == pytest.approx([-0.6, 0.8])
    assert shares == pytest.approx([1.0, 0.0])
    assert principal_components(np.ones((1, 3)))[1].tolist() == [0.0, 0.0]


@pytest.mark.parametrize("matrix", [[[5, 1], [0, 4]], [[5, 0], [0, 4]]])
def test_agreement_with_clusters_is_not_called_truth(matrix):
    own = {"labels": ["happy", "sad"], "matrix": matrix, "title": "Fidelity", "caption": "own"}
    for told, is_truth in ((own | {"is_truth": False}, False), (own, True)):
        texts = []
        for figure in (draw_confusion(told), draw_errors_by_mood(told)):
            texts += [text.get_text() for text in figure.findobj(matplotlib.text.Text)]
        shown = " ".join(texts)
        assert ("true mood" in shown) == is_truth
        assert ("cluster" in shown) != is_truth
