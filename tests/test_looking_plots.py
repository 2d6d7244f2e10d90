"""The plots for looking: circumplex, map of songs, number of clusters, a playlist's way."""

from __future__ import annotations

import warnings
from pathlib import Path

import matplotlib.text
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.image import imread
from sklearn.metrics import pairwise_distances

from scripts.errors import DataError, SettingsError
from scripts.evaluation import circumplex_plot, playlist_plot
from scripts.evaluation.circumplex_plot import draw_circumplex
from scripts.evaluation.cluster_count import (
    COUNTS,
    describe_silhouettes,
    draw_cluster_count,
    measure_counts,
)
from scripts.evaluation.mood_words import words_by_place
from scripts.evaluation.playlist_panel import printable
from scripts.evaluation.playlist_plot import describe_way, draw_playlist
from scripts.evaluation.plot_style import house_style
from scripts.evaluation.song_map import (
    FEWEST,
    densest_places,
    draw_song_map,
    map_songs,
    share_of_like_neighbours,
)
from scripts.moods.features import FEATURES
from scripts.moods.vocabulary import PLANE_WORDS, SONG_MOODS
from scripts.store.writing import PLOTS
from scripts.training.program import train
from tests.test_plots import make_songs

MOODS = list(SONG_MOODS)


def draw_three(folder: Path, songs: pd.DataFrame, k: int = 4) -> list[Path]:
    values = songs[list(FEATURES)].to_numpy()
    shared = {"songs": songs, "scaling": (values.mean(axis=0), values.std(axis=0))}
    sample = {**shared, "n_songs": len(songs), "seed": 3}
    return [
        draw_circumplex(
            folder / "circumplex.png",
            centroids=np.random.default_rng(1).normal(size=(k, len(FEATURES))),
            centroid_names=[MOODS[i % len(MOODS)] for i in range(k)],
            **shared,
        ),
        draw_song_map(folder / "tsne_map.png", **sample),
        draw_cluster_count(folder / "cluster_count.png", n_clusters=k, reason="why", **sample),
    ]


def make_document(n: int, request: dict | None = None, seed: int = 0, spread: float = 1.0) -> dict:
    rng = np.random.default_rng(seed)
    songs = [
        {
            "rank": i + 1,
            "title": f"Song {i + 1}",
            "artist": f"Artist {i % 3}",
            "mood": MOODS[i % len(MOODS)],
            "valence": float(valence),
            "energy": float(energy),
        }
        for i, (valence, energy) in enumerate(0.5 + spread * (rng.random((n, 2)) - 0.5))
    ]
    document = {"run": "0" * 12, "listener": None, "mood": "calm", "songs": songs}
    return document if request is None else {**document, "request": request}


JOURNEY = {"from": [0.1, 0.4], "to": [0.9, 0.7], "from_name": "sad", "to_name": "happy"}


def texts_of(figure) -> list[str]:
    return [text.get_text() for text in figure.findobj(matplotlib.text.Text) if text.get_text()]


def test_three_plots_are_there_readable_and_the_same_twice(tmp_path):
    songs = make_songs(300)
    first, second = draw_three(tmp_path / "a", songs), draw_three(tmp_path / "b", songs)
    for path, again in zip(first, second, strict=True):
        assert path.read_bytes() == again.read_bytes(), path.name
        assert 10_000 < path.stat().st_size < 400_000
        height, width, _ = imread(path).shape
        assert width == round(10.2 * 110)
        assert 450 < height < 1_150
    assert sorted(first) == sorted((tmp_path / "a").iterdir())  # and no half file beside them


def test_a_training_draws_them_and_a_later_one_without_plots_clears_them(tmp_path, tiny_songs):
    from scripts.settings import TrainSettings
    from tests.conftest import SAMPLE

    names = {f"music_runs/{name}.png" for name in ("circumplex", "tsne_map", "cluster_count")}
    assert names <= set(PLOTS)
    shared = {
        "songs": (tiny_songs,),
        "listeners": SAMPLE / "listeners.csv",
        "output": tmp_path,
        "quiet": True,
    }
    train(TrainSettings(**shared))
    assert all((tmp_path / name).stat().st_size > 10_000 for name in names)
    train(TrainSettings(**shared, plots=False))
    assert not any((tmp_path / name).exists() for name in names)


