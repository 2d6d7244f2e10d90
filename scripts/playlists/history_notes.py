"""What is told of a history: what was read of it, what of that counts, and what taste is made of.

Conventions
-----------
Every function returns plain sentences. They tell sums alone: neither a path, nor a name, nor a
single play.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from scripts.playlists.history_join import Joined
    from scripts.playlists.history_taste import SongTaste

#: Reasons why plays did not count -> how they are told.
_REASONS = {
    "too short": "shorter than {seconds:g} s",
    "skipped": "skipped",
    "repeated": "told twice",
    "not music": "no music",
    "no title": "without a title",
    "no artist": "without an artist",
    "unreadable": "unreadable",
}

#: Counts of a history that are no plays left out. "no date" counts listens.
_NO_REASONS = frozenset({"rows", "listens", "files", "ignored files", "no date"})

#: How the models of taste are called, as training calls them.
MODEL_NAMES = {
    "random": "random order",
    "popularity": "the most played",
    "item-knn": "nearest artists by shared listeners",
    "als": "matrix factorisation (ALS)",
    "ease": "EASE",
    "ease+side": "EASE with side information",
    "blend": "a blend of models and side information",
}


def count_left_out(counts: Mapping[str, int]) -> dict[str, int]:
    """Say how many plays did not count, by reason: all that are no listens, each once."""
    others = sorted(set(counts) - set(_REASONS) - _NO_REASONS)
    return {name: counts.get(name, 0) for name in (*_REASONS, *others)}


def tell_left_out(counts: Mapping[str, int], seconds: float) -> str:
    """Say why plays did not count, in brackets with a blank before; empty where all did."""
    told = [
        f"{n:,} {_REASONS.get(name, name).format(seconds=seconds)}"
        for name, n in count_left_out(counts).items()
        if n
    ]
    return f" ({', '.join(told)})" if told else ""


def tell_history(
    counts: Mapping[str, int],
    joined: Joined,
    seconds: float,
    *,
    by_history: bool = False,
    by_model: bool = False,
) -> str:
    """Say in a few sentences what was read and how much of it this catalogue knows.

    Parameters
    ----------
    counts : mapping
    joined : Joined
    seconds : float
        Shorter plays do not count.
    by_history : bool
        Whether nothing but the history was asked by, so that there is no list without it.
    by_model : bool
        Whether a model of taste takes part.
    """
    told = (
        f"History: {_plural(counts.get('rows', 0), 'play')}, "
        f"{_plural(joined.counts['listens'], 'listen')}{tell_left_out(counts, seconds)}"
    )
    without = "" if by_history else ", so the list is the one without it"
    if not joined.counts["listens"]:
        return f"{told}; nothing in it counts{without}.{_tell_oddities(counts, 0)}"
    told += f"; {_tell_found(joined, by_model=by_model)}"
    if not (joined.artists or joined.listens or by_model):
        told += without
    return f"{told}.{_tell_oddities(counts, joined.counts['listens'])}"


def _tell_oddities(counts: Mapping[str, int], listens: int) -> str:
    """Say which times are unknown, and how many files are no history, with a blank before each."""
    told = ""
    if n := counts.get("no date", 0):
        of_all = f" {_plural(n, 'listen')}" if n < listens else " all of them"
        told += (
            f" The times of{of_all} could not be read "
            "(1970, later than the file, or written in a way not known here)."
        )
    if n := counts.get("ignored files", 0):
        told += (
            f" {_plural(n, 'file')} beside it {'was' if n == 1 else 'were'} not used "
            "(no history, or told by another file)."
        )
    return told


def _tell_found(joined: Joined, *, by_model: bool) -> str:
    """Say what part of a history is known here; what is nothing is left out."""
    n_songs = joined.counts["songs"]
    parts = [
        f"{_share(joined.counts[name], n_songs)} {how}"
        for name, how in (
            ("by_id", "by id"),
            ("by_name", "by name"),
            ("by_artist", "by artist alone"),
        )
        if joined.counts[name]
    ]
    if parts:
        return f"of {_plural(n_songs, 'song')} this catalogue knows {', '.join(parts)}"
    if joined.artists:
        return f"this catalogue has {_plural(len(joined.artists), 'artist')} of it"
    if by_model:
        n = len(joined.items)
        return (
            "this catalogue knows nothing in it, but the model of taste knows "
            f"{_plural(n, 'artist')}"
        )
    return "nothing in it is known here"


def _share(part: int, whole: int) -> str:
    """Tell a share that is above 0.

    >>> _share(1, 3), _share(1, 900), _share(899, 900)
    ('33%', 'under 1%', '99%')
    """
    percent = 100 * part // whole if part > 0.99 * whole else round(100 * part / whole)
    return f"{percent}%" if percent else "under 1%"


def _plural(n: int, word: str) -> str:
    """Count something.

    >>> _plural(1, "play"), _plural(2_000, "play")
    ('1 play', '2,000 plays')
    """
    return f"{n:,} {word}{'' if n == 1 else 's'}"


def tell_taste(taste: SongTaste) -> str:
    """Say what taste is made of."""
    parts = [
        *(["how often you play the artist"] if taste.artists else []),
        *(["what listeners like you play"] if taste.listeners else []),
        *(["how near its genre is to what you play"] if taste.genres else []),
        *(["how alike its sound is"] if taste.sound is not None else []),
    ]
    *first, last = parts
    told = f"{', '.join(first)} and {last}" if first else last
    return f"Taste: {told}; not tested on people."


def is_trusted(facts: Mapping[str, Any]) -> bool:
    """Whether the set's model of taste is shown to be above popularity, and so takes part."""
    told = facts.get("answers_use")
    if told is None:
        beside = facts["judged"].get("beside_popularity", {}).get(facts["model"], {})
        told = str(beside.get("verdict", "")).startswith("significantly above")
    return bool(told)


def tell_model(facts: Mapping[str, Any]) -> str:
    """Say how good the set's model of taste is, or why it takes no part."""
    name = MODEL_NAMES.get(facts["model"], facts["model"])
    if not is_trusted(facts):
        why = facts.get("why") or "it is not shown to be above naming the most played artists"
        return f"Taste model: {name}; it takes no part: {why}."
    models = {model["name"]: model for model in facts["judged"]["models"]}
    chosen, popular = (_score(models[one]) for one in (facts["model"], "popularity"))
    return (
        f"Taste model: {name}; it finds hidden artists of listeners it never saw with an NDCG@10 "
        f"of {chosen}; always naming the most played artists reaches {popular}."
    )


def _score(model: Mapping[str, Any]) -> str:
    low, high = model["ndcg@10 interval"]
    score, low, high = (f"{x:.3f}".removeprefix("0") for x in (model["ndcg@10"], low, high))
    return f"{score} [{low}, {high}]"
