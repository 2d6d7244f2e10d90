"""Opening what a trained set tells of lyrics, where it was trained with any.

Conventions
-----------
``lyrics.json`` is small and is checked by hash; the vectors can have gigabytes and are checked by
size and header, and by hash in :func:`~scripts.store.reading.verify_set`. Both are opened when
they are asked for, so that an answer without lyrics pays nothing.
"""

from __future__ import annotations

import json
import os

from scripts.errors import ModelError
from scripts.store.layout import LYRICS
from scripts.store.reading import RETRAIN, TrainedSet, read_model
from scripts.store.vectors import map_vectors

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    import numpy as np
    from numpy.typing import NDArray

NO_LYRICS = "was trained without lyrics; train again with: python train.py --lyrics FILE"


def has_lyrics(trained: TrainedSet) -> bool:
    """Tell whether a set was trained with lyrics."""
    return LYRICS in trained.manifest["files"]


def read_lyric_facts(trained: TrainedSet) -> dict[str, Any]:
    """Read ``lyrics.json`` of a set.

    Raises
    ------
    ModelError
        If the set has no lyrics, or the file is missing or altered.
    """
    if not has_lyrics(trained):
        raise ModelError(f"{trained.folder}: {NO_LYRICS}")
    content = read_model(trained.folder, LYRICS, trained.manifest["files"][LYRICS])
    try:
        return dict(json.loads(content))
    except (ValueError, TypeError, RecursionError) as error:
        path = os.path.join(trained.folder, LYRICS)
        raise ModelError(f"{path}: is no document of lyrics ({error!r}); {RETRAIN}") from error


def open_vectors(trained: TrainedSet, name: str) -> NDArray[np.float16]:
    """Map ``LYRIC_VECTORS`` or ``WORD_VECTORS`` of a set: (n, 512) float16, read-only.

    Raises
    ------
    ModelError
        If the set has no lyrics, or the file is missing or not whole.
    """
    if not has_lyrics(trained):
        raise ModelError(f"{trained.folder}: {NO_LYRICS}")
    path = os.path.join(trained.folder, name)
    vectors = map_vectors(path, RETRAIN)
    said, seen = trained.manifest["files"][name]["bytes"], os.stat(path).st_size
    if seen != said:
        raise ModelError(f"{path}: has {seen:,} bytes, the manifest says {said:,}; {RETRAIN}")
    return vectors
