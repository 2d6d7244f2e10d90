"""Nearest songs: exact, in order, under every bound, without reading more than they need."""

from __future__ import annotations

import contextlib
import math
import sqlite3
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.errors import ModelError
from scripts.learning.mood_plane import scaling_of
from scripts.learning.song_tree import build_tree, principal_axes, turn_points
from scripts.moods.features import FEATURES
from scripts.playlists import nearest as module
from scripts.playlists.nearest import FactBounds, SongTree, genre_bit, nearest, sound_of
from scripts.store.layout import SCHEMA, SPLITS_PER_BLOCK
from scripts.store.reading import open_set
from scripts.store.writing import TreeRows
from scripts.training import trees

GENRES = [f"genre {n:02d}" for n in range(70)]
PLANE = [FEATURES.index("valence"), FEATURES.index("energy")]
TEMPO = FEATURES.index("tempo_bpm")


def make_features(n: int, seed: int, levels: int = 0) -> np.ndarray:
    """Features of n songs; with few levels many songs are equally far from anywhere."""
    rng = np.random.default_rng(seed)
    X = rng.random((n, 9)) if not levels else rng.integers(0, levels, (n, 9)) / levels
    X[:, FEATURES.index("loudness_db")] *= -30
    X[:, TEMPO] *= 200
    return X


def make_facts(n: int, seed: int) -> pd.DataFrame:
    """What songs tell of themselves, a third of it unknown."""
    rng = np.random.default_rng(seed)

    def some(values: np.ndarray, kind: str) -> pd.Series:
        return pd.Series(values).astype(kind).mask(rng.random(n) < 0.33)

    return pd.DataFrame(
        {
            "popularity": some(rng.integers(0, 100, n), "float64"),
            "year": some(rng.integers(1960, 1970, n), "Int16"),
            "explicit": some(rng.random(n) < 0.5, "boolean"),
            "genres": [
                ";".join(rng.choice(GENRES, k, replace=False)) for k in rng.integers(0, 3, n)
            ],
            "mood_id": np.sort(rng.integers(0, 4, n)),
        }
    )


def rows_of_trees(X: np.ndarray, facts: pd.DataFrame, order: Any = None) -> Iterator[TreeRows]:
    mean, scale = scaling_of(X)
    result: Any = SimpleNamespace(
        clusters=SimpleNamespace(mean=mean, scale=scale),
        scores=SimpleNamespace(mood=facts["mood_id"].to_numpy()),
    )
    ranked: Any = SimpleNamespace(order=np.arange(len(X)) if order is None else order)
    return trees.song_trees(facts, X, result, ranked, list(enumerate(GENRES)))


@contextlib.contextmanager
def open_trees(
    X: np.ndarray, facts: pd.DataFrame | None = None, leaf_size: int = 4
) -> Iterator[sqlite3.Connection]:
    """A catalogue in memory that has nothing but trees."""
    if facts is None:
        facts = make_facts(len(X), 0)
    with (
        contextlib.closing(sqlite3.connect(":memory:")) as catalogue,
        mock.patch.dict(trees.LEAF_SIZES, plane=leaf_size, sound=leaf_size),
    ):
        catalogue.executescript(SCHEMA)
        for tree in rows_of_trees(X, facts):
            space = tree.row[0]
            catalogue.execute("INSERT INTO trees VALUES (?, ?, ?, ?, ?, ?, ?)", tree.row)
            catalogue.executemany(f"INSERT INTO {space}_splits VALUES (?, ?)", tree.splits)
            catalogue.executemany(f"INSERT INTO {space}_leaves VALUES (?, ?)", tree.leaves)
        yield catalogue


def coordinates_of(X: np.ndarray, space: str) -> np.ndarray:
    if space == "plane":
        return X[:, PLANE]
    mean, scale = scaling_of(X)
    return turn_points(X, mean, scale, principal_axes(X, mean, scale)).astype(np.float64)


def brute_force(points: np.ndarray, target: Any, ranks: Any = None) -> list[tuple[float, int]]:
    every = range(len(points)) if ranks is None else ranks
    return sorted((math.dist(target, points[rank].tolist()), rank) for rank in every)


SPACES = st.sampled_from(["plane", "sound"])
SIZES = st.integers(1, 90)
SEEDS = st.integers(0, 10_000)
LEVELS = st.sampled_from([0, 1, 2, 3])
FEATURES_DRAWN = st.builds(make_features, SIZES, SEEDS, LEVELS)
LEAVES = st.sampled_from([1, 2, 5, 200])


