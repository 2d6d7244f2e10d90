"""Embeddings that were computed once, kept under ``output/cache/``.

Conventions
-----------
A file holds records of one length, appended one after the other: the key of a text (32 bytes), its
embedding (512 float16), and a CRC-32 of both. The key is the SHA-256 of the encoder's name and the
text, so another encoder or another text never meets a wrong embedding. What a cache gives is what
was rounded to float16, whether it was just computed or read back: a cold cache and a warm one
give the same bytes. The file may be deleted at any time; it is made again.

Method
------
Records are written as soon as they are computed, a few at a time, each write one whole block. A
process that is killed in the middle of one leaves a torn record at the end, which the next one
cuts off; a record whose check sum is wrong is passed over and computed again. A lock on the file
keeps two processes from appending at once. Every text is encoded by itself: among others the last
bits of an embedding would depend on which others there are.
"""

from __future__ import annotations

import os

from scripts.errors import SettingsError
from scripts.store.layout import VECTOR_SIZE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any

    import numpy as np
    from numpy.typing import NDArray

    from scripts.text.encoder import Encoder

    Progress = Callable[[int, int], object]

#: The first bytes of a cache: what it is, and the version of its records.
MAGIC = b"Moodlist embeddings 1\n" + bytes(10)

KEY_BYTES = 32
RECORD_BYTES = KEY_BYTES + 2 * VECTOR_SIZE + 4

#: Embeddings that are written at a time: so many are lost at most when a process is killed.
BATCH = 8


def embedding_key(name: str, text: str) -> bytes:
    """Return the key of a text for an encoder of this name; 32 bytes.

    >>> embedding_key("a", "bc") == embedding_key("ab", "c")
    False
    """
    import hashlib

    return hashlib.sha256(f"{len(name)}:{name}{text}".encode("utf-8", "replace")).digest()


def _pack(key: bytes, vector: NDArray[Any]) -> bytes:
    import zlib

    content = key + vector.astype("<f2").tobytes()
    return content + zlib.crc32(content).to_bytes(4, "little")


def _cannot_use(path: str, error: OSError) -> SettingsError:
    return SettingsError(
        f"{path}: the cache of embeddings cannot be written ({error.strerror}); free some space, "
        "or give a folder you may write to with --output DIR"
    )


