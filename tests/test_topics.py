"""Topics of lyrics: planted ones are found, none where there are none, and the measures by hand."""

from __future__ import annotations

import json
import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from scripts.evaluation.topic_report import report_topics, shares_by_mood
from scripts.learning.topic_choice import (
    CountScore,
    choose_count,
    count_shared,
    log_likelihood,
    npmi,
    split_words,
    try_counts,
)
from scripts.learning.topic_words import (
    all_words,
    guess_languages,
    main_language,
    topic_words,
    words_once,
)
from scripts.learning.topics import (
    FEWEST_LYRICS,
    Topics,
    fit_topics,
    learn_topics,
    share_columns,
    topic_shares,
)
from scripts.tables.lyric_text import clean_lyrics

THEMES = {
    name: words.split()
    for name, words in {
        "sea": "ocean wave sailor harbour island shore anchor salt gull captain tide boat",
        "war": "soldier rifle battle trench bomb army wound enemy tank flag general fire",
        "feast": "dancing party glass champagne music midnight floor lights crowd rhythm dj dress",
        "farm": "tractor barn field harvest cattle fence dusty wheat rooster plough valley mule",
    }.items()
}


def plant(n: int, seed: int = 0) -> tuple[list[str], list[str]]:
    """Write lyrics of one theme each, with a few words of the others."""
    rng = np.random.default_rng(seed)
    names = [list(THEMES)[i % len(THEMES)] for i in range(n)]
    everything = sorted({word for words in THEMES.values() for word in words})
    texts = [
        " ".join([*rng.choice(THEMES[name], 14), *rng.choice(everything, 3)]) for name in names
    ]
    return texts, names


@pytest.fixture(scope="module")
def planted() -> tuple[Topics, list[str], list[str]]:
    texts, names = plant(200)
    return learn_topics(texts, seed=1), texts, names


def test_planted_themes_are_found_and_counted(planted):
    topics, _, names = planted
    assert topics.model.n_topics == len(THEMES), topics.note
    found = Counter(zip(names, topics.leading.tolist(), strict=True))
    right = sum(max(found[name, k] for k in range(4)) for name in THEMES)
    assert right >= 0.97 * len(names)
    of_theme = {word: name for name, words in THEMES.items() for word in words}
    for name in topics.names:
        assert len({of_theme[word] for word in name.split(", ")}) == 1


def test_planted_themes_beat_both_baselines(planted):
    choice = planted[0].choice
    taken = next(score for score in choice.scores if score.n_topics == choice.n_topics)
    assert taken.perplexity < 0.6 * choice.frequency_perplexity
    assert taken.npmi > choice.frequent_npmi


def test_shuffled_words_bear_no_topics():
    texts, _ = plant(200)
    words = np.random.default_rng(3).permutation(" ".join(texts).split())
    shuffled = [" ".join(words[17 * i : 17 * (i + 1)]) for i in range(len(texts))]
    topics = learn_topics(shuffled, seed=1)
    # held-out words tell what in-sample fits hide: nothing is better than frequencies
    best = min(score.perplexity for score in topics.choice.scores)
    assert best > 0.99 * topics.choice.frequency_perplexity
    assert "no better than" in topics.note or " 0% below" in topics.note


def test_shares_are_mixtures(planted):
    topics, _, _ = planted
    assert topics.shares.dtype == np.float32
    assert topics.shares.min() >= 0
    np.testing.assert_allclose(topics.shares.sum(axis=1), 1, atol=1e-5)


def test_order_and_copies_change_nothing(planted):
    topics, texts, _ = planted
    order = np.random.default_rng(5).permutation(len(texts))
    mixed = learn_topics([texts[i] for i in order] + texts[:20], seed=1)
    assert mixed.to_numbers()["choice"] == topics.to_numbers()["choice"]
    assert mixed.names == topics.names
    assert np.array_equal(mixed.shares[: len(texts)], topics.shares[order])
    assert np.array_equal(mixed.shares[len(texts) :], topics.shares[:20])


