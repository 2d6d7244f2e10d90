"""Embeddings on disk: (n, 512) float16 in numpy's file format 1.0, written and checked by hand.

Conventions
-----------
The header is written by this module, to the byte, and a file with any other is refused: nothing in
it is interpreted. numpy is loaded when vectors are written or opened, never with this module.
float16 keeps eleven bits: the cosine of two embeddings of length 1 moves by less than .001.
"""

from __future__ import annotations

import os

from scripts.errors import ModelError
from scripts.store.layout import VECTOR_SIZE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    import numpy as np
    from numpy.typing import NDArray

_MAGIC = b"\x93NUMPY\x01\x00"


def vector_header(n: int) -> bytes:
    r"""Return the header of a file of ``n`` vectors; its length is a multiple of 64.

    >>> len(vector_header(784)), vector_header(784)[:8]
    (128, b'\x93NUMPY\x01\x00')
    """
    told = f"{{'descr': '<f2', 'fortran_order': False, 'shape': ({n}, {VECTOR_SIZE}), }}"
    padded = told.ljust(-(-(len(told) + 11) // 64) * 64 - 11) + "\n"
    return _MAGIC + len(padded).to_bytes(2, "little") + padded.encode()


def write_vectors(path: str, vectors: NDArray[Any]) -> None:
    """Write vectors, (n, 512) of any float type, as float16."""
    import numpy as np

    rows = np.ascontiguousarray(vectors, dtype="<f2").reshape(-1, VECTOR_SIZE)
    with open(path, "wb") as file:
        file.write(vector_header(len(rows)))
        file.write(rows.tobytes())


def map_vectors(path: str, advice: str) -> NDArray[np.float16]:
    """Map the vectors of a file into memory: (n, 512) float16, read-only.

    Raises
    ------
    ModelError
        If the file is missing, or is not what :func:`write_vectors` writes; the message ends with
        ``advice``.
    """
    import numpy as np

    row = 2 * VECTOR_SIZE
    try:
        size = os.stat(path).st_size
        with open(path, "rb") as file:
            head = file.read(192)
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror}); {advice}") from error
    # the header has one length for every number of vectors that a disk can hold
    n, rest = divmod(size - len(vector_header(0)), row)
    header = vector_header(n) if n >= 0 else b""
    if rest or not header or head[: len(header)] != header:
        raise ModelError(f"{path}: is no whole file of {VECTOR_SIZE} float16 a row; {advice}")
    if n == 0:
        return np.empty((0, VECTOR_SIZE), np.float16)
    return np.memmap(path, "<f2", "r", offset=len(header), shape=(n, VECTOR_SIZE))


__all__ = ["map_vectors", "vector_header", "write_vectors"]
