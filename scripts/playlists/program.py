"""The steps of ``music_recommendation.py``: from options to requests to printed playlists.

Conventions
-----------
Playlists go to standard output, everything else to standard error. A user's mistake ends in one
line and an exit code of :mod:`scripts.errors`, never in a traceback.
"""

from __future__ import annotations

import os
import sqlite3
import sys

from scripts.console import clean_text, emphasise, note
from scripts.errors import EXIT_DONE, EXIT_MODEL, EXIT_USAGE, MoodlistError, SettingsError
from scripts.playlists.answer import (
    answer_request,
    model_notes,
    new_requests,
    stored_requests,
)
from scripts.playlists.constraints import Constraints
from scripts.playlists.formats import as_csv, as_json, as_table, describe_request
from scripts.playlists.request import MoodRequest, request_for_word
from scripts.store.reading import verify_folder

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable
    from typing import TextIO

    from scripts.store.reading import TrainedSet


def answer(trained: TrainedSet, options: argparse.Namespace) -> int:
    """Ask, rank and print; returns the exit code.

    Bytes of a catalogue that changed on the disk without SQLite noticing can turn up anywhere, as
    a text where a number should be. The set is then checked whole, so that damage is told as such.
    """
    try:
        return print_playlists(trained, ask(trained, options), options)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        verify_folder(trained.folder, trained.run)
        raise  # the set is whole: the fault is ours


def ask(trained: TrainedSet, options: argparse.Namespace) -> list[MoodRequest]:
    """Turn the options into requests, one a listener."""
    if options.mood is not None:
        return [request_for_word(options.mood)]
    if options.listener_file is None:
        return stored_requests(trained, options.listener)
    return _ask_for_new_people(trained, options)


def _ask_for_new_people(trained: TrainedSet, options: argparse.Namespace) -> list[MoodRequest]:
    from pathlib import Path

    from scripts.tables.listeners import read_listeners  # pandas: only where a table is read

    table = read_listeners(Path(options.listener_file), need_moods=False)
    note(table.summary())
    people = dict(zip(table.rows, table.listeners, strict=True))
    return new_requests(trained, people, options.listener)


def read_constraints(options: argparse.Namespace) -> Constraints:
    """Turn the options into constraints."""
    return Constraints(
        options.n,
        max_per_artist=options.max_per_artist,
        genre=options.genre,
        year_from=options.year_from,
        year_to=options.year_to,
        explicit=options.explicit,
    )


def print_playlists(
    trained: TrainedSet, requests: list[MoodRequest], options: argparse.Namespace
) -> int:
    """Print every request's playlist in the format asked for; returns the exit code."""
    constraints = read_constraints(options)
    answers = [answer_request(trained, request, constraints) for request in requests]
    documents = [document for document, _ in answers]
    for document, notes in answers:
        if options.format == "table":
            sys.stdout.write(emphasise(describe_request(document), sys.stdout) + "\n")
            sys.stdout.write((as_table(document) if document["songs"] else "no songs") + "\n")
            sys.stdout.flush()
        for text in notes:
            prefix = f"Listener {document['listener']}: " if len(answers) > 1 else ""
            note(prefix + text)
    if options.format == "json":
        whole = documents if options.listener == "all" else documents[0]
        sys.stdout.write(as_json(whole, ascii_only=not is_utf8(sys.stdout)))
    elif options.format == "csv":
        sys.stdout.write(as_csv(documents, with_listener=options.listener == "all"))
    else:
        for text in model_notes(trained, for_listener=options.mood is None):
            note(text)
    return EXIT_DONE


def is_utf8(stream: TextIO) -> bool:
    """Tell whether a stream can hold every letter; one in memory, without an encoding, can."""
    return (stream.encoding or "utf-8").lower().replace("-", "") == "utf8"


def _leave_output() -> None:
    """Send what is still unwritten nowhere, so that closing the output does not fail again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def run_program(main: Callable[[], int]) -> int:
    """Run a program's story and turn what goes wrong into a message and an exit code."""
    try:
        sys.stderr = sys.stderr or open(os.devnull, "w")  # noqa: SIM115 - closed by the caller
        if sys.stdout is None:
            raise SettingsError("standard output is closed, and the playlist goes there; open it")
        for stream in (sys.stdout, sys.stderr):  # a title must print on any terminal
            if not is_utf8(stream):
                stream.reconfigure(errors="replace")  # type: ignore[union-attr]
        code = main()
        sys.stdout.flush()
        return code
    except MoodlistError as error:
        print(f"error: {clean_text(str(error))}", file=sys.stderr)
        return error.exit_code
    except sqlite3.Error as error:
        print(
            f"error: the catalogue cannot be read ({error}); check the set with --verify, "
            "or train again with: python train.py",
            file=sys.stderr,
        )
        return EXIT_MODEL
    except BrokenPipeError:  # the reader of a pipe has left
        _leave_output()
        return EXIT_DONE
    except OSError as error:  # such as a full disk behind a redirection
        if error.filename is not None:
            raise
        _leave_output()
        print(f"error: the output cannot be written ({error.strerror})", file=sys.stderr)
        return EXIT_USAGE
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