class TestOrder:
    @given(SPACES, FEATURES_DRAWN, LEAVES, st.data())
    def test_every_song_comes_in_rising_distance_then_rank(self, space, X, leaf_size, data):
        n = len(X)
        points = coordinates_of(X, space)
        anywhere = st.lists(st.floats(-3, 3), min_size=points.shape[1], max_size=points.shape[1])
        a_song = st.integers(0, n - 1).map(lambda rank: points[rank].tolist())
        target = data.draw(st.one_of(anywhere, a_song))
        with open_trees(X, leaf_size=leaf_size) as catalogue:
            assert list(nearest(catalogue, space, target)) == brute_force(points, target)

    @given(SPACES, FEATURES_DRAWN, LEAVES, st.integers(1, 100))
    def test_the_few_nearest_are_the_first_of_all(self, space, X, leaf_size, k):
        points = coordinates_of(X, space)
        with open_trees(X, leaf_size=leaf_size) as catalogue:
            tree = SongTree(catalogue, space)
            for target in (points[-1].tolist(), [0.37] * points.shape[1]):
                assert tree.nearest_few(target, k) == brute_force(points, target)[:k]

    @given(SIZES, SEEDS, LEVELS)
    def test_sound_is_the_distance_of_standardised_features(self, n, seed, levels):
        X = make_features(n, seed, levels)
        mean, scale = scaling_of(X)
        Z = (X - mean) / scale
        with open_trees(X) as catalogue:
            found = list(nearest(catalogue, "sound", sound_of(catalogue, X[-1].tolist())))
        expected = np.sqrt(((Z - Z[-1]) ** 2).sum(axis=1))
        assert [distance for distance, _ in found] == pytest.approx(np.sort(expected), abs=1e-5)

    @given(SIZES, SEEDS, LEVELS)
    def test_a_song_lies_at_distance_0_from_itself(self, n, seed, levels):
        X = make_features(n, seed, levels)
        with open_trees(X) as catalogue:
            tree = SongTree(catalogue, "sound")
            for rank, row in enumerate(X.tolist()):
                assert (0.0, rank) in islice(tree.nearest(tree.place(row)), n)

    @pytest.mark.parametrize("space", ["plane", "sound"])
    @pytest.mark.parametrize("far", [1e6, -1e12, 1e150])
    def test_a_target_far_away(self, space, far):
        X = make_features(50, 1)
        points = coordinates_of(X, space)
        target = [far] * points.shape[1]
        with open_trees(X) as catalogue:
            assert list(nearest(catalogue, space, target)) == brute_force(points, target)

    @pytest.mark.parametrize("space", ["plane", "sound"])
    @pytest.mark.parametrize("n", [1, 2, 300])
    def test_songs_that_are_all_alike_come_by_rank(self, space, n):
        X = np.tile(make_features(1, 0), (n, 1))
        with open_trees(X) as catalogue:
            tree = SongTree(catalogue, space)
            values = X[0] if space == "sound" else X[0, PLANE]
            found = list(tree.nearest(tree.place(values.tolist())))
            assert found == [(0.0, rank) for rank in range(n)]
            assert tree.n_songs == n

    def test_several_blocks_of_splits(self):
        X = make_features(5 * SPLITS_PER_BLOCK + 3, 2)
        target = [0.4, 0.6]
        with open_trees(X, leaf_size=1) as catalogue:
            assert catalogue.execute("SELECT count(*) FROM plane_splits").fetchone() == (6,)
            found = list(nearest(catalogue, "plane", target))
        assert found == brute_force(X[:, PLANE], target)


