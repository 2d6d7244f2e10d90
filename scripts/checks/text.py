"""The check ``text``: sentences whose mood somebody named, read by the shipped model.

Conventions
-----------
The truth is a CSV (or TSV) of texts with the columns ``text`` and ``mood``; a mood is any word of
the vocabulary or of Ekman's six (anger, disgust, fear, joy, sadness, surprise) with their
adjectives. Candidates are the moods that occur in the file, see
:mod:`scripts.evaluation.text_report`.
"""

from __future__ import annotations

import argparse
import csv
import io
from pathlib import Path
from typing import Any

from scripts.checks.seen import file_digest
from scripts.console import note
from scripts.errors import DataError
from scripts.evaluation.text_report import judge_texts
from scripts.moods.emotions import EKMAN, emotions_of_word
from scripts.moods.vocabulary import PLANE_WORDS, plain_word
from scripts.text.reading import Reading, read_texts
from scripts.text.text_mood import TextMood, open_text_mood

#: How many texts are embedded in one call.
BATCH = 64


def add_parser(checks: Any) -> None:
    """Describe the check and its options."""
    parser = checks.add_parser("text", help="judge the text model on labelled sentences")
    parser.add_argument("--truth", type=Path, required=True, metavar="FILE")
    parser.add_argument(
        "--words-only", action="store_true", help="judge the lesser model, without embeddings"
    )
    where = "whose store of runs --track writes to"
    parser.add_argument("--output", type=Path, default=Path("output"), metavar="DIR", help=where)
    parser.set_defaults(check=run)


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Read every text of the truth and compare."""
    texts, labels, dropped = read_text_truth(options.truth)
    model = open_text_mood(None if options.words_only else "auto")
    if model.lesser:
        note("text: read by words alone, the lesser model")
    report: dict[str, Any] = {
        "truth": str(options.truth),
        "sha256": file_digest(options.truth),
        "model": "words" if model.lesser else "full",
    }
    report |= judge_texts(_read_all(texts, model), labels)
    report["rows_dropped"] = {reason: n for reason, n in dropped.items() if n}
    return report


def _read_all(texts: list[str], model: TextMood) -> list[Reading]:
    readings: list[Reading] = []
    for start in range(0, len(texts), BATCH):
        readings += read_texts(texts[start : start + BATCH], model)
    return readings


def read_text_truth(path: Path) -> tuple[list[str], list[str], dict[str, int]]:
    """Read labelled sentences.

    Returns
    -------
    texts, labels : two lists of str of one length
        Labels are lower case.
    dropped : dict
        How many rows are left out, by reason.

    Raises
    ------
    DataError
        If the file cannot be read, has other columns, no usable row or an unknown mood.
    """
    try:
        content = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: cannot be read ({error}); give a UTF-8 CSV file") from error
    head = content.split("\n", 1)[0]
    separator = next((sign for sign in ",\t;" if sign in head), ",")
    csv.field_size_limit(1 << 27)
    rows = csv.DictReader(io.StringIO(content, newline=""), delimiter=separator)
    columns = {plain_word(name or ""): name for name in rows.fieldnames or []}
    if not {"text", "mood"} <= set(columns):
        raise DataError(f"{path}: needs the columns text and mood, has {sorted(columns)}")
    texts, labels = [], []
    dropped = {"no text": 0, "no mood": 0}
    for number, row in enumerate(rows, 2):
        text, mood = row[columns["text"]] or "", plain_word(row[columns["mood"]] or "")
        if not text.strip() or not mood:
            dropped["no mood" if text.strip() else "no text"] += 1
            continue
        if not emotions_of_word(mood):
            allowed = ", ".join(sorted({*EKMAN, *PLANE_WORDS}))
            raise DataError(
                f"{path}, row {number}: the mood {mood!r} is unknown; known are {allowed}, "
                "and their synonyms"
            )
        texts.append(text)
        labels.append(mood)
    if not texts:
        raise DataError(f"{path}: no row has both a text and a mood")
    return texts, labels, dropped
