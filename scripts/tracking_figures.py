"""What a nested document of figures leaves in the store: metrics, settings and tags by name.

Conventions
-----------
Metrics are finite numbers (``song_mood.accuracy``, ``moods.sad.n_songs``); the entries of a list go
by their mood, name or source. Series are no metrics: curves, confusions and lists whose entries
have no name, as folds or steps, stand in the run's ``report.json`` alone. The two ends of an
interval are metrics, ``low`` and ``high``. Words named ``verdict`` and ``run`` become tags.

In settings and tags the entries of a list that have no name are counted from 0.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

#: Longer lists are left out of settings and tags.
LONGEST_LIST = 50
#: Keys that say what an entry of a list is about.
NAMING_KEYS = ("mood", "name", "source")
#: Keys of what is a series however it is written down.
SERIES = ("curve", "confusion")
#: Longest setting or tag, in characters; MLflow's own limits are 6,000 and 8,000.
LONGEST_TEXT = 1000
#: Longest name of a metric or setting that MLflow takes, in characters.
LONGEST_NAME = 250
#: Words of a document that are kept as tags.
TAGS = ("verdict", "run")


def leaves(document: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """List the values of a nested document under dotted names.

    Examples
    --------
    >>> list(leaves({"a": {"b": 1.5}, "c": [2, None], "matrix": [[3, 4], [5, 6]]}))
    [('a.b', 1.5), ('c.0', 2), ('c.1', None)]
    >>> list(leaves({"moods": [{"mood": "sad", "n": 7}]}))
    [('moods.sad.mood', 'sad'), ('moods.sad.n', 7)]
    """
    if isinstance(document, Mapping):
        items: Any = document.items()
    elif _is_list(document):
        items = _name_entries(document)
    else:
        yield name, document
        return
    for key, value in items:
        yield from leaves(value, f"{name}.{key}" if name else str(key))


def _names_of(entries: Sequence[Any]) -> list[str] | None:
    """Name a list's entries by what they are about; None where that does not tell them apart."""
    for key in NAMING_KEYS:
        names = [entry.get(key) if isinstance(entry, Mapping) else None for entry in entries]
        if all(isinstance(name, str) for name in names) and len(set(names)) == len(names):
            return [str(name) for name in names]
    return None


def _name_entries(entries: Sequence[Any]) -> list[tuple[str, Any]]:
    """Name a list's entries by what they are about, else by counting; matrices have none."""
    if any(map(_is_list, entries)) or len(entries) > LONGEST_LIST:
        return []
    names = _names_of(entries) or map(str, range(len(entries)))
    return list(zip(names, entries, strict=True))


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def drop_series(document: Any) -> Any:
    """Leave the series of a document out.

    Examples
    --------
    >>> drop_series({"gain": 0.1, "interval": [0.0, 0.2], "steps": [1, 2], "curve": {"x": 1}})
    {'gain': 0.1, 'interval': {'low': 0.0, 'high': 0.2}, 'steps': {}}
    >>> drop_series([{"mood": "sad", "n": 7}])
    {'sad': {'mood': 'sad', 'n': 7}}
    """
    if isinstance(document, Mapping):
        return {
            key: dict(zip(("low", "high"), value, strict=True))
            if str(key).endswith("interval") and _is_list(value) and len(value) == 2
            else drop_series(value)
            for key, value in document.items()
            if key not in SERIES
        }
    if _is_list(document):
        names = _names_of(document) or []
        return dict(zip(names, map(drop_series, document), strict=False))
    return document


def find_run(document: Mapping[str, Any]) -> str | None:
    """Find the trained set that a document is about; None where it names none.

    Examples
    --------
    >>> find_run({"n": 3, "ways": {"trained": {"run": "0123456789ab"}}})
    '0123456789ab'
    """
    runs = (value for name, value in leaves(document) if name.rpartition(".")[2] == "run")
    return next((value for value in runs if isinstance(value, str)), None)


def clean_name(name: str, taken: Mapping[str, object]) -> str:
    """Write a name in the signs that MLflow takes, unlike every name that is taken.

    Examples
    --------
    >>> clean_name("precision@10", {}), clean_name("precision@10", {"precision_10": 1.0})
    ('precision_10', 'precision_10-2')
    """
    # "/" would make folders of a name, and MLflow refuses some of those
    clean = re.sub(r"[^\w .:-]", "_", name)[: LONGEST_NAME - 10].strip(" .") or "_"
    unlike, n = clean, 1
    while unlike in taken:
        n += 1
        unlike = f"{clean}-{n}"
    return unlike


def flatten_metrics(document: Mapping[str, Any]) -> dict[str, float]:
    """Take the finite numbers out of a nested document, under dotted names, but no series.

    Examples
    --------
    >>> flatten_metrics({"f1": {"happy": 0.5, "sad": None}, "n": 3, "ok": True, "folds": [1, 2]})
    {'f1.happy': 0.5, 'n': 3.0}
    """
    metrics: dict[str, float] = {}
    for name, value in leaves(drop_series(document)):
        is_number = hasattr(value, "__float__") and not isinstance(value, bool)
        if is_number and math.isfinite(float(value)):
            metrics[clean_name(name, metrics)] = float(value)
    return metrics


def flatten_texts(document: Mapping[str, Any], only: Sequence[str] = ()) -> dict[str, str]:
    """Write the values of a nested document as texts under dotted names, long ones cut."""
    texts: dict[str, str] = {}
    for name, value in leaves(document):
        if only and (value is None or name.rpartition(".")[2] not in only):
            continue
        text = str(value)
        cut = text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 1] + "…"
        texts[clean_name(name, texts)] = cut
    return texts
