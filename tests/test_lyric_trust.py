"""Whether a text is the words of its song."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.errors import ModelError
from scripts.learning.lyric_trust import (
    FEWEST_TO_ESTIMATE,
    RAREST,
    WRONG_SHARE,
    count_word_shares,
    estimate_wrong_share,
    fit_lyric_trust,
    load_lyric_trust,
    lyric_trust,
    split_words,
    title_evidence,
    trust_from_numbers,
    trust_to_numbers,
)

SHARES = {"the": 0.9, "love": 0.3, "of": 0.7, "you": 0.9}
FILLER = "and so we walked along the river until the morning came around again"
#: Words that no other title has, and that lyrics seldom hold.
RARE = [f"{a}{b}{c}" for a in "bdfgklmn" for b in "aeiou" for c in ("zet", "pol", "rix", "quam")]


def own_texts(n=150, seed=0):
    """Songs of one rare word each, sung in four of five of them."""
    titles = [RARE[i % len(RARE)] for i in range(n)]
    artists = [f"artist {i}" for i in range(n)]
    sung = np.random.default_rng(seed).permutation(n) % 5 > 0
    texts = [
        f"{FILLER} {title if sings else 'nothing'} {FILLER}"
        for title, sings in zip(titles, sung, strict=True)
    ]
    return titles, artists, texts


@pytest.fixture(scope="module")
def model():
    return fit_lyric_trust(*own_texts())


class TestEvidence:
    def test_a_rare_title_that_is_sung(self):
        share, phrase, surprise, named = title_evidence(
            "Siberian Divide", "", "over the siberian divide we go", SHARES
        )
        assert (share, phrase, named) == (1, 1, 0)
        assert surprise == 1  # two words, each of one lyric in a hundred: more than eight nats

    def test_a_title_of_common_words_says_little(self):
        _, phrase, surprise, _ = title_evidence("The Love", "", "the love", SHARES)
        assert phrase == 1
        assert surprise == pytest.approx((-np.log(0.9) - np.log(0.3)) / 8)

    def test_words_in_another_order_are_no_phrase(self):
        share, phrase, *_ = title_evidence("Violet Smoke", "", "smoke, violet", SHARES)
        assert (share, phrase) == (1, 0)

    def test_another_form_of_a_word_counts_a_little_less(self):
        share, *_ = title_evidence("Sleepers", "", "we were sleeping", SHARES)
        assert share == pytest.approx(0.8)

    def test_the_rarer_word_counts_for_more(self):
        rare, *_ = title_evidence("Love Violet", "", "violet", SHARES)
        common, *_ = title_evidence("Love Violet", "", "love", SHARES)
        assert rare == pytest.approx(1 - common)
        assert rare > 0.75

    @pytest.mark.parametrize(
        "title",
        ["Violet (feat. Someone Else)", "Violet - Remastered 2011", "VIOLET [Live]", "Víolet"],
    )
    def test_what_a_catalogue_adds_to_a_title_is_left_out(self, title):
        assert title_evidence(title, "", "so violet", SHARES)[:2] == [1.0, 1.0]

    def test_an_artist_who_names_himself(self):
        assert title_evidence("x", "Ice Cube", "my name is Ice Cube", SHARES)[3] == 1
        assert title_evidence("x", "Love", "all my love", SHARES)[3] == 0
        assert title_evidence("x", "", "all my love", SHARES)[3] == 0

    @given(title=st.text(max_size=20), artist=st.text(max_size=20), text=st.text(max_size=60))
    def test_it_is_four_shares(self, title, artist, text):
        evidence = title_evidence(title, artist, text, SHARES)
        assert len(evidence) == 4
        assert all(0 <= value <= 1 for value in evidence)

    def test_words_are_compared_without_signs(self):
        assert split_words("Don’t — don't, ÇA va") == ["dont", "dont", "ca", "va"]


class TestTrust:
    def test_own_texts_above_those_of_others(self, model):
        titles, artists, texts = own_texts(seed=1)
        own = lyric_trust(titles, artists, texts, model)
        others = lyric_trust(titles, artists, [*texts[1:], texts[0]], model)
        sung = np.array([title in text for title, text in zip(titles, texts, strict=True)])
        assert own[sung].min() > others.max()

    @given(rows=st.lists(st.tuples(st.text(max_size=9), st.text(max_size=9), st.text(max_size=60))))
    def test_it_is_a_probability(self, model, rows):
        titles, artists, texts = ([row[i] for row in rows] for i in range(3))
        trust = lyric_trust(titles, artists, texts, model)
        assert trust.shape == (len(rows),)
        assert np.all((trust >= 0) & (trust <= 1))

    def test_a_text_without_words_is_not_trusted(self, model):
        assert lyric_trust(["Hush"], ["x"], ["la"], model).tolist() == [0]

    def test_an_unknown_title_is_as_sure_as_the_table(self, model):
        assert lyric_trust([""], ["x"], [FILLER], model).tolist() == [1 - WRONG_SHARE]
        assert lyric_trust([""], ["x"], [FILLER], model, wrong_share=0.4).tolist() == [0.6]

    def test_with_a_given_share_a_song_alone_and_among_others_is_the_same(self, model):
        titles, artists, texts = own_texts(120, seed=2)
        together = lyric_trust(titles, artists, texts, model, wrong_share=0.1)
        alone = [
            lyric_trust([a], [b], [c], model, wrong_share=0.1)[0]
            for a, b, c in zip(titles, artists, texts, strict=True)
        ]
        assert together == pytest.approx(np.array(alone))

    @pytest.mark.parametrize("share", [0.1, 0.25, 0.5])
    def test_the_share_of_wrong_texts_is_found(self, model, share):
        titles, artists, texts = own_texts(800, seed=4)
        n = int(share * 800)
        texts = [*np.roll(np.array(texts[:n], dtype=object), 1).tolist(), *texts[n:]]
        trust = lyric_trust(titles, artists, texts, model)
        assert 1 - trust.mean() == pytest.approx(share, abs=0.04)
        # by Bayes: a fifth of the right texts and all of the wrong ones lack their title
        expected = 0.2 * (1 - share) / (0.2 * (1 - share) + share)
        assert trust[:n] == pytest.approx(np.full(n, expected), abs=0.06)

    def test_more_wrong_texts_make_a_song_without_its_title_more_suspect(self, model):
        few, many = (
            lyric_trust([RARE[0]], ["x"], [FILLER], model, wrong_share=share)[0]
            for share in (0.05, 0.5)
        )
        assert many < few

    def test_few_texts_are_too_few_to_estimate_a_share(self):
        assert estimate_wrong_share(np.full(FEWEST_TO_ESTIMATE - 1, -9.0)) == WRONG_SHARE
        assert estimate_wrong_share(np.full(FEWEST_TO_ESTIMATE, -9.0)) > WRONG_SHARE


class TestNumbers:
    def test_common_words_with_their_shares(self):
        shares = count_word_shares(["love me", "love you", "you, you"] * 50)
        assert shares == {"love": 0.667, "me": 0.333, "you": 0.667}
        assert "once" not in count_word_shares(["once", *["love"] * int(1 / RAREST)])

    def test_written_and_read_is_the_same(self, model):
        assert trust_from_numbers(json.loads(json.dumps(trust_to_numbers(model)))) == model

    @pytest.mark.parametrize("harm", [{"weights": None}, {"bias": "a"}, {"word_shares": 3}])
    def test_other_numbers_are_refused(self, model, harm):
        with pytest.raises(ModelError, match="trust in lyrics cannot be read"):
            trust_from_numbers(trust_to_numbers(model) | harm)

    def test_the_shipped_model_knows_a_song_by_its_title(self):
        shipped = load_lyric_trust()
        sung, other = lyric_trust(
            ["Purple Elephants", "Purple Elephants"],
            ["The Zookeepers", "The Zookeepers"],
            ["We rode on purple elephants all night", "Tell me that you love me all night"],
            shipped,
            wrong_share=0.25,
        )
        assert sung > 0.9
        assert other < 0.5