@pytest.mark.parametrize("n", [1, 2, 3, FEWEST - 1, FEWEST, 40])
@pytest.mark.parametrize("k", [1, 24])
def test_few_songs_and_fewer_songs_than_clusters(tmp_path, n, k):
    assert all(path.exists() for path in draw_three(tmp_path, make_songs(n, k), k))


def test_identical_songs_and_songs_without_a_mood(tmp_path):
    songs = make_songs(40)
    songs[list(FEATURES)] = 0.25
    songs["mood"] = [None, "purple", "sad", "calm"] * 10
    assert all(path.exists() for path in draw_three(tmp_path, songs))


def test_no_song_is_an_error_that_says_so(tmp_path):
    empty = make_songs(3).iloc[:0]
    scaling = (np.zeros(9), np.ones(9))
    sample = {"songs": empty, "scaling": scaling, "n_songs": 0, "seed": 0}
    with pytest.raises(DataError, match="no song"):
        draw_song_map(tmp_path / "a.png", **sample)
    with pytest.raises(DataError, match="no song"):
        draw_cluster_count(tmp_path / "a.png", n_clusters=1, reason="why", **sample)
    with pytest.raises(DataError, match="no song"):
        draw_circumplex(
            tmp_path / "a.png",
            songs=empty,
            centroids=np.zeros((1, 9)),
            centroid_names=["sad"],
            scaling=scaling,
        )
    assert list(tmp_path.iterdir()) == []


def test_circumplex_shows_every_word_and_every_cluster_at_its_raw_place():
    labels = dict(words_by_place())
    assert labels["sad, gloomy"] == (0.1, 0.4)
    assert sorted(word for text in labels for word in text.split(", ")) == sorted(PLANE_WORDS)
    places = np.array([[0.2, 0.8], [0.21, 0.79], [0.9, 0.1]])
    moods = pd.Series(["angry"] * 8 + ["calm"] * 2)
    with house_style():
        figure = circumplex_plot._draw(
            moods, places, ["angry", "angry", "calm"], np.array([6, 2, 2])
        )
    shown = texts_of(figure)
    assert set(labels) <= set(shown)
    assert {"angry ×2", "calm"} <= set(shown)
    discs = next(
        marks
        for marks in figure.axes[0].collections
        if len(marks.get_offsets()) == 3 and marks.get_zorder() == 3
    )
    assert np.asarray(discs.get_offsets()).tolist() == places.tolist()
    areas = discs.get_sizes()
    assert areas[0] == pytest.approx(3 * areas[1])


def test_clusters_of_an_empty_row_are_left_out(tmp_path):
    songs = make_songs(10, k=1)
    draw_circumplex(
        tmp_path / "a.png",
        songs=songs,
        centroids=np.array([[0.0] * 9, [50.0] * 9]),
        centroid_names=["happy", "sad"],
        scaling=(np.full(9, 0.5), np.ones(9)),
    )
    draw_circumplex(
        tmp_path / "b.png",
        songs=songs,
        centroids=np.zeros((1, 9)),
        centroid_names=["happy"],
        scaling=(np.full(9, 0.5), np.ones(9)),
    )
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_map_keeps_clear_groups_apart_and_equal_songs_together():
    rng = np.random.default_rng(0)
    group = np.repeat([0, 1, 2], 40)
    middles = 2.5 * np.eye(9)[:3]
    Z = middles[group] + 0.05 * rng.normal(size=(120, 9))
    Z[1] = Z[0]
    points, perplexity = map_songs(Z, 0)
    assert perplexity == 30
    assert (points[0] == points[1]).all()
    share, chance = share_of_like_neighbours(points, group.astype(str))
    assert share == 1
    # by hand: 39 of the other 119 songs are of one's own group
    assert chance == pytest.approx(39 / 119)
    places, names = densest_places(points, np.array(["happy", "sad", "calm"])[group])
    assert names == ["happy", "sad", "calm"]
    owner = pairwise_distances(places, points).argmin(axis=1)
    assert group[owner].tolist() == [0, 1, 2]


