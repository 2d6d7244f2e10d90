"""The map of genres: what is near, what is a family, and what any input leaves true."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from scripts.errors import SettingsError
from scripts.evaluation.genre_plot import draw_genre_map
from scripts.evaluation.genre_report import score_genre_map
from scripts.learning import genre_map
from scripts.learning.genre_graph import (
    LEAST_STRENGTH,
    Memberships,
    find_families,
    join_memberships,
    join_nearest,
    memberships_of_songs,
    memberships_of_tags,
    strengths_of,
)
from scripts.learning.genre_layout import lay_out, leading_axes
from scripts.learning.genre_map import (
    MOST_NEAR,
    artist_vectors,
    embed,
    fit_genre_map,
    genre_rows,
    nearest_genres,
    place_of,
)


def members(*artists):
    """Make memberships of artists' genres: ``members("jazz;soul", "jazz")``."""
    return memberships_of_songs(np.arange(len(artists)), artists)


#: Two groups of genres that share artists within, none across.
TWO_GROUPS = members(
    *["jazz;nu jazz", "jazz;nu jazz;soul", "jazz;soul", "nu jazz;soul", "jazz;nu jazz"],
    *["metal;black metal", "metal;doom", "metal;black metal;doom", "black metal;doom"],
)


# ---- memberships and names --------------------------------------------------------------------


def test_tags_are_counted_by_listeners_and_private_ones_left_out():
    tags = ["Jazz", "jazz", "jazz ", "mine", "mine", "jazz"]
    found = memberships_of_tags(np.array([1, 1, 2, 1, 2, 1]), tags, np.array([5, 6, 7, 5, 6, 5]))
    assert found.artists.tolist() == [1, 2]
    assert (found.genres, found.weights.tolist()) == (["jazz", "jazz"], [2.0, 1.0])


def test_no_tags_and_no_songs_are_no_memberships():
    nothing = np.zeros(0, int)
    for found in (memberships_of_tags(nothing, [], nothing), memberships_of_songs(nothing, [])):
        assert (len(found.artists), len(found.genres), len(found.weights)) == (0, 0, 0)


def test_spellings_are_joined_in_the_commonest_and_kept_ones_stay():
    given_names = members("hip hop", "Hip-Hop", "hip-hop", "R&B", "hip-hop;hip hop")
    plain = fit_genre_map(given_names)
    assert plain.names == ["hip-hop", "r&b"]
    assert plain.n_artists.tolist() == [4, 1]
    kept = fit_genre_map(given_names, keep=["hip hop", "polka"])
    assert kept.names == ["hip hop", "r&b", "polka"]
    assert kept.n_artists.tolist() == [4, 1, 0]
    both = fit_genre_map(given_names, keep=["hip hop", "hip-hop"])
    assert sorted(both.names) == ["hip hop", "hip-hop", "r&b"]


def test_the_genres_of_fewest_artists_are_left_out_and_kept_ones_last():
    found = fit_genre_map(members("a;b;c", "a;b", "a"), keep=["c"], most_genres=2)
    assert (found.names, found.n_left_out) == (["a", "c"], 1)
    assert place_of(found, "b") is None
    bounded = fit_genre_map(members("a;b;c", "a;b", "a"), keep=["b", "c"], most_genres=1)
    assert (bounded.names, bounded.n_left_out) == (["b"], 2)


# ---- strengths, edges, families ---------------------------------------------------------------


def test_a_strength_is_the_root_of_the_cosine_of_votes():
    shared = csr_matrix([[1.0, 1, 0], [1, 1, 1], [1, 0, 0]])
    votes = np.array([[1 / 2, 1 / 2, 0], [1 / 3, 1 / 3, 1 / 3], [1, 0, 0]])
    together = votes.T @ shared.toarray()
    norm = np.sqrt(np.diag(together) + 0.5)
    assert strengths_of(shared)[0, 1] == pytest.approx(np.sqrt(together[0, 1] / norm[0] / norm[1]))
    assert strengths_of(shared)[1, 2] == pytest.approx(np.sqrt(together[1, 2] / norm[1] / norm[2]))