class EmbeddingCache:
    """One open cache; close it, or use it in ``with``.

    Raises
    ------
    SettingsError
        If the file cannot be written, or another process holds it.
    """

    __slots__ = ("_descriptor", "_rows", "path")

    def __init__(self, path: str) -> None:
        self.path = path
        try:
            os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
            self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        except OSError as error:
            raise _cannot_use(path, error) from error
        try:
            self._lock()
            self._rows = self._read()
        except BaseException:
            os.close(self._descriptor)
            raise

    def __enter__(self) -> EmbeddingCache:
        """Return the open cache."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file, which frees the lock."""
        self.close()

    def close(self) -> None:
        """Close the file, which frees the lock."""
        os.close(self._descriptor)

    def _lock(self) -> None:
        import fcntl

        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise SettingsError(
                f"{self.path}: another process is writing embeddings here; wait for it, or give "
                "another folder with --output DIR"
            ) from error
        except OSError as error:
            raise _cannot_use(self.path, error) from error

    def _read(self) -> dict[bytes, int]:
        """Find where each key's record lies; cut off what is torn, start anew what is foreign."""
        try:
            size = os.fstat(self._descriptor).st_size
            if os.pread(self._descriptor, len(MAGIC), 0) != MAGIC:
                os.ftruncate(self._descriptor, 0)
                os.write(self._descriptor, MAGIC)
                return {}
            n, torn = divmod(size - len(MAGIC), RECORD_BYTES)
            if torn:
                os.ftruncate(self._descriptor, size - torn)
            return {record[:KEY_BYTES]: at for at, record in self._sound_records(n)}
        except OSError as error:
            raise _cannot_use(self.path, error) from error

    def _sound_records(self, n: int) -> Iterator[tuple[int, bytes]]:
        import zlib

        step = 1024
        for first in range(0, n, step):
            start = len(MAGIC) + first * RECORD_BYTES
            block = os.pread(self._descriptor, step * RECORD_BYTES, start)
            for at in range(0, len(block) - RECORD_BYTES + 1, RECORD_BYTES):
                content, check = block[at : at + RECORD_BYTES - 4], block[at + RECORD_BYTES - 4 :]
                if zlib.crc32(content).to_bytes(4, "little") == check[:4]:
                    yield start + at, content

    def __contains__(self, key: bytes) -> bool:
        """Tell whether the embedding of a key is here."""
        return key in self._rows

    def __len__(self) -> int:
        """Count the embeddings that are here."""
        return len(self._rows)

    def append(self, keys: Sequence[bytes], vectors: NDArray[Any]) -> None:
        """Add embeddings, (n, 512) of any float type, in one write."""
        block = b"".join(map(_pack, keys, vectors))
        try:
            at = os.fstat(self._descriptor).st_size
            written = os.write(self._descriptor, block)
            if written < len(block):  # the disk is full: no torn record stays
                os.ftruncate(self._descriptor, at)
                raise OSError(28, "the disk is full")
        except OSError as error:
            raise _cannot_use(self.path, error) from error
        for i, key in enumerate(keys):
            self._rows[key] = at + i * RECORD_BYTES

    def encode(
        self, texts: Sequence[str], encoder: Encoder, progress: Progress | None = None
    ) -> NDArray[np.float32]:
        """Embed texts, none of them twice: (n, 512) float32; see :func:`encode_cached`."""
        import numpy as np

        keys = [embedding_key(encoder.name, text) for text in texts]
        different = dict(zip(keys, texts, strict=True))
        missing = [key for key in different if key not in self._rows]
        done = len(different) - len(missing)
        for first in range(0, len(missing), BATCH):
            if progress is not None:
                progress(done + first, len(different))
            some = missing[first : first + BATCH]
            self.append(some, np.array([_encode_one(encoder, different[key]) for key in some]))
        if progress is not None:
            progress(len(different), len(different))
        return self.take(keys)

    def take(self, keys: Sequence[bytes]) -> NDArray[np.float32]:
        """Read embeddings that are here: (n, 512) float32."""
        import numpy as np

        rows = np.empty((len(keys), VECTOR_SIZE), np.float32)
        for i, key in enumerate(keys):
            start = self._rows[key] + KEY_BYTES
            rows[i] = np.frombuffer(os.pread(self._descriptor, 2 * VECTOR_SIZE, start), "<f2")
        return rows


def _encode_one(encoder: Encoder, text: str) -> NDArray[Any]:
    return encoder.encode([text])[0].astype("<f2")


def encode_cached(
    texts: Sequence[str],
    encoder: Encoder,
    cache_path: str | None,
    progress: Progress | None = None,
) -> NDArray[np.float32]:
    """Embed texts, each different one once, and never one that the cache holds.

    Parameters
    ----------
    texts : sequence of str
    encoder : Encoder
        Its name is part of the key.
    cache_path : str or None
        The file; None keeps nothing.
    progress : callable (done, total), optional
        Told of the different texts that are done, those of the cache included.

    Returns
    -------
    (n, 512) float32
        Embeddings rounded to float16: of length 1 within .001.

    Raises
    ------
    SettingsError
        If the file cannot be written, or another process holds it.
    """
    import numpy as np

    if cache_path is not None:
        with EmbeddingCache(cache_path) as cache:
            return cache.encode(texts, encoder, progress)
    different = dict.fromkeys(texts)
    rows = {}
    for done, text in enumerate(different):
        if progress is not None:
            progress(done, len(different))
        rows[text] = _encode_one(encoder, text).astype(np.float32)
    return np.array([rows[text] for text in texts], np.float32).reshape(-1, VECTOR_SIZE)


__all__ = ["BATCH", "EmbeddingCache", "embedding_key", "encode_cached"]
