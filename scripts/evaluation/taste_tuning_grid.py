"""The models that the check ``taste`` compares, and the settings each may choose among.

Conventions
-----------
Grids are small and stated here in full: each model's best on the validation part is taken, and
nothing is chosen on the test. A seed of 0 stands for the seed of the trial. Values that the grids
share with no other collection were found on validation parts of HetRec 2011, whose test parts took
no part; another collection chooses among the same ones for itself.

Contenders with side information start from the settings that EASE or ALS chose without it. Their
grid is the weight of the block; where several blocks are used, each has the weight that it was
given alone, times a factor.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from scripts.evaluation.taste_contenders import Contender

#: Blocks of side information, in the order in which they are told.
BLOCKS: tuple[str, ...] = ("audio", "lyrics", "genres", "tags")

#: Names of the rows of the research question; ``cf`` is EASE without side information.
QUESTION: dict[str, str] = {
    "cf": "ease",
    "+audio": "ease+audio",
    "+lyrics": "ease+lyrics",
    "+genres": "ease+genres",
    "+tags": "ease+tags",
    "+all": "ease+side",
}

#: Contenders that learn from histories alone, guesses aside: the baseline is one of them.
#: ``blend-cf`` is the blend without side information, so that what the blend owes to mixing
#: several models is not taken for what it owes to side information.
PURE: tuple[str, ...] = ("item-knn", "als", "ease", "mult-vae", "blend-cf")

#: Models that learn from side information too.
WITH_SIDE: tuple[str, ...] = ("ease+side", "als+side", "mult-vae+side", "blend")

#: Those of them, and the guesses, that are models of their own name.
PLAIN: tuple[str, ...] = ("random", "popularity", "item-knn", "als", "ease", "mult-vae")

Grid = tuple[Mapping[str, Any], ...]

GRIDS: dict[str, Grid] = {
    "random": ({"seed": 0},),
    "popularity": ({},),
    "item-knn": tuple(
        {"k": k, "shrinkage": shrinkage, "transform": "log"}
        for k, shrinkage in ((200, 5.0), (1000, 1.0), (1000, 5.0))
    ),
    "als": tuple(
        {"factors": 64, "l2": l2, "alpha": alpha, "transform": "log", "seed": 0}
        for l2, alpha in ((40.0, 10.0), (100.0, 40.0), (200.0, 100.0))
    ),
    "ease": tuple(
        {"l2": l2, "dropout": dropout, "damping": damping, "transform": "log"}
        for l2, dropout, damping in (
            (150.0, 2.0, 0.2),
            (80.0, 1.0, 0.2),
            (300.0, 2.0, 0.2),
            (100.0, 0.2, 0.0),
        )
    ),
    "mult-vae": ({"seed": 0},),
    "mult-vae+side": ({"seed": 0},),
    "blend-cf": ({"seed": 0},),
    "blend": ({"seed": 0},),
}

#: Weights of a block beside histories, and factors of all blocks' weights together.
WEIGHTS: tuple[float, ...] = (0.5, 2.0)
FACTORS: tuple[float, ...] = (0.5, 1.0)


def _block_grid(block: str) -> Grid:
    return tuple({"weights": {block: weight}} for weight in WEIGHTS)


def _factor_grid() -> Grid:
    return tuple({"weight_factor": factor} for factor in FACTORS)


def list_contenders(models: Sequence[str], blocks: Sequence[str]) -> list[Contender]:
    """List who is tried, those that others build on first.

    Parameters
    ----------
    models : sequence of str
        Models that are asked for.
    blocks : sequence of str
        Blocks that this collection has; without any, models with side information are left out.
    """
    blocks = [name for name in BLOCKS if name in blocks]
    wanted = [name for name in models if blocks or name not in WITH_SIDE]
    for name, basis in (("ease+side", "ease"), ("als+side", "als")):
        if name in wanted and basis not in wanted:
            wanted.append(basis)
    found = [Contender(name, name, GRIDS[name]) for name in PLAIN if name in wanted]
    if "mult-vae+side" in wanted:
        found.append(
            Contender("mult-vae+side", "mult-vae+side", GRIDS["mult-vae+side"], tuple(blocks))
        )
    if "ease+side" in wanted:
        found += [
            Contender(f"ease+{block}", "ease+side", _block_grid(block), (block,), ("ease",), False)
            for block in blocks
        ]
        bases = ("ease", *(f"ease+{block}" for block in blocks))
        found.append(Contender("ease+side", "ease+side", _factor_grid(), tuple(blocks), bases))
    if "als+side" in wanted:
        grid = tuple({"weights": dict.fromkeys(blocks, weight)} for weight in WEIGHTS)
        found.append(Contender("als+side", "als+side", grid, tuple(blocks), ("als",)))
    for name, known in (("blend-cf", ()), ("blend", tuple(blocks))):
        if name in wanted:
            found.append(Contender(name, "blend", GRIDS[name], known))
    return found
