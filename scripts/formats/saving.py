r"""Saving what an answer wrote: the whole new file or the old one, never a part.

Conventions
-----------
Texts are UTF-8 with ``\n`` at the ends of lines. Paths are text. Every mistake is a
:class:`~scripts.errors.SettingsError` that names the option.

Method
------
The text goes to a new file in the same folder, named ``.moodlist-<pid>-<8 hexadecimal
digits>.part``, is forced to disk, and takes the old file's place in one rename. A crash at any
moment leaves the old file whole; at worst the ``.part`` file stays beside it. The old file's
permission bits are kept. A symbolic link stays one: the file that it leads to is replaced. What
is no file, such as a pipe or ``/dev/null``, is written to directly, since there is nothing to
replace.
"""

from __future__ import annotations

import os
import stat

from scripts.errors import SettingsError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import TextIO


def _refusal(option: str, path: str, error: Exception) -> SettingsError:
    """Say why a file cannot be written and what to do."""
    import errno

    number = error.errno if isinstance(error, OSError) else None
    elsewhere = f"give another path with {option}"
    if number == errno.ENOENT:
        folder = os.path.dirname(path) or "."
        told = f"there is no folder {folder!r}; make it first, or {elsewhere}"
    elif number == errno.ENOTDIR:
        told = f"a part of the path before the last is a file, not a folder; {elsewhere}"
    elif number in (errno.EACCES, errno.EPERM, errno.EROFS):
        told = f"may not be written ({os.strerror(number)}); change its rights, or {elsewhere}"
    elif number in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        told = (
            f"there is no room ({os.strerror(number)}), and an old file of this name is as it "
            f"was; free some space, or {elsewhere}"
        )
    else:
        why = error.strerror if isinstance(error, OSError) else str(error)
        told = f"cannot be written ({why}); {elsewhere}"
    return SettingsError(f"{option} {path}: {told}")


def _is_descriptor(path: str) -> bool:
    """Tell whether a path leads to a stream that is open already, such as ``/dev/stdout``.

    What it is redirected to must not be replaced: others write there too.
    """
    folder = os.path.dirname(os.path.abspath(path))
    return folder in ("/dev", "/dev/fd", "/proc/self/fd") or folder.endswith("/fd")


class NewFile:
    """A text stream whose content takes a file's place when all of it is written.

    Nothing is replaced where the block ends in an exception.

    Parameters
    ----------
    path : str
    option : str
        The option that gave the path, for messages.

    Raises
    ------
    SettingsError
        For a folder that is absent, a folder in place of a file, missing rights, a full disk.
    """

    __slots__ = ("_file", "_part", "_target", "option", "path")

    def __init__(self, path: str, *, option: str = "--save") -> None:
        self.path = path
        self.option = option
        self._target = ""
        self._part = ""  # empty where the target is no file that could be replaced
        self._file: TextIO | None = None

    def _mode(self) -> int | None:
        """Return the type and permission bits of what stands at the path, None for nothing."""
        if not self.path or self.path.endswith(os.sep):
            raise SettingsError(
                f"{self.option} {self.path!r}: names no file; give a path that ends in a file's "
                "name"
            )
        try:
            return os.stat(self.path).st_mode
        except FileNotFoundError:
            return None

    def _open(self) -> TextIO:
        mode = self._mode()
        if mode is not None and stat.S_ISDIR(mode):
            raise SettingsError(
                f"{self.option} {self.path}: is a folder; give the path of a file in it"
            )
        if mode is not None and (not stat.S_ISREG(mode) or _is_descriptor(self.path)):
            return open(self.path, "a", encoding="utf-8", errors="replace", newline="\n")
        self._target = os.path.realpath(self.path)
        if mode is not None and not os.access(self._target, os.W_OK):
            import errno

            raise PermissionError(errno.EACCES, self._target)  # a rename would not ask
        name = f".moodlist-{os.getpid()}-{os.urandom(4).hex()}.part"
        part = os.path.join(os.path.dirname(self._target), name)
        bits = 0o666 if mode is None else mode & 0o777
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, bits)
        self._part = part
        self._file = os.fdopen(handle, "w", encoding="utf-8", errors="replace", newline="\n")
        if mode is not None:
            os.fchmod(handle, bits)  # the mask for new files is not for this one
        return self._file

    def __enter__(self) -> TextIO:
        try:
            self._file = self._open()
        except (OSError, ValueError) as error:
            self._drop()
            raise _refusal(self.option, self.path, error) from error
        return self._file

    def _finish(self, file: TextIO) -> None:
        file.flush()
        if not self._part:
            file.close()
            return
        os.fsync(file.fileno())
        file.close()
        os.replace(self._part, self._target)
        self._part = ""
        try:  # so that the rename too outlives a power cut, where the file system can promise it
            folder = os.open(os.path.dirname(self._target), os.O_RDONLY)
        except OSError:
            return
        try:
            os.fsync(folder)
        except OSError:
            pass
        finally:
            os.close(folder)

    def _drop(self) -> None:
        """Remove what was written beside the file."""
        try:
            if self._file is not None:
                self._file.close()
        except OSError:
            pass
        try:
            if self._part:
                os.unlink(self._part)
        except OSError:
            pass
        self._part = ""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if error is None and self._file is not None:
                self._finish(self._file)
        except BrokenPipeError:  # the reader of a pipe has left: no mistake of the path
            raise
        except OSError as failure:
            raise _refusal(self.option, self.path, failure) from failure
        finally:
            self._drop()
        if isinstance(error, OSError) and not isinstance(error, BrokenPipeError):
            raise _refusal(self.option, self.path, error) from error


def save_text(path: str, text: str, *, option: str = "--save") -> None:
    """Write a file whole, or leave the old one as it is.

    Parameters
    ----------
    path : str
    text : str
    option : str
        The option that gave the path, for messages.

    Raises
    ------
    SettingsError
        As :class:`NewFile` does.
    """
    with NewFile(path, option=option) as file:
        file.write(text)
