"""English words of feeling, their places on the plane, and the numbers that find them in texts.

Conventions
-----------
A *word* is lower case. ``emotion_lexicon.tsv`` lists one *family* a line: the word that stands for
it, its place (valence, arousal) in [0, 1], and its other forms. ``emotion_space.json`` holds the
numbers of ``python -m scripts.fit_emotion_words``; its keys are told there.

Source
------
The families are Moodlist's own, their places set by hand in the frame of the circumplex; see
:mod:`scripts.moods.vocabulary`.
"""

from __future__ import annotations

import json
import os

from scripts.errors import ModelError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_ROOM = os.path.dirname(os.path.abspath(__file__))
LEXICON_FILE = os.path.join(_ROOM, "emotion_lexicon.tsv")
SPACE_FILE = os.path.join(_ROOM, "emotion_space.json")

#: What the file of numbers holds: see :mod:`scripts.fit_emotion_words`.
_PARTS = ("settings", "lyrics", "sentences", "feelings")

_REFIT = (
    "restore it with the program, or refit it with: "
    "python -m scripts.fit_emotion_words --sentences FILE --labels FILE --songs FILE ..."
)


def load_lexicon() -> dict[str, tuple[float, float, str]]:
    """Read the lexicon: form -> (valence, arousal, word of its family), in alphabetical order.

    Raises
    ------
    ModelError
        If the file is missing or a line of it cannot be read.

    >>> load_lexicon()["joyful"]
    (0.92, 0.75, 'joy')
    """
    forms: dict[str, tuple[float, float, str]] = {}
    try:
        with open(LEXICON_FILE, encoding="utf-8") as file:
            for line in file:
                if not line.startswith("#"):
                    word, valence, arousal, *rest = line.rstrip("\n").split("\t")
                    entry = (float(valence), float(arousal), word)
                    forms |= dict.fromkeys([word, *" ".join(rest).split()], entry)
    except (OSError, ValueError) as error:
        raise ModelError(
            f"emotion_lexicon.tsv: cannot be read ({error}); restore it with the program"
        ) from error
    return dict(sorted(forms.items()))


def load_space() -> dict[str, Any]:
    """Read the fitted numbers.

    Raises
    ------
    ModelError
        If the file is missing, is no JSON or lacks a number.
    """
    try:
        with open(SPACE_FILE, encoding="utf-8") as file:
            space: dict[str, Any] = json.load(file)
        missing = [
            key for key in ("settings", "lyrics", "sentences", "feelings") if key not in space
        ]
    except (OSError, ValueError) as error:
        raise ModelError(f"emotion_space.json: cannot be read ({error}); {_REFIT}") from error
    if missing:
        raise ModelError(f"emotion_space.json: {', '.join(missing)} is missing; {_REFIT}")
    return space