class TestBounds:
    @given(SPACES, SIZES, SEEDS, st.data())
    def test_just_the_songs_whose_facts_are_allowed(self, space, n, seed, data):
        X = np.round(make_features(n, seed, 3), 3)
        facts = make_facts(n, seed)
        points = coordinates_of(X, space)

        def span(low: int, high: int) -> tuple[float, float] | None:
            ends = st.integers(low, high)
            drawn = data.draw(st.none() | st.tuples(ends, ends))
            return drawn and (min(drawn), max(drawn))

        asked = {
            "tempo": span(0, 200),
            "popularity": span(0, 100),
            "year": span(1959, 1971),
            "explicit": span(0, 1),
        }
        moods = data.draw(st.none() | st.sets(st.integers(0, 4)))
        genres = data.draw(st.none() | st.sets(st.sampled_from(range(70)), min_size=1, max_size=3))
        mask = 0
        for genre_id in genres or ():
            mask |= genre_bit(genre_id)
        tempo = pd.Series(X[:, TEMPO])
        columns = {"tempo": tempo.mask(tempo == 0), **facts}

        def allows(rank: int) -> bool:
            for name, limits in asked.items():
                value = columns[name].iloc[rank]
                if limits and (pd.isna(value) or not limits[0] <= value <= limits[1]):
                    return False
            if moods is not None and facts["mood_id"][rank] not in moods:
                return False
            own = {GENRES.index(name) % 64 for name in facts["genres"][rank].split(";") if name}
            return genres is None or bool(own & {genre_id % 64 for genre_id in genres})

        target = [0.3] * points.shape[1]
        ranks = [rank for rank in range(n) if allows(rank)]
        bounds = FactBounds(**asked, moods=moods, genres=mask)
        with open_trees(X, facts) as catalogue:
            found = list(nearest(catalogue, space, target, bounds))
        assert found == brute_force(points, target, ranks)

    @pytest.mark.parametrize("name", ["tempo", "popularity"])
    @pytest.mark.parametrize("value", [120.05, 99.999, 0.1, 1 / 3])
    def test_a_song_on_the_very_limit_is_within(self, name, value):
        X = make_features(1, 0)
        facts = make_facts(1, 0).assign(popularity=value)
        X[:, TEMPO] = value
        with open_trees(X, facts) as catalogue:
            for limits in ((value, value), (value, math.inf), (-1e300, value)):
                bounds = FactBounds(**{name: limits})
                assert len(list(nearest(catalogue, "plane", [0, 0], bounds))) == 1
            for limits in ((value + 0.01, 1e300), (0.0, value - 0.01)):
                bounds = FactBounds(**{name: limits})
                assert list(nearest(catalogue, "plane", [0, 0], bounds)) == []

    def test_an_unknown_tempo_is_not_slow(self):
        X = make_features(1, 0)
        X[:, TEMPO] = 0
        with open_trees(X) as catalogue:
            assert list(nearest(catalogue, "plane", [0, 0], FactBounds(tempo=(0, 300)))) == []
            assert len(list(nearest(catalogue, "plane", [0, 0], FactBounds()))) == 1


class TestReading:
    def test_a_few_songs_read_a_few_leaves(self):
        X = make_features(4_000, 3)
        read: list[str] = []
        with open_trees(X, leaf_size=20) as catalogue:
            catalogue.set_trace_callback(read.append)
            found = list(islice(nearest(catalogue, "plane", [0.5, 0.5]), 10))
        assert found == brute_force(X[:, PLANE], [0.5, 0.5])[:10]
        assert 1 <= sum("plane_leaves" in query for query in read) <= 20, "of 200 leaves"
        assert not any("songs WHERE" in query for query in read)

    def test_leaves_are_read_once(self):
        read: list[str] = []
        with open_trees(make_features(500, 3)) as catalogue:
            tree = SongTree(catalogue, "plane")
            first = list(tree.nearest([0.5, 0.5]))
            catalogue.set_trace_callback(read.append)
            assert list(tree.nearest([0.5, 0.5])) == first
        assert read == []

    def test_leaves_are_not_all_kept(self):
        with open_trees(make_features(500, 3)) as catalogue:
            everything = list(nearest(catalogue, "sound", [0.0] * 9))
            with mock.patch.object(module, "_KEPT_LEAVES", 3):
                tree = SongTree(catalogue, "sound")
                assert list(tree.nearest([0.0] * 9)) == everything
                assert len(tree._kept) <= 3

    def test_two_walks_of_one_tree_do_not_disturb_each_other(self):
        X = make_features(300, 4)
        with open_trees(X) as catalogue:
            tree = SongTree(catalogue, "plane")
            walks = [tree.nearest([0.1, 0.1]), tree.nearest([0.9, 0.9])]
            both = list(zip(*walks, strict=True))
        assert [pair[0] for pair in both] == brute_force(X[:, PLANE], [0.1, 0.1])
        assert [pair[1] for pair in both] == brute_force(X[:, PLANE], [0.9, 0.9])

    def test_a_catalogue_without_trees_is_refused(self):
        with contextlib.closing(sqlite3.connect(":memory:")) as catalogue:
            catalogue.executescript(SCHEMA)
            with pytest.raises(ModelError, match=r"no tree .*'plane'.*train\.py"):
                SongTree(catalogue, "plane")


