"""The text model as a server holds it: loaded once, in the background, for every request.

Conventions
-----------
Loading takes most of a second, so it begins with the server; sentences wait for it, the page
does not. A model that cannot be loaded stays so until the server is started again. Sentences are
read by one thread: the library that holds the encoder to one processor is not meant to be entered
by two at a time.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from scripts.playlists.opened import the_text_model
from scripts.text.reading import Reading, read_text
from scripts.web.problems import tell_nearest


def open_and_try() -> Any:
    """Open the command line's model and embed a word, which loads the encoder's numbers."""
    model = the_text_model()
    if model.encoder is not None:
        model.encoder.encode(["calm"])
    return model


class TextModel:
    """The model that reads sentences, opened at most once.

    Parameters
    ----------
    open_model : callable, optional
        Opens it: that of the command line unless told.
    """

    __slots__ = ("_error", "_lock", "_model", "_open")

    def __init__(self, open_model: Callable[[], Any] = open_and_try) -> None:
        self._open = open_model
        self._lock = threading.Lock()
        self._model: Any = None
        self._error: Exception | None = None

    def get(self) -> Any:
        """Return the model, loading it where nobody has; what went wrong is raised each time."""
        self.warm_up()
        if self._error is not None:
            raise self._error.with_traceback(None)
        return self._model

    def warm_up(self) -> None:
        """Load the model, or wait until it is loaded."""
        with self._lock:
            if self._model is None and self._error is None:
                try:
                    self._model = self._open()
                except Exception as error:
                    self._error = error

    def state(self) -> str:
        """Tell how sentences are read: ``full``, by ``words`` alone, ``none``, or ``loading``."""
        if self._error is not None:
            return "none"
        if self._model is None:
            return "loading"
        return "words" if self._model.lesser else "full"


def tell_reading(reading: Reading) -> dict[str, Any]:
    """Tell a :class:`~scripts.text.reading.Reading` in values that JSON can hold."""
    return {
        "text": reading.text,
        "moods": {mood: float(chance) for mood, chance in reading.moods.items()},
        "point": [float(value) for value in reading.point],
        "words": [
            {"word": word, "says": says, "weight": float(weight)}
            for word, says, weight in reading.words
        ],
        "parts": [{"share": float(share), "mood": mood} for share, mood in reading.parts],
        "emotions": {name: float(chance) for name, chance in reading.emotions.items()},
        "confidence": float(reading.confidence),
        "abstained": bool(reading.abstained),
        "reason": reading.reason,
        "nearest": tell_nearest(reading.nearest),
        "model": reading.model,
    }


def read_sentence(model: TextModel, text: str) -> dict[str, Any]:
    """Read a sentence."""
    return tell_reading(read_text(text, model.get()))
