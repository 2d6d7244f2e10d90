"""The models that the check ``taste`` compares, and the settings each may choose among.

Conventions
-----------
Grids are small and stated here in full: each model's best on the validation part is taken, and
nothing is chosen on the test. A seed of 0 stands for the seed of the trial. A model with one
setting has the shipped one and is not tuned: the autoencoders, whose fits take longest, and what
the blends have beside the settings of their bases.

Which values are in the grids was found on validation parts of divisions of HetRec 2011 by chance.
Each division draws anew from the same pairs, so a pair that is tested in one may have been chosen
by in another: the grids cannot be told to be free of the test parts. Only histories that are kept
elsewhere are unseen.

Contenders with side information start from the settings that EASE or ALS chose without it. Their
grid is the weight of the block; where several blocks are used, EASE has for each the weight that it
was given alone, times a factor, and ALS one weight for all.
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

#: The same rows for the blend, ``cf`` being the blend without side information.
QUESTION_OF_BLEND: dict[str, str] = {
    "cf": "blend-cf",
    "+audio": "blend+audio",
    "+lyrics": "blend+lyrics",
    "+genres": "blend+genres",
    "+tags": "blend+tags",
    "+all": "blend",
}

#: What each model builds on, those that need side information last.
NEEDED: dict[str, tuple[str, ...]] = {
    "ease+side": ("ease",),
    "als+side": ("als",),
    "blend-cf": ("ease", "als", "item-knn"),
    "blend": ("ease", "als", "item-knn", "ease+side", "als+side"),
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
        for k, shrinkage in ((200, 5.0), (1000, 0.2), (1000, 1.0), (1000, 5.0), (2000, 1.0))
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
            (150.0, 4.0, 0.2),
            (100.0, 0.2, 0.0),
        )
    ),
    "mult-vae": ({"seed": 0},),
    "mult-vae+side": ({"seed": 0},),
    "blend-cf": ({"seed": 0},),
    "blend": ({"seed": 0},),
}

#: Weights of a block beside histories, for EASE and for ALS, and factors of all blocks' weights
#: together. EASE, whose fits with many tags take longest, does without the largest.
EASE_WEIGHTS: tuple[float, ...] = (0.25, 0.5, 1.0, 2.0)
ALS_WEIGHTS: tuple[float, ...] = (0.5, 1.0, 2.0, 4.0)
FACTORS: tuple[float, ...] = (0.25, 0.5, 1.0)


def _block_grid(block: str) -> Grid:
    return tuple({"weights": {block: weight}} for weight in EASE_WEIGHTS)


def _factor_grid() -> Grid:
    return tuple({"weight_factor": factor} for factor in FACTORS)


def list_needed(models: Sequence[str]) -> list[str]:
    """Add the models that others build on, so that these are chosen on the validation part too.

    >>> list_needed(["blend-cf"])
    ['item-knn', 'als', 'ease', 'blend-cf']
    """
    wanted = set(models)
    for name in ("blend", "blend-cf", "als+side", "ease+side"):
        wanted |= set(NEEDED[name]) if name in wanted else set()
    return [name for name in ("random", "popularity", *PURE, *WITH_SIDE) if name in wanted]


def list_contenders(
    models: Sequence[str], blocks: Sequence[str], *, single_blends: bool = False
) -> list[Contender]:
    """List who is tried, those that others build on first.

    Parameters
    ----------
    models : sequence of str
        Models that can run here; one that builds on another is not added to.
    blocks : sequence of str
        Blocks that this collection has; without any, models with side information are left out.
    single_blends : bool
        Whether blends with one block each are tried beside ``blend``.
    """
    blocks = [name for name in BLOCKS if name in blocks]
    wanted = [name for name in models if blocks or name not in WITH_SIDE]
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
        grid = tuple({"weights": dict.fromkeys(blocks, weight)} for weight in ALS_WEIGHTS)
        found.append(Contender("als+side", "als+side", grid, tuple(blocks), ("als",)))
    if "blend-cf" in wanted:
        found.append(_blend("blend-cf", (), wanted))
    if "blend" in wanted:
        singles = blocks if single_blends and "blend-cf" in wanted else []
        found += [_blend(f"blend+{block}", (block,), wanted) for block in singles]
        found.append(_blend("blend", tuple(blocks), wanted))
    return found


def _blend(name: str, blocks: tuple[str, ...], wanted: Sequence[str]) -> Contender:
    """Make a blend of the models that are tried; with one block, EASE is the one with it alone."""
    alone = {"ease+side": f"ease+{blocks[0]}"} if len(blocks) == 1 else {}
    bases = tuple(
        alone.get(base, base)
        for base in NEEDED["blend" if blocks else "blend-cf"]
        if base in wanted
    )
    is_cut = name in ("blend", "blend-cf")
    return Contender(name, "blend", GRIDS["blend"], blocks, bases, is_cut)