def test_more_shared_artists_are_a_greater_strength():
    few = strengths_of(csr_matrix([[1.0, 1], [1, 0], [0, 1]]))[0, 1]
    more = strengths_of(csr_matrix([[1.0, 1], [1, 1], [1, 1], [1, 0], [0, 1]]))[0, 1]
    assert 0 < few < more < 1


def test_an_edge_needs_both_ends_and_some_strength():
    strengths = np.eye(4)
    for a, b, strength in ((0, 1, 0.9), (1, 2, 0.5), (2, 3, LEAST_STRENGTH / 2)):
        strengths[a, b] = strengths[b, a] = strength
    assert join_nearest(strengths, 1)[0].tolist() == [[0, 1]]
    assert join_nearest(strengths, 3)[0].tolist() == [[0, 1], [1, 2]]


def test_families_are_numbered_by_size():
    edges = np.array([[0, 1], [2, 3], [2, 4], [3, 4]])
    families, n_components = find_families(6, edges, np.ones(4, np.float32), 0)
    assert families.tolist() == [1, 1, 0, 0, 0, 2]
    assert n_components == 3


# ---- the map ----------------------------------------------------------------------------------


def test_near_are_those_that_share_artists():
    found = fit_genre_map(TWO_GROUPS)
    assert {name for name, _ in nearest_genres(found, "jazz")} == {"nu jazz", "soul"}
    assert nearest_genres(found, "jazz", 1)[0][0] == "nu jazz"
    assert nearest_genres(found, "Nu-Jazz", 9) == nearest_genres(found, "nu jazz", 9)
    family = dict(zip(found.names, found.families.tolist(), strict=True))
    assert family["jazz"] == family["soul"] != family["metal"] == family["doom"]
    assert found.n_components == 2
    apart = np.linalg.norm(found.xy[:, None] - found.xy[None], axis=2)
    rows = {name: row for row, name in enumerate(found.names)}
    assert apart[rows["jazz"], rows["nu jazz"]] < apart[rows["jazz"], rows["metal"]]


def test_genres_without_a_common_artist_may_be_near():
    """Two spellings of one scene, by different people, lie beside the same third genres."""
    found = fit_genre_map(members(*["a;x", "a;y"] * 4, *["b;x", "b;y"] * 4, *["c;z"] * 8))
    near = dict(nearest_genres(found, "a"))
    assert near["b"] > 0.05
    assert near.get("z", 0.0) < near["b"] / 5


def test_an_unknown_genre_is_refused_with_names_like_it():
    found = fit_genre_map(TWO_GROUPS)
    with pytest.raises(SettingsError, match=r"not among the 6 of the map; did you mean (nu )?jazz"):
        nearest_genres(found, "jazzz")
    with pytest.raises(SettingsError, match=r"of the map$"):
        nearest_genres(found, "xyzzy")


@pytest.mark.parametrize(
    ("artists", "n"),
    [([], 0), ([""], 0), (["jazz"], 1), (["jazz", "rock"], 2), (["jazz;rock"], 2), (["a;b;c"], 3)],
)
def test_small_maps_are_maps(tmp_path, artists, n):
    found = fit_genre_map(members(*artists))
    assert len(found.names) == len(found.vectors) == len(found.xy) == len(found.families) == n
    assert found.vectors.shape[1] >= 1
    assert len(list(genre_rows(found, {}))) == n
    path = draw_genre_map(tmp_path / "map.png", found)
    assert (path is not None and path.stat().st_size > 5_000) == (n > 1)


GENRE = st.sampled_from(
    ["jazz", "Jazz", "nu jazz", "nu-jazz", "rock", "a", "b", "c", "🎷", "!!!", " "]
)
MEMBERS = st.lists(
    st.tuples(st.integers(0, 5), GENRE, st.sampled_from([0.5, 1.0, 30.0])), max_size=40
).map(
    lambda rows: Memberships(
        np.array([row[0] for row in rows], np.int64),
        [row[1] for row in rows],
        np.array([row[2] for row in rows], np.float64),
    )
)


