"""Models of taste: one contract for all of them, and what each is known to compute."""

from __future__ import annotations

import re
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_matrix, random_array

from scripts.errors import DataError, MissingExtraError, MoodlistError, SettingsError
from scripts.learning import taste
from scripts.learning.taste import (
    MODELS,
    make_model,
    model_from_arrays,
    top_items,
    transform_listens,
)
from scripts.learning.taste_als import Als
from scripts.learning.taste_ease import Ease, EaseWithSide
from scripts.learning.taste_neighbours import ItemNeighbours

#: The package that a model's fit needs, where it needs one.
NEEDS = {"als": "implicit", "als+side": "implicit", "mult-vae": "torch", "mult-vae+side": "torch"}

#: Settings under which a fit takes well below a second.
SETTINGS: dict[str, dict] = {
    "als": {"factors": 8},
    "als+side": {"factors": 8},
    # the default step is for thousands of listeners
    "mult-vae": {"rate": 0.01, "patience": 20},
    "mult-vae+side": {"rate": 0.01, "patience": 20},
}

#: Items of the invented histories: the last two are played by nobody, and of one of them side
#: information is known.
N_ITEMS, LIKE_FIRST, UNKNOWN = 30, 28, 29

#: Models that follow what a listener played.
PERSONAL = [name for name in MODELS if name not in ("random", "popularity")]


def invent(seed: int = 0, n: int = 60) -> csr_matrix:
    """Draw listeners of two tastes: the even items and the odd ones, popular ones first."""
    rng = np.random.default_rng(seed)
    rows = np.zeros((n, N_ITEMS), np.float32)
    for row in range(n):
        liked = np.arange(row % 2, LIKE_FIRST, 2)
        weight = 1 / (3 + liked)
        drawn = rng.choice(liked, 6, replace=False, p=weight / weight.sum())
        rows[row, drawn] = rng.integers(1, 200, 6)
        rows[row, rng.integers(0, LIKE_FIRST)] += 1
    rows[0] = 0
    rows[0, 2] = 7  # a listener of one play
    return csr_matrix(rows)


def side_blocks() -> dict[str, csr_matrix]:
    """Tell the two tastes apart, of every item but the last."""
    parity = np.zeros((N_ITEMS, 2), np.float32)
    parity[np.arange(N_ITEMS), np.arange(N_ITEMS) % 2] = 1
    parity[UNKNOWN] = 0
    return {"parity": csr_matrix(parity)}


def fitted(name: str, X: csr_matrix):
    if name in NEEDS:
        pytest.importorskip(NEEDS[name], reason=f"{name} needs the package {NEEDS[name]}")
    return make_model(name, **SETTINGS.get(name, {})).fit(X, side_blocks())


@pytest.fixture(scope="module")
def histories():
    return invent()


@pytest.fixture(scope="module", params=list(MODELS))
def model(request, histories):
    return fitted(request.param, histories)


def test_scores_are_finite_float32_for_every_listener_and_item(model, histories):
    scores = model.scores(histories)
    assert scores.dtype == np.float32
    assert scores.shape == histories.shape
    assert np.isfinite(scores).all()