def test_a_row_is_the_same_alone_and_among_others(planted):
    topics, texts, _ = planted
    alone = np.vstack([topic_shares(topics.model, [text]) for text in texts[:10]])
    assert np.array_equal(alone, topics.shares[:10])


def test_folds_fit_on_their_training_part_alone():
    texts, names = plant(160)
    model = fit_topics(texts[:120], n_topics=4, seed=0)
    shares = topic_shares(model, texts[120:])
    found = Counter(zip(names[120:], shares.argmax(axis=1).tolist(), strict=True))
    assert sum(max(found[name, k] for k in range(4)) for name in THEMES) >= 38
    assert not topic_shares(model, ["zebra quagga okapi", ""]).any()


def test_too_few_lyrics_have_no_topics_and_a_note():
    texts, _ = plant(FEWEST_LYRICS - 1)
    topics = learn_topics(texts + texts)  # copies are no further lyrics
    assert topics.model is None
    assert topics.choice is None
    assert f"{FEWEST_LYRICS - 1} different lyrics" in topics.note
    assert topics.shares.shape == (2 * len(texts), 0)
    assert set(topics.leading.tolist()) == {-1}
    assert topics.names == []
    assert fit_topics(texts, n_topics=2) is None
    assert report_topics(topics, [""] * 2 * len(texts))["topics"] == []


def test_lyrics_without_a_common_word_have_no_topics():
    texts = [" ".join(f"{a}{b}{c}x" for c in "bcd") for a in "bcdfghkl" for b in "bcdfghkl"]
    assert learn_topics(texts).model is None
    assert learn_topics([]).note.startswith("no topics: 0 different")


def test_texts_without_words_lead_nowhere(planted):
    _, texts, _ = planted
    topics = learn_topics([*texts, "", "oh oh yeah", "12 34"], seed=1, n_topics=3)
    assert topics.leading[-3:].tolist() == [-1, -1, -1]
    assert (topics.leading[:-3] >= 0).all()
    assert topics.choice is None
    assert topics.note == "3 topics, as asked"


def test_columns_of_songs(planted):
    topics, _, _ = planted
    columns = share_columns(topics, np.array([3, -1, 0, 3]))
    assert list(columns) == ["topic_1", "topic_2", "topic_3", "topic_4"]
    first = columns["topic_1"]
    assert first.dtype == np.float32
    assert math.isnan(first[1])
    assert first[0] == first[3] == topics.shares[3, 0]
    assert first[2] == topics.shares[0, 0]


def test_numbers_are_json_and_hold_the_choice(planted):
    topics, texts, _ = planted
    numbers = json.loads(json.dumps(topics.to_numbers(), allow_nan=False))
    assert numbers["n_topics"] == 4
    assert numbers["n_lyrics"] == len(texts)
    assert sum(topic["share"] for topic in numbers["topics"]) == pytest.approx(1, abs=1e-3)
    shares = [topic["share"] for topic in numbers["topics"]]
    assert shares == sorted(shares, reverse=True)
    assert [row["n_topics"] for row in numbers["choice"]["tried"]] == [2, 4, 6, 8]


# --- the measures ---------------------------------------------------------------------------------


def test_npmi_by_hand():
    # ten lyrics: a in 4, b in 4, both in 2; c in 3, always with d in 3; e never with a
    X = np.zeros((10, 5), int)
    X[:4, 0] = X[2:6, 1] = X[:3, 2] = X[:3, 3] = X[9, 4] = 1
    shared = count_shared(csr_matrix(X))
    value = npmi(np.array([[0, 1], [2, 3], [0, 4]]), shared, 10)
    # by hand: log(.2 / (.4 * .4)) / -log(.2) = .22314 / 1.60944; together always: 1; never: -1
    np.testing.assert_allclose(value, [0.138647, 1.0, -1.0], atol=1e-6)
    # a, c, d: log(.3 / .12) / -log(.3) = .91629 / 1.20397 twice, and 1 once
    assert npmi(np.array([[0, 2, 3]]), shared, 10)[0] == pytest.approx((2 * 0.761055 + 1) / 3, 1e-5)