@settings(max_examples=80)
@given(MEMBERS, st.integers(1, 6))
def test_any_memberships_make_a_map(memberships, most):
    found = fit_genre_map(memberships, most_genres=most)
    n = len(found.names)
    assert n <= most
    assert found.names == [" ".join(name.split()).casefold() for name in found.names]
    for array in (found.vectors, found.xy, found.similarity, found.strengths):
        assert np.isfinite(array).all()
    lengths = np.linalg.norm(found.vectors, axis=1)
    assert (np.isclose(lengths, 1, atol=1e-5) | (lengths == 0)).all()
    assert (found.similarity == found.similarity.T).all()
    assert (np.abs(found.similarity) <= 1).all()
    assert (np.abs(found.xy) <= 1).all()
    assert sorted(set(found.families.tolist())) == list(range(len(set(found.families.tolist()))))
    artists = artist_vectors(found, memberships, 6)
    assert (np.linalg.norm(artists, axis=1) <= 1 + 1e-5).all()
    for name in found.names:
        similarities = [similarity for _, similarity in nearest_genres(found, name)]
        assert similarities == sorted(similarities, reverse=True)


@settings(max_examples=40)
@given(MEMBERS, st.randoms())
def test_the_order_of_rows_and_the_numbers_of_artists_change_nothing(memberships, random):
    at = list(range(len(memberships.genres)))
    random.shuffle(at)
    other = Memberships(
        1_000 - memberships.artists[at],
        [memberships.genres[n] for n in at],
        memberships.weights[at],
    )
    one, two = fit_genre_map(memberships), fit_genre_map(other)
    assert one.names == two.names
    assert one.n_artists.tolist() == two.n_artists.tolist()
    assert np.allclose(one.similarity, two.similarity, atol=1e-4)


def test_the_same_memberships_give_the_same_bytes():
    rng = np.random.default_rng(5)
    artists, genres = rng.integers(0, 400, 3_000), rng.integers(0, 350, 3_000)
    many = Memberships(artists, [f"genre {n}" for n in genres], np.ones(3_000))
    one, two = fit_genre_map(many, seed=3), fit_genre_map(many, seed=3)
    assert len(one.names) > 300  # so that eigenvectors come from iteration
    for first, second in zip(one, two, strict=True):
        assert np.array_equal(first, second)
    assert list(genre_rows(one, {})) == list(genre_rows(two, {}))


def test_the_leading_axes_are_those_of_the_whole_spectrum():
    rng = np.random.default_rng(1)
    half = rng.normal(size=(320, 5))
    values, axes = leading_axes(half @ half.T, 5)
    assert np.allclose(axes * values @ axes.T, half @ half.T, atol=1e-6)


def test_an_embedding_of_half_the_power_keeps_the_strengths(monkeypatch):
    monkeypatch.setattr(genre_map, "EIGENVALUE_POWER", 0.5)
    strengths = strengths_of(csr_matrix([[1.0, 1, 0, 0], [1, 0, 1, 0], [0, 1, 1, 0], [0, 1, 0, 1]]))
    assert np.linalg.eigvalsh(strengths).min() > 0
    vectors = embed(strengths).astype(float)
    assert np.allclose(vectors @ vectors.T, strengths, atol=1e-6)


def test_few_places_keep_distances_that_a_plane_allows():
    places = np.array([[0.0, 0.0], [0.6, 0.0], [0.0, 0.8], [0.6, 0.8]])
    gaps = np.linalg.norm(places[:, None] - places[None], axis=2)
    found = lay_out((1 - gaps).astype(np.float32)).astype(float)
    ratio = np.linalg.norm(found[:, None] - found[None], axis=2)[gaps > 0] / gaps[gaps > 0]
    assert ratio.max() / ratio.min() < 1.01


# ---- vectors of artists, rows of the catalogue ------------------------------------------------


def test_an_artist_is_the_weighted_mean_of_its_genres():
    found = fit_genre_map(TWO_GROUPS)
    rows = {name: row for row, name in enumerate(found.names)}
    asked = Memberships(np.array([0, 0, 2]), ["Jazz", "metal", "unheard of"], np.array([3.0, 1, 1]))
    vectors = artist_vectors(found, asked, 4)
    expected = 0.75 * found.vectors[rows["jazz"]] + 0.25 * found.vectors[rows["metal"]]
    assert np.allclose(vectors[0], expected, atol=1e-6)
    assert not vectors[1:].any()


