"""What a trained set learned from listeners' histories, where it was trained with any.

Conventions
-----------
``taste.json`` holds the facts: which model, from what, how well. ``taste.npz`` holds the arrays of
the model: members in numpy's file format, stored one after the other by rising name without
compression, no pickle among them. ``taste.json`` carries the SHA-256 of that file, so that the
run's name, which is made from the documents, stands for the arrays too. The document is checked by
hash when it is read; the arrays, which can have many megabytes, by size and by the check sum of
each member, and by hash in :func:`~scripts.store.reading.verify_set`. Both are opened when they are
asked for, so that an answer without them pays nothing.
"""

from __future__ import annotations

import json
import os

from scripts.errors import ModelError
from scripts.store.layout import TASTE, TASTE_ARRAYS
from scripts.store.reading import RETRAIN, TrainedSet, hash_file, read_model

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from numpy.typing import NDArray

AGAIN = f"{RETRAIN} --history PATH"

NO_TASTE = "was trained without histories; train again with: python train.py --history PATH"


def has_taste(trained: TrainedSet) -> bool:
    """Tell whether a set was trained with listeners' histories."""
    return TASTE in trained.manifest["files"]


def read_taste_facts(trained: TrainedSet) -> dict[str, Any]:
    """Read ``taste.json`` of a set.

    Raises
    ------
    ModelError
        If the set has no taste model, or the file is missing or altered.
    """
    if not has_taste(trained):
        raise ModelError(f"{trained.folder}: {NO_TASTE}")
    try:
        content = read_model(trained.folder, TASTE, trained.manifest["files"][TASTE])
    except ModelError as error:
        raise ModelError(str(error).replace(RETRAIN, AGAIN)) from error
    try:
        return dict(json.loads(content))
    except (ValueError, TypeError, RecursionError) as error:
        path = os.path.join(trained.folder, TASTE)
        raise ModelError(f"{path}: is no document of taste ({error!r}); {AGAIN}") from error


def open_taste_arrays(trained: TrainedSet) -> dict[str, NDArray[Any]]:
    """Read the arrays of a set's taste model, by name.

    Raises
    ------
    ModelError
        If the set has no taste model, or the file is missing, not whole, or altered.
    """
    if not has_taste(trained):
        raise ModelError(f"{trained.folder}: {NO_TASTE}")
    path = os.path.join(trained.folder, TASTE_ARRAYS)
    said = trained.manifest["files"][TASTE_ARRAYS]["bytes"]
    try:
        seen = os.stat(path).st_size
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror}); {AGAIN}") from error
    if seen != said:
        raise ModelError(f"{path}: has {seen:,} bytes, the manifest says {said:,}; {AGAIN}")
    return read_arrays(path)


def read_arrays(path: str) -> dict[str, NDArray[Any]]:
    """Read what :func:`write_taste` wrote; see :func:`open_taste_arrays`."""
    import io
    import zipfile

    from numpy.lib.format import read_array

    try:
        with zipfile.ZipFile(path) as members:
            # reading a member compares its check sum; read_array refuses pickles
            return {
                name.removesuffix(".npy"): read_array(io.BytesIO(members.read(name)))
                for name in members.namelist()
            }
    except (OSError, ValueError, EOFError, NotImplementedError, RuntimeError) as error:
        reason: Exception = error
    except zipfile.BadZipFile as error:
        reason = error
    raise ModelError(f"{path}: holds no arrays of a taste model ({reason}); {AGAIN}") from reason


def write_taste(folder: str, arrays: Mapping[str, NDArray[Any]]) -> str:
    """Write ``taste.npz`` into a folder; returns its SHA-256.

    The same arrays give the same bytes.

    Raises
    ------
    ValueError
        If an array holds Python objects, which only a pickle could keep.
    """
    import zipfile

    import numpy as np
    from numpy.lib.format import write_array

    objects = [name for name, array in arrays.items() if np.asarray(array).dtype.hasobject]
    if objects:
        raise ValueError(f"{objects[0]}: holds Python objects, not numbers or text")
    path = os.path.join(folder, TASTE_ARRAYS)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as file:
        for name in sorted(arrays):
            # no date and no rights of this machine: the first day that a zip knows
            member = zipfile.ZipInfo(f"{name}.npy", (1980, 1, 1, 0, 0, 0))
            with file.open(member, "w", force_zip64=True) as stream:
                write_array(stream, np.asarray(arrays[name]))
    return hash_file(path)


__all__ = ["NO_TASTE", "has_taste", "open_taste_arrays", "read_taste_facts", "write_taste"]
