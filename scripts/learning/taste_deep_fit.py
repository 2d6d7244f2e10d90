"""The training of a Mult-VAE with PyTorch: histories in, plain arrays out.

Conventions
-----------
Histories are rows of length 1, float32. Item weights are (n_items, hidden), layers (out, in), as
PyTorch keeps them. Loaded by :mod:`scripts.learning.taste_deep` when a model is fitted.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from scripts.learning.taste import top_items
from scripts.learning.taste_blend_weights import hold_out

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

    from scripts.learning.taste_deep import MultVae

#: One listener of so many tells when to stop, and the share of the items held out of each.
_STOPPING, _HELD = 8, 0.2

#: Steps that a round over the listeners has at least, where they are that many.
_STEPS = 8

#: Items of a list that is judged.
_LIST = 20


@contextmanager
def _one_repeatable_thread(seed: int) -> Iterator[None]:
    """Seed PyTorch, hold it to one thread and exact repetition, and set back what was before."""
    threads, exact = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        torch.set_num_threads(1)
        torch.use_deterministic_algorithms(True)
        try:
            yield
        finally:
            torch.set_num_threads(threads)
            torch.use_deterministic_algorithms(exact)


class _Network(nn.Module):
    """The autoencoder; ``features`` is a dense-by-sparse map of what is known of the items."""

    def __init__(self, model: MultVae, listeners: NDArray[Any], features: Tensor | None) -> None:
        super().__init__()
        n_items, hidden = len(listeners), model.hidden
        self.inward = nn.Parameter(torch.randn(n_items, hidden) * 0.05)
        self.inward_bias = nn.Parameter(torch.zeros(hidden))
        self.code = nn.Linear(hidden, 2 * model.factors)
        self.outward = nn.Linear(model.factors, hidden)
        self.items = nn.Parameter(torch.randn(n_items, hidden) * 0.01)
        # it starts from the popularity of the items
        logs = np.log(listeners + 0.1)
        self.items_bias = nn.Parameter(torch.tensor(logs - logs.mean(), dtype=torch.float32))
        self.features, self.factors = features, model.factors
        if features is not None:
            self.features_in = nn.Parameter(torch.zeros(features.shape[1], hidden))
            self.features_out = nn.Parameter(torch.zeros(features.shape[1], hidden))

    def item_weights(self) -> tuple[Tensor, Tensor]:
        """Return the items' weights into the encoder and out of the decoder."""
        if self.features is None:
            return self.inward, self.items
        known_in = torch.sparse.mm(self.features, self.features_in)
        known_out = torch.sparse.mm(self.features, self.features_out)
        return self.inward + known_in, self.items + known_out

    def forward(self, x: Tensor, *, drawn: bool) -> tuple[Tensor, Tensor]:
        """Return the logits of all items and the mean divergence of the codes."""
        inward, items = self.item_weights()
        both = self.code(torch.tanh(x @ inward + self.inward_bias))
        mean, log_variance = both[:, : self.factors], both[:, self.factors :]
        code = mean
        if drawn:
            code = mean + torch.randn_like(mean) * torch.exp(0.5 * log_variance)
        logits = torch.tanh(self.outward(code)) @ items.T + self.items_bias
        divergence = -0.5 * (1 + log_variance - mean**2 - log_variance.exp()).sum(1).mean()
        return logits, divergence

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Copy the weights that scoring needs."""
        inward, items = self.item_weights()
        found = {
            "inward": inward,
            "inward_bias": self.inward_bias,
            "code": self.code.weight[: self.factors],
            "code_bias": self.code.bias[: self.factors],
            "outward": self.outward.weight,
            "outward_bias": self.outward.bias,
            "items": items,
            "items_bias": self.items_bias,
        }
        return {name: array.detach().numpy().copy() for name, array in found.items()}


def train(
    X: csr_matrix, features: csr_matrix | None, model: MultVae
) -> dict[str, NDArray[np.float32]]:
    """Train until the listeners that are watched are served no better, and return the best."""
    with _one_repeatable_thread(model.seed):
        return _train(X, _as_tensor(features), model)


def _as_tensor(features: csr_matrix | None) -> Tensor | None:
    if features is None:
        return None
    entries = features.tocoo()
    places = torch.tensor(np.stack([entries.row, entries.col]).astype(np.int64))
    values = torch.tensor(entries.data.astype(np.float32))
    return torch.sparse_coo_tensor(places, values, entries.shape, check_invariants=True).coalesce()


def _train(
    X: csr_matrix, features: Tensor | None, model: MultVae
) -> dict[str, NDArray[np.float32]]:
    watched = _watch(X, model.seed)
    learned = watched[2]
    network = _Network(model, np.bincount(X.indices, minlength=X.shape[1]), features)
    adam = torch.optim.Adam(network.parameters(), lr=model.rate)
    rng = np.random.default_rng(model.seed)
    batch = min(model.batch, -(-learned.shape[0] // _STEPS))
    best, since, steps, arrays = -1.0, 0, 0, network.arrays()
    for _ in range(model.epochs):
        order = rng.permutation(learned.shape[0])
        for first in range(0, len(order), batch):
            rows = learned[np.sort(order[first : first + batch])]
            beta = model.beta * min(1.0, steps / max(1, model.warm_up))
            steps += 1
            _step(network, adam, rows, (model.dropout, beta))
        value = _recall(network, watched[0], watched[1])
        since = 0 if value > best else since + 1
        if value > best:
            best, arrays = value, network.arrays()
        if since >= model.patience:
            break
    return arrays


def _watch(X: csr_matrix, seed: int) -> tuple[csr_matrix, csr_matrix, csr_matrix]:
    """Hold out a part of some listeners: what is kept of them, what is not, and what to learn."""
    kept, held = hold_out(X, _HELD, seed=seed)
    from scipy.sparse import diags_array

    chosen = np.zeros(X.shape[0], bool)
    chosen[np.random.default_rng(seed).permutation(X.shape[0])[: X.shape[0] // _STOPPING]] = True
    chosen &= (np.diff(held.indptr) > 0) & (np.diff(kept.indptr) > 0)
    mask = diags_array(chosen.astype(np.float32)) @ held
    mask.eliminate_zeros()
    learned = (X - mask).tocsr()
    learned.data[np.abs(learned.data) < 1e-9] = 0
    learned.eliminate_zeros()
    learned = learned[np.diff(learned.indptr) > 0]
    return kept[chosen], held[chosen], learned


def _step(
    network: _Network, adam: torch.optim.Optimizer, rows: csr_matrix, how: tuple[float, float]
) -> None:
    dropout, beta = how
    x = torch.tensor(rows.toarray())
    logits, divergence = network(nn.functional.dropout(x, dropout), drawn=True)
    chances = torch.log_softmax(logits, 1)
    loss = -(chances * (x > 0)).sum(1).mean() + beta * divergence
    adam.zero_grad()
    loss.backward()
    adam.step()


def _recall(network: _Network, kept: csr_matrix, held: csr_matrix) -> float:
    """Return the share of held-out items that the first items of each list find."""
    if not held.nnz:
        return 0.0
    with torch.no_grad():
        logits, _ = network(torch.tensor(kept.toarray()), drawn=False)
    lists = top_items(logits.numpy(), kept, _LIST)
    n_items = held.shape[1]
    offers = (np.arange(len(lists))[:, None] * n_items + lists)[lists >= 0]
    played = np.repeat(np.arange(len(lists)), np.diff(held.indptr)) * n_items + held.indices
    return float(np.isin(offers, played).sum() / held.nnz)