class TestTree:
    @given(SIZES, SEEDS, LEVELS, st.integers(1, 9))
    def test_leaves_are_full_and_boundaries_divide(self, n, seed, levels, leaf_size):
        points = make_features(n, seed, levels)
        tree = build_tree(points, leaf_size)
        n_leaves = len(tree.starts) - 1
        sizes = np.diff(tree.starts)
        assert sorted(tree.order.tolist()) == list(range(n))
        assert n_leaves == math.ceil(n / leaf_size)
        assert sizes.max() <= leaf_size
        assert sizes.min() >= 1
        leaves = np.split(tree.order, tree.starts[1:-1])
        assert all((np.diff(leaf) > 0).all() for leaf in leaves)
        nodes = [(0, n_leaves)]
        while nodes:
            first, last = nodes.pop()
            if last - first > 1:
                middle = (first + last) // 2
                axis, split = tree.axes[middle], tree.splits[middle]
                assert points[np.concatenate(leaves[first:middle]), axis].max() <= split
                assert points[np.concatenate(leaves[middle:last]), axis].min() >= split
                nodes += [(first, middle), (middle, last)]

    def test_rows_follow_the_ranks(self):
        X, facts = make_features(40, 5), make_facts(40, 5)
        order = np.random.default_rng(0).permutation(40)
        by_order = rows_of_trees(X, facts, order)
        sorted_first = rows_of_trees(X[order], facts.iloc[order].reset_index(drop=True))
        for one, other in zip(by_order, sorted_first, strict=True):
            assert list(one.leaves) == list(other.leaves)

    def test_the_same_songs_give_the_same_bytes(self):
        X, facts = make_features(3_000, 6, 3), make_facts(3_000, 6)
        for one, other in zip(rows_of_trees(X, facts), rows_of_trees(X, facts), strict=True):
            assert one.row == other.row
            assert list(one.splits) == list(other.splits)
            assert list(one.leaves) == list(other.leaves)

    def test_axes_are_orthonormal_whatever_is_constant(self):
        X = make_features(200, 7)
        X[:, 3] = 0.25
        rotation = principal_axes(X, *scaling_of(X))
        assert rotation.T @ rotation == pytest.approx(np.eye(9), abs=1e-12)


def test_a_trained_set_finds_what_its_table_holds(sample_set: Path) -> None:
    trained = open_set(str(sample_set))
    with contextlib.closing(trained):
        catalogue = trained.catalogue
        columns = ", ".join(FEATURES)
        X = np.array(catalogue.execute(f"SELECT {columns} FROM songs ORDER BY rank").fetchall())
        scaling = trained.models["song_clusters.json"]
        Z = (X - scaling["mean"]) / scaling["scale"]
        for rank in (0, len(X) // 2, len(X) - 1):
            target = X[rank, PLANE].tolist()
            found = list(nearest(catalogue, "plane", target))
            assert found == brute_force(X[:, PLANE], target)
            at = sound_of(catalogue, X[rank].tolist())
            found = list(islice(nearest(catalogue, "sound", at), 30))
            expected = np.sort(np.sqrt(((Z - Z[rank]) ** 2).sum(axis=1)))[:30]
            assert [distance for distance, _ in found] == pytest.approx(expected, abs=1e-5)
            assert (0.0, rank) in found
        wish = (
            "year BETWEEN 1990 AND 2020 AND explicit = 0 AND popularity >= 20 "
            "AND tempo_bpm BETWEEN 90 AND 130 AND mood_id IN (0, 1, 2, 3)"
        )
        ranks = {row[0] for row in catalogue.execute(f"SELECT rank FROM songs WHERE {wish}")}
        bounds = FactBounds(
            year=(1990, 2020),
            explicit=(0, 0),
            popularity=(20, math.inf),
            tempo=(90, 130),
            moods={0, 1, 2, 3},
        )
        assert {rank for _, rank in nearest(catalogue, "plane", [0.5, 0.5], bounds)} == ranks
        for genre_id, name in catalogue.execute("SELECT * FROM genres LIMIT 5").fetchall():
            rows = catalogue.execute("SELECT rank FROM song_genres WHERE genre_id = ?", (genre_id,))
            found = nearest(catalogue, "plane", [0.5, 0.5], FactBounds(genres=genre_bit(genre_id)))
            assert {row[0] for row in rows} <= {rank for _, rank in found}, name