@settings(max_examples=15)
@given(st.integers(1, 40), st.integers(0, 9), st.floats(0, 2), st.integers(0, 2**40))
def test_map_is_finite_without_a_warning_and_repeatable(n, kinds, width, seed):
    rng = np.random.default_rng(n)
    Z = width * rng.normal(size=(n, 9))
    if kinds:
        Z = Z[rng.integers(min(kinds, n), size=n)]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        points, perplexity = map_songs(Z, seed)
    assert points.shape == (n, 2)
    assert np.isfinite(points).all()
    assert (perplexity is None) == (len(np.unique(np.round(Z, 3), axis=0)) < FEWEST)
    assert (points == map_songs(Z, seed)[0]).all()


def test_counts_find_four_clear_groups():
    rng = np.random.default_rng(0)
    Z = 6 * np.eye(9)[:4][np.arange(400) % 4] + 0.1 * rng.normal(size=(400, 9))
    measured = measure_counts(Z, 5, 0)
    assert measured[:, 0].tolist() == sorted({*COUNTS, 5})
    assert measured[measured[:, 2].argmax(), 0] == 4
    assert describe_silhouettes(measured).startswith("The silhouette is best with 4 clusters: .9")
    four = measured[measured[:, 0] == 4][0]
    # by hand: the groups keep 9 * .01 of a variance of 9 * .01 + 36 * 3 / 4
    assert four[1] == pytest.approx(0.09 / 27.09, rel=0.1)
    assert ((measured[:, 1] >= 0) & (measured[:, 1] <= 1)).all()


@settings(max_examples=20)
@given(st.integers(1, 70), st.integers(1, 70), st.integers(0, 5))
def test_counts_never_exceed_the_different_songs(n, kinds, seed):
    rng = np.random.default_rng(seed)
    Z = rng.normal(size=(min(n, kinds), 9))[rng.integers(min(n, kinds), size=n)]
    different = len(np.unique(Z, axis=0))
    measured = measure_counts(Z, 7, seed)
    assert (measured[:, 0] <= different).all()
    assert set(measured[:, 0]) == {count for count in {*COUNTS, 7} if count <= different}
    finite = measured[np.isfinite(measured[:, 2])]
    assert (np.abs(finite[:, 2]) <= 1).all()
    assert np.isfinite(measured[:, 1]).all()


@pytest.mark.parametrize("suffix", [".png", ".svg", ".pdf", ".PNG"])
def test_playlist_is_drawn_in_every_form_the_same_twice(tmp_path, suffix):
    background = np.random.default_rng(0).random((6_000, 2))
    files = [tmp_path / f"{name}{suffix}" for name in "ab"]
    for file in files:
        assert draw_playlist(file, make_document(12, JOURNEY), background) == file
    first, second = (file.read_bytes() for file in files)
    assert first == second
    start = {".png": b"\x89PNG", ".svg": b"<?xml", ".pdf": b"%PDF"}[suffix.lower()]
    assert first.startswith(start)
    for told in (b"Matplotlib", b"CreationDate", b"<dc:date>"):
        assert told not in first
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize("n", [0, 1, 2, 12, 13, 33, 60])
@pytest.mark.parametrize("spread", [0.0, 0.1, 1.0])
def test_playlists_of_any_length(tmp_path, n, spread):
    document = make_document(n, {"point": [0.5, 0.5], "name": "the middle"}, spread=spread)
    height, width, _ = imread(draw_playlist(str(tmp_path / "way.png"), document)).shape
    assert width == round(10.9 * 110)
    assert 850 < height < 1_000


def test_playlist_shows_titles_as_they_are_and_lists_the_songs():
    document = make_document(12, JOURNEY)
    titles = ["A$AP $\\frac{1}{0}$ $", "夜に駆ける", "\x1b[31mRed\nTape", "", "_^{}%&#", "Été 🎵"]
    for song, title in zip(document["songs"], titles, strict=False):
        song["title"] = title
    with house_style():
        figure = playlist_plot._draw(document, None)
    shown = texts_of(figure)
    assert "1  A$AP $\\frac{1}{0}$ $" in shown
    assert "2  …" in shown
    assert "… – Artist 1" in shown
    assert "4  untitled" in shown
    assert "6  Été …" in shown
    assert {"from sad", "to happy"} <= set(shown)
    assert "sad, gloomy" not in shown  # the star names its point
    assert "melancholic" in shown
    assert not any("\x1b" in text or "\n" in text for text in shown)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure.canvas.draw()


