"""Embeddings that were computed once, kept under ``output/cache/``.

Conventions
-----------
A file holds records of one length, appended one after the other: the key of a text (32 bytes), its
embedding (512 float16), and a CRC-32 of both. The key is the SHA-256 of the encoder's name and the
text, so another encoder or another text never meets a wrong embedding. What a cache gives is what
was rounded to float16, whether it was just computed or read back: a cold cache and a warm one
give the same bytes. The file may be deleted at any time; it is made again. What is no cache of
Moodlist (another file, a folder, a link) is refused, and left as it is.

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
    import errno

    advice = {
        errno.EISDIR: "move this folder away",
        errno.ELOOP: "it is a symbolic link, which is not followed: take it away",
        errno.ENOSPC: "free some space",
        errno.EDQUOT: "free some space",
    }.get(error.errno or 0, "make it writable")
    return SettingsError(
        f"{path}: the cache of embeddings cannot be written ({error.strerror}); {advice}, or give "
        "another folder with --output DIR"
    )


def _no_cache(path: str, seen: str) -> SettingsError:
    return SettingsError(
        f"{path}: {seen}, no cache of embeddings of this version, and is left as it is; move it "
        "away (a cache is made again), or give another folder with --output DIR"
    )


class EmbeddingCache:
    """One open cache; close it, or use it in ``with``.

    Raises
    ------
    SettingsError
        If the file cannot be written, is no cache, or is held by another process.
    """

    __slots__ = ("_descriptor", "_rows", "path")

    def __init__(self, path: str) -> None:
        self.path = path
        try:
            os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
            flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
            self._descriptor = os.open(path, flags, 0o644)
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
        """Find where each key's record lies; cut off what is torn, refuse what is foreign."""
        import stat

        try:
            status = os.fstat(self._descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise _no_cache(self.path, "is no plain file")
            size = status.st_size
            start = os.pread(self._descriptor, len(MAGIC), 0)
            if not MAGIC.startswith(start):
                raise _no_cache(self.path, f"begins with {start[:21]!r}")
            if start != MAGIC:  # new, or torn while it was begun
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
        import errno

        block = b"".join(map(_pack, keys, vectors))
        try:
            at = os.fstat(self._descriptor).st_size
            written = os.write(self._descriptor, block)
            if written < len(block):  # the disk is full: no torn record stays
                os.ftruncate(self._descriptor, at)
                raise OSError(errno.ENOSPC, "the disk is full")
        except OSError as error:
            raise _cannot_use(self.path, error) from error
        for i, key in enumerate(keys):
            self._rows[key] = at + i * RECORD_BYTES

    def encode(
        self, texts: Sequence[str], encoder: Encoder, progress: Progress | None = None
    ) -> NDArray[np.float32]:
        """Embed texts, each different one once, and none that is here.

        Parameters
        ----------
        texts : sequence of str
        encoder : Encoder
            Its name is part of the key.
        progress : callable (done, total), optional
            Told of the different texts that are done, those that were here included.

        Returns
        -------
        (n, 512) float32
            Embeddings rounded to float16: of length 1 within .001.

        Raises
        ------
        SettingsError
            If the file cannot be written.
        """
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


__all__ = ["BATCH", "EmbeddingCache", "embedding_key"]
