"""The box plots of similarity."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image
from sklearn.metrics import roc_auc_score

from scripts.errors import SettingsError
from scripts.evaluation.similarity_plot import (
    chance_of_order,
    draw_boxes,
    plot_relevance,
    plot_similarity,
)
from scripts.learning.emotion_words import build_emotion_words
from tests.test_emotion_words import LYRICS, fake_encode

WAYS = ("raw", "free", "consolidated")


def some_similarities(gap):
    rng = np.random.default_rng(3)
    relevance = rng.random((8, 40)) < 0.3
    told = {way: rng.random((8, 40)) for way in WAYS}
    told["consolidated"] = told["consolidated"] + gap * relevance
    return told, relevance


class TestOrder:
    @given(
        arrays(np.int64, 12, elements=st.integers(0, 5)),
        arrays(bool, 12).filter(lambda row: row.any() and not row.all()),
    )
    def test_it_is_the_auc(self, values, relevant):
        told = chance_of_order(values[relevant], values[~relevant])
        assert told == pytest.approx(roc_auc_score(relevant, values))

    def test_without_songs_it_is_not_defined(self):
        assert np.isnan(chance_of_order(np.array([]), np.array([0.5])))


class TestPlots:
    def test_the_same_bytes_twice(self, tmp_path):
        told, relevance = some_similarities(0.3)
        paths = [plot_relevance(tmp_path / name, told, relevance) for name in ("a.png", "b.png")]
        assert paths[0].read_bytes() == paths[1].read_bytes()
        with Image.open(paths[0]) as image:
            width, height = image.size
        assert width > 900
        assert height > 250

    @pytest.mark.parametrize(
        ("gap", "title"),
        [(0.3, "Consolidated words tell relevant songs"), (-0.3, "do not tell relevant songs")],
    )
    def test_the_title_tells_what_was_found(self, tmp_path, gap, title):
        told, relevance = some_similarities(gap)
        text = plot_relevance(tmp_path / "a.svg", told, relevance).read_text(encoding="utf-8")
        assert title in text

    def test_the_songs_of_a_set(self, tmp_path):
        words = build_emotion_words(LYRICS, fake_encode(LYRICS), fake_encode)
        path = plot_similarity(tmp_path / "c.svg", words, fake_encode(LYRICS), fake_encode)
        text = path.read_text(encoding="utf-8")
        for part in ("raw lyrics", "free words", "consolidated words", "melancholic", "5 lyrics"):
            assert part in text

    def test_a_file_that_cannot_be_written(self, tmp_path):
        (tmp_path / "file").write_text("")
        with pytest.raises(SettingsError, match="cannot be written"):
            draw_boxes(
                tmp_path / "file" / "a.png",
                {"raw": [np.arange(3.0)]},
                ["songs"],
                ["#ffffff"],
                heads={"raw": "raw"},
                title="t",
                caption="c",
            )