def test_a_listener_gets_the_same_alone_in_a_batch_and_as_a_new_one(model, histories):
    together = model.scores(histories)
    for row in (0, 1, 17):
        alone = model.scores(histories[[row]])[0]
        np.testing.assert_allclose(alone, together[row], rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(
        model.scores(csr_matrix(histories.toarray()[::-1]))[::-1], together, rtol=1e-4, atol=1e-6
    )


def test_one_history_scores_without_a_matrix(model, histories):
    together = model.scores(histories)
    for row in (0, 5):
        part = histories[[row]]
        one = model.scores_of(part.indices[::-1], part.data[::-1])
        assert one.dtype == np.float32
        np.testing.assert_allclose(one, together[row], rtol=1e-4, atol=1e-6)


def test_an_empty_history_gets_the_order_of_popularity(model, histories):
    listeners = np.bincount(histories.indices, minlength=N_ITEMS)
    scores = model.scores(csr_matrix((1, N_ITEMS), dtype=np.float32))
    expected = np.lexsort((np.arange(N_ITEMS), -listeners))[:LIKE_FIRST]
    assert top_items(scores, None, N_ITEMS)[0, :LIKE_FIRST].tolist() == expected.tolist()
    none = np.empty(0)
    np.testing.assert_allclose(model.scores_of(none, none), scores[0], rtol=1e-4, atol=1e-9)


def test_an_item_of_which_nothing_is_known_comes_last(model, histories):
    if model.name in ("random", "popularity"):
        pytest.skip(f"{model.name} follows no history")
    ranked = top_items(model.scores(histories), histories, N_ITEMS)
    for row, found in enumerate(ranked):
        left = found[found >= 0]
        assert len(left) == N_ITEMS - histories[[row]].nnz
        assert UNKNOWN in left[-2:]


@pytest.mark.parametrize("name", ["ease+side", "als+side"])
def test_side_information_places_an_item_that_nobody_played(name, histories):
    scores = fitted(name, histories).scores(histories)
    even, odd = scores[2::2, LIKE_FIRST], scores[1::2, LIKE_FIRST]
    assert even.mean() > odd.mean() + 3 * even.std() / np.sqrt(len(even))


@pytest.mark.parametrize("name", PERSONAL)
def test_tastes_are_told_apart(name, histories):
    scores = fitted(name, histories).scores(invent(seed=1))
    ranked = top_items(scores, invent(seed=1), 5)[2:]
    own = ranked % 2 == (np.arange(2, 60) % 2)[:, None]
    assert own.mean() > 0.8


def test_arrays_rebuild_the_model_through_a_file(model, histories, tmp_path):
    arrays = model.to_arrays()
    np.savez(tmp_path / "taste.npz", **arrays)
    with np.load(tmp_path / "taste.npz", allow_pickle=False) as kept:
        again = model_from_arrays(dict(kept))
    assert type(again) is type(model)
    np.testing.assert_array_equal(again.scores(histories), model.scores(histories))
    assert again.similar(3, 4) == model.similar(3, 4)


def test_a_fit_repeats_and_changes_nothing_it_is_given(model, histories):
    mine = histories.copy()
    again = fitted(model.name, mine)
    again.scores(mine)
    np.testing.assert_array_equal(mine.toarray(), histories.toarray())
    np.testing.assert_array_equal(again.scores(histories), model.scores(histories))


def test_similar_items_come_best_first_without_the_item(model):
    for item in (0, 3, LIKE_FIRST, UNKNOWN):
        found = model.similar(item, 1000)
        assert sorted(other for other, _ in found) == [i for i in range(N_ITEMS) if i != item]
        likeness = [value for _, value in found]
        assert likeness == sorted(likeness, reverse=True)
        assert model.similar(item, 3) == found[:3]
    assert model.similar(0, 0) == []


def broken(kind: str) -> csr_matrix:
    rows = invent().toarray()
    if kind == "empty":
        return csr_matrix((0, N_ITEMS), dtype=np.float32)
    if kind == "without plays":
        return csr_matrix((5, N_ITEMS), dtype=np.float32)
    rows[3, 4] = {"not a number": np.nan, "negative": -1, "endless": np.inf}[kind]
    return csr_matrix(rows)


KINDS = ["empty", "without plays", "not a number", "negative", "endless"]


@pytest.mark.parametrize("kind", KINDS)
def test_histories_that_cannot_be_learned_from_are_refused(model, kind):
    with pytest.raises(DataError, match=r"histories: .*(allowed|needs)"):
        fitted(model.name, broken(kind))


def test_scoring_refuses_what_does_not_fit(model):
    with pytest.raises(DataError, match=f"7 items; .*{N_ITEMS}"):
        model.scores(csr_matrix((2, 7), dtype=np.float32))
    with pytest.raises(DataError, match="nan"):
        model.scores(broken("not a number"))
    with pytest.raises(DataError, match="allowed are 0 to 29"):
        model.scores_of(np.array([1, 30]), np.array([1.0, 1.0]))
    with pytest.raises(DataError, match="negative or no number"):
        model.scores_of(np.array([1]), np.array([-1.0]))


@pytest.mark.parametrize("item", [-1, N_ITEMS, 10**9])
def test_an_item_that_the_model_does_not_have_is_refused(model, item):
    with pytest.raises(DataError, match=f"item {item}; allowed are 0 to {N_ITEMS - 1}"):
        model.similar(item, 3)
    with pytest.raises(DataError, match=f"item {item}; allowed are 0 to {N_ITEMS - 1}"):
        model.scores_of(np.array([2, item]), np.array([1.0, 1.0]))


@pytest.mark.parametrize(
    ("name", "setting", "value"),
    [
        *((name, "l2", value) for name in ("ease", "ease+side") for value in (-1000, 0, np.nan)),
        *(("ease", name, -0.1) for name in ("dropout", "damping", "short")),
        *((name, "factors", value) for name in ("als", "als+side") for value in (0, 2.5, "8")),
        *(("als", "alpha", 0.0), ("als", "iterations", 0), ("als", "l2", np.inf)),
        *(("item-knn", "k", 0), ("item-knn", "shrinkage", -1.0), ("random", "seed", -1)),
        *(
            ("mult-vae", "dropout", 1.0),
            ("mult-vae+side", "rate", 0.0),
            ("mult-vae", "batch", True),
        ),
    ],
)
def test_settings_that_no_fit_could_use_are_refused(name, setting, value):
    with pytest.raises(SettingsError, match=rf"'{re.escape(name)}': {setting} is .*; give a "):
        make_model(name, **{setting: value})


@pytest.mark.parametrize("name", ["ease+side", "als+side", "mult-vae+side"])
def test_weights_of_blocks_are_finite_and_at_least_0(name):
    for weight in (-0.5, np.nan, np.inf):
        with pytest.raises(SettingsError, match=r"weight of audio is .*; give a number from 0"):
            make_model(name, weights={"audio": weight})
    assert make_model(name, weights={"audio": 0.0}).weights["audio"] == 0


@pytest.mark.parametrize("name", ["ease", "als", "item-knn", "mult-vae"])
def test_an_unknown_transform_is_refused(name):
    with pytest.raises(SettingsError, match="'cube' is not known; choose binary or log"):
        make_model(name, transform="cube")


def test_side_information_of_another_height_is_refused(model, histories):
    other = make_model(model.name, **SETTINGS.get(model.name, {}))
    with pytest.raises(DataError, match=r"'audio': 5 rows; needs one for each of the 30"):
        other.fit(histories, {"audio": csr_matrix((5, 3))})


def test_unknown_names_and_settings_say_what_is_allowed():
    with pytest.raises(SettingsError, match="'best' is not known; choose one of: random"):
        make_model("best")
    with pytest.raises(SettingsError, match="depth"):
        make_model("ease", depth=3)
    with pytest.raises(DataError, match="`model`"):
        model_from_arrays({})


def test_als_without_its_package_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "implicit.cpu.als", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'implicit>=0\.7\.2,<1'$"):
        Als().fit(invent())


def test_loading_the_models_and_scoring_one_history_leaves_scipy_alone(tmp_path):
    for name in ("ease", "item-knn", "popularity"):
        np.savez(tmp_path / f"{name}.npz", **fitted(name, invent()).to_arrays())
    code = """
import sys, pathlib, numpy as np
from scripts.learning.taste import model_from_arrays
import scripts.learning.taste_als
for path in sorted(pathlib.Path(sys.argv[1]).glob("*.npz")):
    model = model_from_arrays(dict(np.load(path, allow_pickle=False)))
    assert model.scores_of(np.array([1]), np.array([2.0])).shape == (30,)
print(sorted({"scipy", "sklearn", "pandas", "implicit", "torch"} & set(sys.modules)))
"""
    ran = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert ran.stdout == "[]\n"


#: EASE as the paper has it.
PLAIN = {"dropout": 0, "damping": 0, "short": 0, "transform": "binary"}


def plain_ease(X: np.ndarray, ridge: np.ndarray) -> np.ndarray:
    """Solve for each item's weights by itself, as the paper states the problem."""
    B = np.zeros((X.shape[1], X.shape[1]))
    for item in range(X.shape[1]):
        others = np.arange(X.shape[1]) != item
        inner = X[:, others].T @ X[:, others] + np.diag(ridge[others])
        B[others, item] = np.linalg.solve(inner, X[:, others].T @ X[:, item])
    return B


@pytest.mark.parametrize("n", [12, 60], ids=["fewer listeners", "fewer items"])
@pytest.mark.parametrize("dropout", [0.0, 0.5])
def test_ease_finds_the_least_squares_weights(n, dropout):
    X = invent(n=n)
    played = (X.toarray() > 0).astype(float)
    ridge = 3.0 + dropout * played.sum(axis=0)
    model = Ease(l2=3.0, dropout=dropout, damping=0, short=0, transform="binary").fit(X)
    expected = played @ plain_ease(played, ridge)
    known = played.any(axis=0)
    np.testing.assert_allclose(model.scores(X)[:, known], expected[:, known], rtol=2e-3, atol=2e-5)


def test_ease_with_side_information_fits_the_features_as_rows():
    X = invent(n=12)
    block = csr_matrix(np.random.default_rng(0).normal(size=(N_ITEMS, 4)))
    model = EaseWithSide(l2=3.0, weights={"audio": 2.0}, **PLAIN)
    scores = model.fit(X, {"audio": block}).scores(X)
    played = (X.toarray() > 0).astype(float)
    features = block.toarray().T * 2 / np.sqrt((block.toarray() ** 2).sum(axis=1).mean())
    expected = played @ plain_ease(np.vstack([played, features]), np.full(N_ITEMS, 3.0))
    np.testing.assert_allclose(scores, expected, rtol=2e-3, atol=2e-5)
    without = EaseWithSide(weights={"audio": 0.0}).fit(X, {"audio": block})
    plain = Ease().fit(X)
    np.testing.assert_array_equal(without.scores(X), plain.scores(X))


def test_damping_divides_scores_by_a_power_of_the_listeners():
    X = invent()
    plain = Ease(l2=3.0, **PLAIN).fit(X).scores(X)[:, :LIKE_FIRST]
    damped = Ease(l2=3.0, **(PLAIN | {"damping": 0.5})).fit(X).scores(X)[:, :LIKE_FIRST]
    listeners = np.maximum(np.bincount(X.indices, minlength=LIKE_FIRST)[:LIKE_FIRST], 1)
    np.testing.assert_allclose(damped, plain / np.sqrt(listeners), rtol=1e-3, atol=3e-6)


def test_short_histories_get_more_of_what_is_popular():
    X = invent()
    model = Ease(l2=3.0, damping=0.5, short=4.0).fit(X)
    kept = Ease(l2=3.0, damping=0.5, short=0).fit(X)
    listeners = np.maximum(np.bincount(X.indices, minlength=N_ITEMS), 1)[:LIKE_FIRST]
    for n, power in ((1, 0.7 * 16 / 17), (4, 0.35)):
        row = csr_matrix((np.ones(n, np.float32), np.arange(n), [0, n]), (1, N_ITEMS))
        lifted = kept.scores(row)[0, :LIKE_FIRST] * listeners**power
        np.testing.assert_allclose(model.scores(row)[0, :LIKE_FIRST], lifted, rtol=1e-3, atol=1e-5)


def test_ease_says_when_a_matrix_would_be_too_large(monkeypatch):
    monkeypatch.setattr("scripts.learning.taste_ease.LARGEST", 10)
    with pytest.raises(DataError, match=r"60 rows and 30 items; .* 10 at most: .* als"):
        Ease().fit(invent())


def test_item_neighbours_are_shrunken_cosines_of_the_nearest():
    X = invent()
    played = (X.toarray() > 0).astype(float)
    common = played.T @ played
    lengths = np.sqrt(np.maximum(common.diagonal(), 1))
    similarity = common / np.outer(lengths, lengths) * common / (common + 4)
    np.fill_diagonal(similarity, 0)
    kept = np.zeros_like(similarity)
    for item in range(N_ITEMS):
        best = np.lexsort((np.arange(N_ITEMS), -similarity[item].astype(np.float32)))[:5]
        kept[item, best] = similarity[item, best]
    scores = ItemNeighbours(k=5, shrinkage=4, transform="binary").fit(X).scores(X)
    known = played.any(axis=0)
    np.testing.assert_allclose(scores[:, known], (played @ kept.T)[:, known], rtol=1e-4, atol=3e-6)


def test_als_factors_of_a_listener_solve_the_weighted_least_squares():
    pytest.importorskip("implicit", reason="als needs the package implicit")
    X = invent()
    model = Als(factors=4, l2=2.0, alpha=5.0, transform="binary").fit(X)
    items, trust = model.item_factors.astype(float), np.where(X.toarray()[3] > 0, 5.0, 1.0)
    wanted = (X.toarray()[3] > 0).astype(float)
    inner = items.T @ (items * trust[:, None]) + 2.0 * np.eye(4)
    expected = items @ np.linalg.solve(inner, items.T @ (trust * wanted))
    np.testing.assert_allclose(model.scores(X)[3, :28], expected[:28], rtol=1e-3, atol=1e-5)


@given(st.integers(1, 6), st.integers(1, 9), st.integers(0, 12), st.integers(0, 99))
def test_the_best_items_are_those_of_a_full_sort(n, n_items, k, seed):
    rng = np.random.default_rng(seed)
    scores = rng.integers(0, 4, (n, n_items)).astype(np.float32)  # many ties
    seen = csr_matrix(random_array((n, n_items), density=0.4, rng=rng) > 0, dtype=np.float32)
    found = top_items(scores, seen, k)
    for row in range(n):
        left = [i for i in range(n_items) if not seen[row, i]]
        expected = sorted(left, key=lambda i: (-scores[row, i], i))[:k]
        assert found[row].tolist() == expected + [-1] * (k - len(expected))


@given(st.lists(st.lists(st.integers(1, 10**6), max_size=5), min_size=1, max_size=6))
def test_log_listens_are_shares_of_the_listeners_most(rows):
    listens = np.array([value for row in rows for value in row], np.float32)
    indptr = np.cumsum([0, *map(len, rows)])
    found = transform_listens(listens, indptr, "log")
    assert len(found) == len(listens)
    assert ((found > 0) & (found <= 1)).all()
    for row, first, last in zip(rows, indptr, indptr[1:], strict=False):
        if row:
            assert found[first:last].max() == 1
            np.testing.assert_allclose(
                found[first:last], np.log1p(row) / np.log1p(max(row)), rtol=1e-5
            )


def test_every_error_is_of_the_family():
    assert issubclass(DataError, MoodlistError)
    assert taste.PRIOR > 0


def hits(model, train: csr_matrix, test: csr_matrix) -> float:
    """Return the share of the first ten that were hidden."""
    first = top_items(model.fit(train).scores(train), train, 10)
    return float(np.mean(test.toarray()[np.arange(len(first))[:, None], first] > 0))


def test_on_real_plays_ease_is_above_neighbours_and_both_above_popularity(shared_data):
    table = np.loadtxt(shared_data / "history" / "user_artists_dev.dat", skiprows=1, dtype=np.int64)
    rows, columns = (np.unique(table[:, i], return_inverse=True)[1] for i in (0, 1))
    hidden = np.random.default_rng(0).random(len(table)) < 0.2
    shape = (rows.max() + 1, columns.max() + 1)
    train, test = (
        csr_matrix((table[part, 2].astype(np.float32), (rows[part], columns[part])), shape)
        for part in (~hidden, hidden)
    )
    found = {
        name: hits(make_model(name), train, test) for name in ("popularity", "item-knn", "ease")
    }
    assert found["ease"] > found["item-knn"] > 2 * found["popularity"]