def test_rows_list_neighbours_that_songs_have_among_all():
    tags = [f"tag {n:02d}" for n in range(40)]
    near = [";".join(["jazz", *tags])] * 20
    found = fit_genre_map(members(*near, "jazz;rock", *["rock"] * 9), keep=["jazz", "rock"])
    rows = {row[0]: row for row in genre_rows(found, {"jazz": 4, "rock": 9})}
    name, genre_id, n_artists, family, x, y, listed, vector = rows["jazz"]
    assert (name, genre_id, n_artists) == ("jazz", 4, 21)
    assert family in (0, 1)
    assert -1 <= x <= 1
    assert -1 <= y <= 1
    listed = json.loads(listed)
    assert len(listed) == MOST_NEAR
    assert "rock" in dict(listed)  # 40 tags are nearer
    assert listed == sorted(listed, key=lambda one: -one[1])
    assert (
        np.frombuffer(vector, "<f4").tolist() == found.vectors[found.names.index("jazz")].tolist()
    )
    assert rows["tag 00"][1] is None


# ---- does it tell anything? -------------------------------------------------------------------


def scene(n_artists, rng):
    """Artists of three scenes: each has some of its scene's genres, and at times pop."""
    texts = []
    for n in range(n_artists):
        own = [f"{'abc'[n % 3]}{g}" for g in rng.choice(6, rng.integers(2, 4), replace=False)]
        texts.append(";".join([*own, *(["pop"] if rng.random() < 0.3 else [])]))
    return members(*texts)


def test_a_map_of_scenes_tells_hidden_artists_genres():
    report = score_genre_map(scene(300, np.random.default_rng(2)), seed=1)
    assert (report["n_genres"], report["n_hidden"] > 30) == (19, True)
    assert report["ways"]["map"]["auc"]["mean"] > 0.8
    assert report["above"]["artists"]["auc"]["low"] > 0.1
    for way in report["ways"].values():
        for score in way.values():
            assert 0 <= score["low"] <= score["mean"] <= score["high"] <= 1


def test_a_map_of_chance_tells_nothing():
    rng = np.random.default_rng(3)
    texts = [";".join(f"g{g:02d}" for g in rng.choice(30, 3, replace=False)) for _ in range(2_000)]
    auc = score_genre_map(members(*texts), seed=1)["ways"]["map"]["auc"]
    assert auc["low"] < 0.5 < auc["high"] < 0.55


def test_nothing_is_scored_where_no_artist_has_two_genres():
    assert score_genre_map(members("a", "b", "c"), hidden=0.9)["ways"] == {}


def test_on_real_tags_the_map_tells_more_than_counting(shared_data):
    history = shared_data / "history"
    names = pd.read_csv(history / "tags.dat", sep="\t", encoding="latin-1", keep_default_na=False)
    given_tags = pd.read_csv(history / "user_taggedartists.dat", sep="\t")
    tags = given_tags["tagID"].map(names.set_index("tagID")["tagValue"]).tolist()
    memberships = memberships_of_tags(
        given_tags["artistID"].to_numpy(), tags, given_tags["userID"].to_numpy()
    )
    report = score_genre_map(memberships, seed=7)
    assert report["n_hidden"] > 1_000
    assert report["above"]["artists"]["recall@10"]["low"] > 0.1
    assert report["above"]["artists"]["auc"]["low"] > 0.02
    assert report["above"]["cosine"]["auc"]["low"] > 0
    assert report["above"]["cosine"]["recall@10"]["low"] > -0.01
    joined = join_memberships(memberships, members("acid jazz"))
    near = dict(nearest_genres(fit_genre_map(joined, most_genres=400), "acid jazz"))
    assert {"nu jazz", "jazz"} <= set(near)


# ---- the drawing ------------------------------------------------------------------------------


def test_the_drawing_repeats_to_the_byte_and_shows_a_part_of_many(tmp_path):
    found = fit_genre_map(scene(120, np.random.default_rng(4)))
    paths = [tmp_path / name for name in ("one.png", "two.png", "part.png")]
    draw_genre_map(paths[0], found, source="drawn artists")
    draw_genre_map(paths[1], found, source="drawn artists")
    draw_genre_map(paths[2], found, most=5, source="drawn artists")
    one, two, part = (path.read_bytes() for path in paths)
    assert one == two != part