def test_npmi_of_independent_words_is_zero():
    X = csr_matrix(np.array([[1, 1], [1, 0], [0, 1], [0, 0]]))
    assert npmi(np.array([[0, 1]]), count_shared(X), 4)[0] == pytest.approx(0, abs=1e-12)


def test_words_in_every_lyric_cohere_without_a_division_by_zero():
    X = csr_matrix(np.ones((5, 2), int))
    assert npmi(np.array([[0, 1]]), count_shared(X), 5)[0] == 1.0


def test_likelihood_by_hand():
    X = csr_matrix(np.array([[2, 1], [0, 0]]))
    value = log_likelihood(X, np.array([0.25, 0.75]))
    assert value.tolist() == pytest.approx([2 * math.log(0.25) + math.log(0.75), 0.0])
    by_row = log_likelihood(X, np.array([[0.5, 0.5], [0.1, 0.9]]))
    assert by_row.tolist() == pytest.approx([3 * math.log(0.5), 0.0])


@given(st.lists(st.lists(st.integers(0, 3), min_size=4, max_size=4), min_size=1, max_size=6))
def test_halves_share_no_word_and_sum_to_the_whole(rows):
    X = csr_matrix(np.array(rows))
    before = X.toarray()
    told, hidden = (half.toarray() for half in split_words(X))
    assert np.array_equal(told + hidden, before)
    assert np.array_equal(X.toarray(), before)
    assert not (told.astype(bool) & hidden.astype(bool)).any()
    gap = (told > 0).sum(axis=1) - (hidden > 0).sum(axis=1)
    assert set(gap.tolist()) <= {0, 1}


def test_the_rule_takes_coherence_only_among_good_predictions():
    best = CountScore(8, 700.0, 0.0, 0.0, 0.10, 0.01)
    near = best._replace(n_topics=4, excess=0.010, excess_error=0.011, npmi=0.15)
    far = best._replace(n_topics=2, excess=0.030, excess_error=0.011, npmi=0.90)
    assert choose_count([far, near, best]) == 4
    sure = near._replace(excess=0.021, excess_error=0.001)
    assert choose_count([far, sure, best]) == 8
    assert choose_count([far, sure._replace(excess_error=0.022), best]) == 4
    assert choose_count([far, best]) == 8
    assert choose_count([best, best._replace(n_topics=6)]) == 6


def test_excess_is_the_log_of_a_ratio_of_perplexities():
    texts, _ = plant(80)
    vocabulary = sorted({word for text in texts for word in text.split()})
    counts = [[text.split().count(word) for word in vocabulary] for text in texts]
    choice = try_counts(csr_matrix(np.array(counts)), seed=0)
    best = min(choice.scores, key=lambda score: score.perplexity)
    assert best.excess == 0 == best.excess_error
    for score in choice.scores:
        assert score.excess == pytest.approx(math.log(score.perplexity / best.perplexity))
        assert -1 <= score.npmi <= 1


# --- the words ------------------------------------------------------------------------------------


def test_a_refrain_counts_once_with_and_without_lines():
    verse = "Thunder rolls across the mountain"
    lines = topic_words("\n".join([verse] * 5))
    assert lines == topic_words(" ".join([verse] * 5))
    assert Counter(lines)["thunder"] <= 2
    assert Counter(lines)["mountain"] == 1


def test_words_of_function_sounds_and_contractions_are_left_out():
    text = "Oh yeah, I don't know why they're runnin' ooooh lalala from Love’s mirror, can't you"
    assert topic_words(text) == ["running", "love", "mirror"]
    spanish = "Ay, no sé por qué tú y yo somos como la canción que nunca se acaba, corazón"
    assert topic_words(spanish) == ["canción", "acaba", "corazón"]


