"""Running a program of the user's choice within limits of time and size.

Conventions
-----------
No shell takes part. Times are seconds; texts are UTF-8, and what is no UTF-8 is replaced.

Method
------
The program runs in a process group of its own, which is ended with it: a program that hangs, or
prints without end, leaves nothing behind. The prompt waits in a nameless file, so a program that
never reads it cannot block us.
"""

from __future__ import annotations

import os

from scripts.console import clean_text
from scripts.errors import SettingsError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import subprocess
    from collections.abc import Sequence

#: How much of what it prints is read.
MOST_BYTES = 10_000

#: How much of what it complains about is told.
_MOST_COMPLAINT = 200


def run_bounded(arguments: Sequence[str], prompt: str, seconds: float) -> str:
    """Run a program of ``--llm`` and return what it prints, cut at :data:`MOST_BYTES`.

    Parameters
    ----------
    arguments : sequence of str
        The program and what it is given.
    prompt : str
        For its standard input.
    seconds : float
        How long it may take.

    Raises
    ------
    SettingsError
        If it cannot be run, takes too long or fails.
    """
    import subprocess
    import tempfile

    name = clean_text(arguments[0][:60])
    with tempfile.TemporaryFile() as asked:
        asked.write(prompt.encode("utf-8", "replace"))
        asked.seek(0)
        try:
            process = subprocess.Popen(
                arguments,
                stdin=asked,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:  # ValueError: a NUL in a name
            told = getattr(error, "strerror", None) or str(error)
            raise SettingsError(
                f"--llm {name!r}: cannot be run ({told}); name a program that is installed, or "
                "drop --llm"
            ) from error
        try:
            printed, complaint, state = _listen(process, seconds)
        finally:
            _end(process)
    if state == "late":
        raise SettingsError(
            f"--llm {name!r}: did not answer within {seconds:g} s and was ended; try a faster "
            "program, or drop --llm"
        )
    if state == "done" and process.returncode != 0:
        told = " ".join(clean_text(complaint.decode("utf-8", "replace")).split())
        said = f" and said: {told[:_MOST_COMPLAINT]}" if told else ""
        raise SettingsError(
            f"--llm {name!r}: ended with exit code {process.returncode}{said}; make it work "
            "by itself first, or drop --llm"
        )
    return printed.decode("utf-8", "replace")


def _listen(process: subprocess.Popen[bytes], seconds: float) -> tuple[bytes, bytes, str]:
    """Read what a program prints until it ends, prints too much, or its time is over.

    Returns
    -------
    printed, complaint : bytes
        Of its standard output and standard error, cut.
    state : str
        ``"done"``, ``"full"`` or ``"late"``.
    """
    import selectors
    import subprocess
    import time

    if process.stdout is None or process.stderr is None:  # both are pipes
        return b"", b"", "done"
    out, complaints = process.stdout.fileno(), process.stderr.fileno()
    kept = {out: b"", complaints: b""}
    deadline = time.monotonic() + seconds
    with selectors.DefaultSelector() as selector:
        for pipe in kept:
            selector.register(pipe, selectors.EVENT_READ)
        while selector.get_map():
            ready = selector.select(max(0.0, min(0.1, deadline - time.monotonic())))
            for key, _ in ready:
                part = os.read(key.fd, 1 << 16)
                kept[key.fd] = (kept[key.fd] + part)[:MOST_BYTES]
                if not part:
                    selector.unregister(key.fd)
            if len(kept[out]) == MOST_BYTES:
                return kept[out], kept[complaints], "full"
            # a child of its own may hold the pipes open after it has ended
            if not ready and process.poll() is not None:
                break
            if time.monotonic() >= deadline:
                return kept[out], kept[complaints], "late"
    try:
        process.wait(max(0.0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        return kept[out], kept[complaints], "late"
    return kept[out], kept[complaints], "done"


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a program and whatever it has started, and collect it."""
    import contextlib
    import signal

    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for pipe in (process.stdout, process.stderr):
        if pipe is not None:
            pipe.close()
