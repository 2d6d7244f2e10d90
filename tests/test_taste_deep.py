"""The deep model of taste: what its fit leaves, and what chance and threads cannot change."""

from __future__ import annotations

import builtins

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from scripts.errors import MissingExtraError
from scripts.learning.taste import make_model, top_items
from scripts.learning.taste_deep import MultVae

SMALL = {"hidden": 32, "factors": 16, "rate": 0.02, "patience": 30, "epochs": 20}
N_ITEMS, NEW = 31, 30


def two_tastes(n: int = 80) -> csr_matrix:
    """Draw listeners of the even and of the odd items; nobody plays the last item."""
    rng = np.random.default_rng(0)
    rows = np.zeros((n, N_ITEMS), np.float32)
    for row in range(n):
        rows[row, rng.choice(np.arange(row % 2, 30, 2), 7, replace=False)] = rng.integers(1, 90, 7)
    return csr_matrix(rows)


def parity() -> dict[str, csr_matrix]:
    return {"parity": csr_matrix(np.eye(2, dtype=np.float32)[np.arange(N_ITEMS) % 2])}


@pytest.fixture
def torch():
    return pytest.importorskip("torch", reason="the deep model needs the extra `deep`")


def test_it_learns_two_tastes(torch):
    X = two_tastes()
    model = make_model("mult-vae", **SMALL).fit(X)
    best = top_items(model.scores(X), X, 4)
    assert (best % 2 == (np.arange(80) % 2)[:, None]).mean() > 0.9


def test_an_item_that_nobody_played_is_placed_by_what_is_known_of_it(torch):
    X = two_tastes()
    model = make_model("mult-vae+side", **SMALL).fit(X, parity())
    scores = model.scores(X)
    gain = scores[:, NEW] - scores[:, :30].mean(axis=1)
    assert gain[0::2].mean() > gain[1::2].mean()  # the new item is an even one
    alone = make_model("mult-vae", **SMALL).fit(X, parity()).scores(X)
    assert (alone[:, NEW] < alone[:, :30].min(axis=1)).all()


def test_the_seed_decides_and_nothing_else_is_disturbed(torch):
    X = two_tastes(40)
    torch.manual_seed(5)
    expected = torch.rand(3)
    threads = torch.get_num_threads()
    torch.manual_seed(5)
    first = MultVae(**{**SMALL, "epochs": 3}).fit(X).scores(X)
    assert torch.equal(torch.rand(3), expected)
    assert torch.get_num_threads() == threads
    assert not torch.are_deterministic_algorithms_enabled()
    np.testing.assert_array_equal(first, MultVae(**{**SMALL, "epochs": 3}).fit(X).scores(X))
    assert not np.array_equal(first, MultVae(**{**SMALL, "epochs": 3}, seed=1).fit(X).scores(X))


def test_arrays_hold_no_listener(torch):
    X = two_tastes(53)
    arrays = MultVae(**{**SMALL, "epochs": 2}).fit(X).to_arrays()
    assert all(53 not in array.shape for array in arrays.values())


def test_one_listener_is_enough(torch):
    X = two_tastes(1)
    assert np.isfinite(MultVae(**{**SMALL, "epochs": 2}).fit(X).scores(X)).all()


def test_without_pytorch_it_says_what_to_install(monkeypatch):
    real = builtins.__import__

    def refuse(name, *rest, **options):
        if name == "torch":
            raise ImportError(name)
        return real(name, *rest, **options)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(MissingExtraError, match=r"python -m pip install 'torch>=2\.6,<3'$"):
        MultVae().fit(two_tastes(4))