def test_function_words_are_those_of_the_lyrics_own_languages():
    english = "I will die with you and they will die for the love that we had"
    assert "die" in topic_words(english)
    german = "die Sonne und die Sterne und ich weiß nicht was das ist, die Nacht"
    assert topic_words(german) == ["sonne", "sterne", "nacht"]
    both = "pero no quiero que te vayas porque eres mi vida, and I will always need you with me"
    assert set(guess_languages(all_words(both))) == {"English", "Spanish"}
    assert main_language(german) == "German"
    assert main_language("asdf") == ""


@given(st.text(max_size=300))
def test_any_text_is_read(text):
    words = topic_words(text)
    assert all(words)
    assert len(words_once(words)) <= len(words)
    assert main_language(text) == main_language(text)


def test_long_runs_of_one_sound_are_read_quickly():
    # a pattern that tries every way to part the vowels would never come back
    assert topic_words("aeiou" * 2000 + "x la") is not None
    assert topic_words("ha" * 5000 + " moonlight") == ["moonlight"]


def test_scripts_without_blanks_are_cut_into_pairs():
    assert topic_words("愛している") == ["愛し", "して", "てい", "いる"]
    assert topic_words("любовь и ночь") == ["любовь", "и", "ночь"]


# --- moods ----------------------------------------------------------------------------------------


def test_moods_by_hand():
    shares = np.float32([[0.9, 0.1]] * 20 + [[0.2, 0.8]] * 20 + [[0, 0]])
    table = shares_by_mood(shares, ["sad"] * 20 + ["happy"] * 19 + ["", "sad"])
    assert table.moods == ["happy", "sad"]
    assert table.n_songs.tolist() == [19, 20]
    np.testing.assert_allclose(table.share, [[0.2, 0.8], [0.9, 0.1]], atol=1e-6)
    np.testing.assert_allclose(table.overall[0], (19 * 0.2 + 20 * 0.9) / 39, atol=1e-6)
    assert table.clear.all()
    with pytest.raises(ValueError, match="2 moods for 41 songs"):
        shares_by_mood(shares, ["sad", "sad"])


def test_few_songs_have_no_interval_and_are_never_clear():
    table = shares_by_mood(np.float32([[1, 0]] * 9 + [[0, 1]] * 30), ["sad"] * 9 + ["calm"] * 30)
    sad = table.moods.index("sad")
    assert np.isnan(table.half[sad]).all()
    assert not table.clear[sad].any()


def test_moods_dealt_out_by_chance_are_seldom_clear(planted):
    topics, texts, _ = planted
    rng = np.random.default_rng(0)
    clear = [
        shares_by_mood(topics.shares, rng.choice(["happy", "sad", "calm"], len(texts))).clear.any()
        for _ in range(40)
    ]
    assert sum(clear) <= 5  # 5% of forty tables would be two


def test_the_report_tells_themes_by_mood(planted):
    topics, _, names = planted
    of_theme = {"sea": "calm", "war": "angry", "feast": "party", "farm": ""}
    report = report_topics(topics, [of_theme[name] for name in names])
    json.dumps(report, allow_nan=False)
    assert list(report["by_mood"]) == ["party", "angry", "calm"]
    for told in report["by_mood"].values():
        assert told["n_songs"] == 50
        assert max(cell["share"] for cell in told["topics"]) > 0.6
        assert all(cell["low"] <= cell["share"] <= cell["high"] for cell in told["topics"])


def test_real_lyrics_have_topics_that_predict_and_cohere(shared_data):
    lines = (shared_data / "mood_truth" / "moodylyrics4q_dev_lyrics.jsonl").read_text("utf-8")
    texts = [clean_lyrics(json.loads(line)["lyrics"]) for line in lines.splitlines()[:300]]
    topics = learn_topics(texts, seed=0)
    taken = next(s for s in topics.choice.scores if s.n_topics == topics.model.n_topics)
    assert taken.perplexity < topics.choice.frequency_perplexity
    assert taken.npmi > topics.choice.frequent_npmi
