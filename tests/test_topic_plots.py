"""The plots of topics: every file there, the same twice, and whole whatever the words are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread

from scripts.evaluation.topic_plots import draw_topic_plots, drawable, topic_labels
from scripts.learning.topics import Topics, learn_topics

FILES = ["topic_count.png", "topic_map.png", "topic_words.png", "topics_by_mood.png"]
MOODS = ("happy", "angry", "sad", "calm")

#: Words that plots may trip over: any script, marks of mathematics, a word that never ends.
HARD_WORDS = (
    "corazón mañana fucking desoxyribonucleicacidophilusbacterium",
    "любовь ночь сердце дорога",
    "愛愛 夜夜 月月 星星",
    "حبيبي قلبي ليل قمر",
)


def sing(themes: tuple[str, ...], n: int = 80) -> list[str]:
    rng = np.random.default_rng(0)
    return [" ".join(rng.choice(themes[i % len(themes)].split(), 12)) for i in range(n)]


@pytest.fixture(scope="module")
def hard() -> Topics:
    return learn_topics(sing(HARD_WORDS), seed=0)


def test_every_plot_is_drawn_and_the_same_twice(hard, tmp_path: Path):
    moods = [MOODS[i % 4] for i in range(80)]
    first = draw_topic_plots(tmp_path / "a", hard, moods, seed=3)
    second = draw_topic_plots(tmp_path / "b", hard, moods, seed=3)
    assert [path.name for path in first] == FILES
    for one, other in zip(first, second, strict=True):
        assert one.read_bytes() == other.read_bytes()
        assert imread(one)[..., :3].std() > 0.01, f"{one.name} is blank"


def test_without_moods_or_a_choice_those_plots_are_left_out(tmp_path: Path):
    topics = learn_topics(sing(HARD_WORDS), seed=0, n_topics=2)
    written = draw_topic_plots(tmp_path, topics, [""] * 80)
    assert [path.name for path in written] == ["topic_map.png", "topic_words.png"]


def test_without_topics_nothing_is_drawn(tmp_path: Path):
    assert draw_topic_plots(tmp_path / "none", learn_topics(["one song"]), [""]) == []
    assert not (tmp_path / "none").exists()


def test_many_topics_and_moods_fit(tmp_path: Path):
    topics = learn_topics(sing(HARD_WORDS), seed=0, n_topics=24)
    moods = ["happy", "uplifting", "energetic", "party", "angry", "tense", "sad", "odd", "", "calm"]
    written = draw_topic_plots(tmp_path, topics, moods * 8)
    assert [path.name for path in written] == [name for name in FILES if name != "topic_count.png"]
    for path in written:
        height, width = imread(path).shape[:2]
        assert max(height, width) < 3000


def test_texts_are_cut_and_missing_letters_shown(hard):
    assert drawable("x" * 16) == "x" * 16
    assert drawable("x" * 17) == "x" * 15 + "…"
    assert drawable("愛 $x_1$") == "□ $x_1$"
    labels = topic_labels(hard)
    assert all(len(label) <= 44 for label in labels)
    assert any("любовь" in label or "сердце" in label or "ночь" in label for label in labels)
