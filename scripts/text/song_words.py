"""The emotion words of many songs side by side, compared with a sentence in one step.

Conventions
-----------
Songs are numbered from 0, words by their number in the vocabulary; a song's weights sum to 1. numpy
is imported where the words are put together, never with this module.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class SongWords:
    """Words of songs as columns, song by song, the strongest word first.

    Parameters
    ----------
    n_songs : int
    rows : iterable of (song, word, weight)
        In any order; a song may have none.
    """

    __slots__ = ("_songs", "_starts", "_weights", "_words", "n_songs")

    def __init__(self, n_songs: int, rows: Iterable[tuple[int, int, float]]) -> None:
        import numpy as np

        table = list(rows)
        songs = np.array([row[0] for row in table], dtype=np.int64)
        words = np.array([row[1] for row in table], dtype=np.int64)
        weights = np.array([row[2] for row in table], dtype=np.float64)
        order = np.lexsort((words, -weights, songs))
        self.n_songs = n_songs
        self._songs, self._words, self._weights = songs[order], words[order], weights[order]
        self._starts = np.append(0, np.cumsum(np.bincount(songs, minlength=n_songs)))

    def words_of(self, song: int) -> list[tuple[int, float]]:
        """List a song's words with their weights, strongest first."""
        at = slice(self._starts[song], self._starts[song + 1])
        words: list[int] = self._words[at].tolist()
        weights: list[float] = self._weights[at].tolist()
        return list(zip(words, weights, strict=True))

    def similarities(self, near: Sequence[float]) -> list[float]:
        """Return each song's similarity as ``song_similarity`` has it, to six digits.

        Parameters
        ----------
        near : sequence of float
            Of each word: :func:`~scripts.text.emotion_query.word_similarity`.
        """
        import numpy as np

        worth = np.asarray(near, dtype=np.float64)[self._words] * self._weights
        sums = np.bincount(self._songs, weights=worth, minlength=self.n_songs)
        return [round(total, 6) for total in sums.tolist()]