@pytest.mark.parametrize(
    ("n", "request_", "joined", "note"),
    [
        (15, None, True, "the line goes through the list in order"),
        (16, None, False, "its number is its place in the list"),
        (40, {"point": [0.5, 0.5]}, False, "its number is its place in the list"),
        (41, None, False, "12 of them, evenly spaced, have their place in the list"),
        (200, JOURNEY, True, "the line goes through the list in order"),
    ],
)
@pytest.mark.parametrize("spread", [0.1, 1.0])
def test_a_line_joins_journeys_and_short_lists_only(n, request_, joined, note, spread):
    with house_style():
        figure = playlist_plot._draw(make_document(n, request_, spread=spread), None)
    # arrows are lines of one point, the lines of the frame have two
    ways = [line for axes in figure.axes for line in axes.lines if len(line.get_xdata()) == n]
    assert bool(ways) == joined
    assert any(f"in its mood's colour; {note}" in text for text in texts_of(figure))


@given(st.text(max_size=60), st.integers(1, 30))
def test_any_text_becomes_printable(text, limit):
    told = printable(text, limit)
    assert len(told) <= limit
    assert told == " ".join(told.split())
    assert told.isprintable()
    assert "… …" not in told


@settings(max_examples=20)
@given(st.integers(2, 12), st.integers(0, 9))
def test_labels_of_a_playlist_never_cover_each_other(n, seed):
    with house_style():
        figure = playlist_plot._draw(make_document(n, JOURNEY, seed), None)
        figure.canvas.draw()
        axes = figure.axes[0]
        boxes = [text.get_window_extent() for text in axes.texts]
        assert len(boxes) >= n + 2
        for i, one in enumerate(boxes):
            assert axes.bbox.x0 - 1 <= one.x0 < one.x1 <= axes.bbox.x1 + 1
            for other in boxes[:i]:
                wide = min(one.x1, other.x1) - max(one.x0, other.x0)
                high = min(one.y1, other.y1) - max(one.y0, other.y0)
                assert wide <= 0.5 or high <= 0.5


def test_way_in_words():
    places = np.array([[0.1, 0.4], [0.4, 0.8], [0.4, 0.4]])
    told = describe_way({"request": JOURNEY}, places)
    assert told == "3 songs lead from sad to happy, in steps of .45 on average"
    asked = {"request": {"point": [0.1, 0.4]}}
    assert describe_way(asked, places[:1]) == "1 song lies .00 from (.10, .40)"
    half = {"request": {"from": [0.1, 0.4], "to": None}, "mood": "sad"}
    assert describe_way(half, places[:1]) == "1 song for sad: valence .10, energy .40"
    assert describe_way({}, places[:0]) == "The list holds no song"


def test_file_that_cannot_be_written_is_named(tmp_path):
    document = make_document(2)
    with pytest.raises(
        SettingsError, match=r"--plot .*way\.jpg: a plot is a \.png, \.svg or \.pdf"
    ):
        draw_playlist(tmp_path / "way.jpg", document)
    with pytest.raises(SettingsError, match=r"there is no folder .*absent"):
        draw_playlist(tmp_path / "absent" / "way.png", document)
    (tmp_path / "way.png").mkdir()
    with pytest.raises(SettingsError, match="this is a folder"):
        draw_playlist(tmp_path / "way.png", document)
    assert [path.name for path in tmp_path.iterdir()] == ["way.png"]


def test_full_disk_leaves_the_old_file(tmp_path, monkeypatch):
    from matplotlib.figure import Figure

    def write_half(self, part, **_):
        Path(part).write_bytes(b"half")
        raise OSError(28, "No space left on device")

    path = tmp_path / "way.png"
    path.write_bytes(b"old")
    monkeypatch.setattr(Figure, "savefig", write_half)
    with pytest.raises(SettingsError, match=r"--plot .*way\.png: .*No space left"):
        draw_playlist(path, make_document(2))
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]
