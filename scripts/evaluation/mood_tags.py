"""Which mood listeners' tags tell of an artist.

Conventions
-----------
Moods are the four quadrants, by their place in :data:`~scripts.moods.vocabulary.QUADRANTS`; -1 is
none. A tag tells of a mood if it is one of :data:`MOOD_TAGS`, whatever its case, blanks and
hyphens, or one followed by a word for music ("sad songs"). Longer tags tell of nothing: they are
as often a joke, a name or the opposite.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from scripts.moods.vocabulary import QUADRANTS
from scripts.text.names import fold_name

#: Quadrant -> tags that tell of it. Words that lie near a line of the plane (dark, dreamy,
#: emotional, beautiful) and names of genres tell of no one quadrant and are left out.
MOOD_TAGS: dict[str, tuple[str, ...]] = {
    "happy": (
        *("happy", "happiness", "joyful", "joyous", "cheerful", "upbeat", "uplifting", "fun"),
        *("feel good", "good mood", "party", "energetic", "energy", "high energy", "euphoric"),
        *("exciting", "exhilarating", "optimistic", "positive", "motivating"),
    ),
    "angry": (
        *("angry", "anger", "aggressive", "aggression", "agressive", "rage", "furious", "hate"),
        *("brutal", "violent", "violence", "tense", "fierce", "hateful", "pissed off"),
    ),
    "sad": (
        *("sad", "sadness", "melancholic", "melancholy", "melancholia", "depressing", "depressive"),
        *("depressed", "depression", "gloomy", "gloom", "miserable", "lonely", "loneliness"),
        *("heartbreak", "wistful", "sorrow", "sorrowful", "sad and slow"),
    ),
    "relaxed": (
        *("relax", "relaxing", "relaxed", "relaxation", "calm", "calming", "chill", "chilled"),
        *("chillout", "mellow", "peaceful", "peace", "soothing", "laid back", "tranquil"),
        *("serene", "quiet"),
    ),
}

#: Endings that add nothing to a tag's mood ("sad songs").
_FILLERS = ("music", "songs", "song", "tunes")

_MOOD_OF_TAG = {
    fold_name(word): mood for mood, name in enumerate(QUADRANTS) for word in MOOD_TAGS[name]
}


def mood_of_tag(tag: str) -> int:
    """Return the number of the quadrant that a tag tells of, -1 for none.

    >>> mood_of_tag("Feel-Good"), mood_of_tag("sad songs"), mood_of_tag("doom metal")
    (0, 2, -1)
    """
    folded = fold_name(tag)
    for ending in _FILLERS:
        folded = folded.removesuffix(ending) or folded
    return _MOOD_OF_TAG.get(folded, -1)


def count_mood_tags(
    items: NDArray[np.int64], tags: NDArray[np.int64], names: Sequence[str], n_items: int
) -> NDArray[np.int64]:
    """Count how often artists were given tags of each mood.

    Parameters
    ----------
    items, tags : (n,) int
        Artist and tag of each time that a listener gave one; tags number `names`.

    Returns
    -------
    (n_items, 4) int64
    """
    moods = np.array([mood_of_tag(name) for name in names], dtype=np.int64)[tags]
    known = moods >= 0
    cells = items[known].astype(np.int64) * len(QUADRANTS) + moods[known]
    return np.bincount(cells, minlength=n_items * len(QUADRANTS)).reshape(n_items, -1)


def leading_moods(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return each row's largest column, -1 where two are as large or all are 0.

    >>> leading_moods(np.array([[0, 0, 3, 1], [2, 2, 0, 0], [0, 0, 0, 0]])).tolist()
    [2, -1, -1]
    """
    alone = (counts == counts.max(axis=1, keepdims=True)).sum(axis=1) == 1
    return np.where(alone, counts.argmax(axis=1), -1)
