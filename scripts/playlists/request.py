"""What is asked for: every way to ask becomes one mood request.

Conventions
-----------
A request is a weight in (0, 1] for each song mood; a song of that mood fits it by weight times the
probability of the mood's quadrant. A new way to ask is one more function here that makes a
:class:`MoodRequest`.
"""

from __future__ import annotations

from scripts.errors import SettingsError
from scripts.moods.vocabulary import LISTENER_MOODS, SYNONYMS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


class MoodRequest:
    """Which song moods are asked for, each with its weight.

    Attributes
    ----------
    mood : str
        The word to show for the request.
    weights : dict of song mood to weight in (0, 1]
    listener : int or None
        Whom it is for, counted from 1.
    probabilities : dict of listener mood to probability
        Empty where no listener was asked about.
    """

    __slots__ = ("listener", "mood", "probabilities", "weights")

    def __init__(
        self,
        mood: str,
        weights: dict[str, float],
        listener: int | None = None,
        probabilities: dict[str, float] | None = None,
    ) -> None:
        self.mood = mood
        self.weights = weights
        self.listener = listener
        self.probabilities = probabilities or {}


def request_for_word(word: str) -> MoodRequest:
    """Ask by a word of the vocabulary: a song mood, a listener mood or a synonym.

    >>> request_for_word("Melancholy").weights
    {'melancholic': 1.0}
    >>> sorted(request_for_word("social").weights)
    ['happy', 'party']

    Raises
    ------
    SettingsError
        For an unknown word; the message offers the nearest ones.
    """
    key = " ".join(word.split()).casefold()
    if key in SYNONYMS:  # first: "uplifting" is a song mood and one of the survey's answers
        return MoodRequest(key, {SYNONYMS[key]: 1.0})
    if key in LISTENER_MOODS:
        return MoodRequest(key, dict(LISTENER_MOODS[key][1]))
    for mood, (answer, weights) in LISTENER_MOODS.items():
        if key == answer.casefold():
            return MoodRequest(mood, dict(weights))
    import difflib

    from scripts.console import clean_text

    words = sorted({*SYNONYMS, *LISTENER_MOODS})
    near = difflib.get_close_matches(key, words, n=3, cutoff=0.6)
    listed = ", ".join(words)
    offer = (
        f"did you mean {' or '.join(near)}? (known words: {listed})"
        if near
        else f"known words: {listed}"
    )
    raise SettingsError(f"--mood {clean_text(word[:60])!r}: no such mood; {offer}")


def predict_listener(model: Mapping[str, Any], answers: Mapping[str, str]) -> dict[str, float]:
    """Apply the saved listener model to one listener's answers.

    Parameters
    ----------
    model : mapping
        The document ``listener_mood.json``.
    answers : mapping of survey column to text

    Returns
    -------
    dict of listener mood to probability in [0, 1]
    """
    import math

    from scripts.moods.survey import answers_of

    given = set(answers_of(answers))
    columns = [i for i, feature in enumerate(model["features"]) if feature in given]
    probabilities = {}
    for mood, line in model["moods"].items():
        weights = line["weights"]
        logit = line["bias"] + sum(weights[column] for column in columns)
        probabilities[mood] = 1 / (1 + math.exp(-max(-500.0, min(500.0, logit))))
    return probabilities


def request_for_listener(
    model: Mapping[str, Any], answers: Mapping[str, str], listener: int
) -> MoodRequest:
    """Ask for the mood a listener is most probably in."""
    probabilities = predict_listener(model, answers)
    mood = max(probabilities, key=probabilities.__getitem__)
    return MoodRequest(mood, dict(LISTENER_MOODS[mood][1]), listener, probabilities)
