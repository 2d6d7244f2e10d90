"""How probable it is that a text is the words of its song, by title and artist alone.

Conventions
-----------
*Trust* is a probability in [0, 1]: 0 for a text of fewer than 20 letters (there is nothing to
trust), 1 less the share of wrong texts where the title is unknown. *Evidence* is (4,) float64 in
[0, 1], see :func:`title_evidence`. Words are compared without case and accents.

Method
------
Songs tend to sing their titles; the words of another song do so only where the title is of common
words. So each word of a title counts by how rare it is in lyrics (minus the logarithm of the share
of lyrics that hold it), and a logistic regression tells songs with their own text from the same
songs with texts of other artists. Its odds hold for equal shares of right and wrong texts; the
share of wrong ones in the table at hand is the fixed point of its own mean posterior, as for any
classifier whose classes come in other shares than it has learned (Saerens, Latinne & Decaestecker
2002, doi:10.1162/089976602753284446). It is measured against the table the regression was fitted
on, whose texts count as right: title-less songs among those are no sign of error.

The mood of a text is never looked at: a lyric that contradicts the sound is what the lyric half is
there for.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from scripts.errors import ModelError
from scripts.moods.lyric_mood import REFIT, load_lyric_numbers

#: Share of wrong texts that is assumed where a table has too few rows to estimate it.
WRONG_SHARE = 0.05
FEWEST_TO_ESTIMATE = 100
_SHARE_BOUNDS = (0.01, 0.6)

#: A word of fewer lyrics than this counts as if this share of them had it.
RAREST = 0.01

#: Letters that stand for a word in another form ("siberian" for "siberia").
STEM = 5

#: Surprise, in nats, above which more of it says nothing new.
_ENOUGH = 8.0

_FEWEST_LETTERS = 20
_N_SWAPS = 3
_ROUNDS = 200
_WORD = re.compile(r"[^\W_]+")
_ASIDE = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|\s-\s.*$")


class TrustModel(NamedTuple):
    """A logistic regression on evidence, at equal odds, and how common words are in lyrics."""

    bias: float
    weights: list[float]  # (4,)
    word_shares: dict[str, float]  # words of more than RAREST of the lyrics


def split_words(text: str) -> list[str]:
    """Split into words without case, accents and apostrophes.

    >>> split_words("Don't — Ça va?")
    ['dont', 'ca', 'va']
    """
    plain = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(sign for sign in plain if not unicodedata.combining(sign))
    return _WORD.findall(plain.replace("'", "").replace("’", ""))


def _title_words(title: str) -> list[str]:
    """Leave out what a catalogue adds to a title: "(feat. …)", "- Remastered 2011"."""
    return split_words(_ASIDE.sub(" ", title)) or split_words(title)


def _holds(words: str, phrase: Sequence[str]) -> bool:
    return f" {' '.join(phrase)} " in words


def title_evidence(
    title: str, artist: str, text: str, word_shares: Mapping[str, float]
) -> list[float]:
    """Return what title and artist say for a text, four numbers in [0, 1].

    They are the share of the title's surprise that the text meets, whether it has the title as a
    phrase, the surprise it meets (in eighths of a nat, at most 1), and whether it has the artist's
    name (unless that is a common word).
    """
    asked, given = _title_words(title), split_words(text)
    known, joined = set(given), f" {' '.join(given)} "
    stems = {word[:STEM] for word in given if len(word) >= STEM}
    total = met = 0.0
    for word in asked:
        surprise = -math.log(word_shares.get(word, RAREST))
        total += surprise
        if word in known:
            met += surprise
        elif len(word) >= STEM and word[:STEM] in stems:
            met += 0.8 * surprise
    name = split_words(artist)
    named = bool(name) and (len(name) > 1 or name[0] not in word_shares) and _holds(joined, name)
    return [
        met / total if total > 0 else 0.0,
        float(bool(asked) and _holds(joined, asked)),
        min(met, _ENOUGH) / _ENOUGH,
        float(named),
    ]


def count_word_shares(texts: Sequence[str]) -> dict[str, float]:
    """Return the share of lyrics that hold each common word, the words in alphabetical order."""
    counts = Counter(word for text in texts for word in set(split_words(text)))
    shares = {word: n / len(texts) for word, n in counts.items()}
    return {
        word: round(min(shares[word], 0.99), 3) for word in sorted(shares) if shares[word] > RAREST
    }


def fit_lyric_trust(
    titles: Sequence[str], artists: Sequence[str], texts: Sequence[str], *, seed: int = 0
) -> TrustModel:
    """Learn to tell a song's own text from those of other artists.

    Parameters
    ----------
    titles, artists, texts : sequence of str, length n
        Songs with what counts as their own texts; at least two artists.
    """
    shares = count_word_shares(texts)
    rng = np.random.default_rng(seed)
    evidence, right = [], []
    pairs = [(i, i) for i in range(len(texts))]
    pairs += [pair for _ in range(_N_SWAPS) for pair in enumerate(rng.permutation(len(texts)))]
    for song, other in pairs:
        if song == other or artists[song] != artists[other]:
            evidence.append(title_evidence(titles[song], artists[song], texts[other], shares))
            right.append(song == other)
    fitted = LogisticRegression(class_weight="balanced").fit(np.array(evidence), np.array(right))
    weights = [round(float(weight), 3) for weight in fitted.coef_[0]]
    return TrustModel(round(float(fitted.intercept_[0]), 3), weights, shares)


def _posterior(log_odds: NDArray[np.float64], wrong_share: float) -> NDArray[np.float64]:
    return 1 / (1 + np.exp(-(log_odds + math.log((1 - wrong_share) / wrong_share))))


def estimate_wrong_share(log_odds: NDArray[np.float64]) -> float:
    """Estimate the share of wrong texts from the log-odds of a whole table."""
    share = WRONG_SHARE
    if len(log_odds) < FEWEST_TO_ESTIMATE:
        return share
    for _ in range(_ROUNDS):
        share = float(np.clip(1 - _posterior(log_odds, share).mean(), *_SHARE_BOUNDS))
    return share


def lyric_trust(
    titles: Sequence[str],
    artists: Sequence[str],
    texts: Sequence[str],
    model: TrustModel | None = None,
    *,
    wrong_share: float | None = None,
) -> NDArray[np.float64]:
    """Return the trust in each text: (n,) float64 in [0, 1].

    Parameters
    ----------
    titles, artists, texts : sequence of str, length n
        "" where unknown.
    model : TrustModel, optional
        The shipped one where left out.
    wrong_share : float in (0, 1), optional
        Share of wrong texts; estimated from these texts where left out, if there are 100.
    """
    model = load_lyric_trust() if model is None else model
    evidence = np.array(
        [
            title_evidence(title, artist, text, model.word_shares)
            for title, artist, text in zip(titles, artists, texts, strict=True)
        ]
    ).reshape(-1, len(model.weights))
    log_odds = evidence @ np.array(model.weights) + model.bias
    has_words = np.array([sum(map(str.isalpha, text)) >= _FEWEST_LETTERS for text in texts], bool)
    has_title = np.array([bool(split_words(title)) for title in titles], bool)
    if wrong_share is None:
        wrong_share = estimate_wrong_share(log_odds[has_words & has_title])
    trust = np.where(has_title, _posterior(log_odds, wrong_share), 1 - wrong_share)
    return np.where(has_words, trust, 0.0)


def trust_to_numbers(model: TrustModel) -> dict[str, Any]:
    """Write the model as JSON-ready numbers."""
    return model._asdict()


def trust_from_numbers(numbers: Mapping[str, Any]) -> TrustModel:
    """Read what :func:`trust_to_numbers` wrote.

    Raises
    ------
    ModelError
        If a number is missing.
    """
    try:
        weights = [float(weight) for weight in numbers["weights"]]
        shares = {str(word): float(share) for word, share in numbers["word_shares"].items()}
        return TrustModel(float(numbers["bias"]), weights, shares)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ModelError(
            f"the numbers of the trust in lyrics cannot be read ({error}); refit them with: {REFIT}"
        ) from error


def load_lyric_trust() -> TrustModel:
    """Read the shipped model."""
    return trust_from_numbers(load_lyric_numbers()["trust"])
