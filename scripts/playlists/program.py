"""The steps of ``music_recommendation.py``: from options to printed playlists.

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
from scripts.feedback.events import check_kind
from scripts.feedback.profile import profile_path
from scripts.formats.documents import as_table, check_count, choose_form, describe_request, render
from scripts.playlists.answer import answer_request, model_notes
from scripts.playlists.asking import ask, read_constraints
from scripts.store.reading import verify_folder

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence
    from typing import Any, TextIO

    from scripts.playlists.constraints import Constraints
    from scripts.playlists.history import Listening
    from scripts.playlists.request import MoodRequest
    from scripts.playlists.taste import Taste
    from scripts.store.reading import TrainedSet


#: Songs that a plot shows behind a playlist, about.
PLOTTED_SONGS = 3_000


def answer(trained: TrainedSet, options: argparse.Namespace) -> int:
    """Do what the options ask for; returns the exit code.

    Bytes of a catalogue that changed on the disk without SQLite noticing can turn up anywhere, as
    a text where a number should be. The set is then checked whole, so that damage is told as such.
    """
    try:
        if options.tags is not None:
            return write_library(trained, options)
        if options.feedback is not None or options.undo:
            return keep_feedback(trained, options)
        listening = open_history(trained, options)
        return print_playlists(trained, ask(trained, options, listening), options, listening)
    except (MoodlistError, sqlite3.Error, OSError):
        raise
    except MemoryError as error:
        raise SettingsError("there is not enough memory for this; ask for fewer songs") from error
    except Exception:
        verify_folder(trained.folder, trained.run)
        raise  # the set is whole: the fault is ours


def write_library(trained: TrainedSet, options: argparse.Namespace) -> int:
    """Write the mood of every song as CSV; returns the exit code."""
    from scripts.playlists.tags import write_tags

    n_songs = write_tags(trained.catalogue, options.tags)
    note(f"Moods of {n_songs:,} songs written to {options.tags}.")
    return EXIT_DONE


def keep_feedback(trained: TrainedSet, options: argparse.Namespace) -> int:
    """Keep a word of feedback, or take the last one back; returns the exit code."""
    from scripts.playlists.asking import tell_which
    from scripts.playlists.lookup import find_song
    from scripts.playlists.taste import give_feedback, take_back

    if options.undo:
        note(f"{take_back(options.output, options.profile)}.")
        return EXIT_DONE
    kind, text = options.feedback
    check_kind(kind)  # before the song, which may well be known
    song = find_song(trained.catalogue, text, "--feedback")
    tell_which(song, "--feedback")
    told = give_feedback(
        trained, options.output, options.profile, kind=kind, song=song, right=options.mood
    )
    note(f"{told}. Take it back with --undo.")
    return EXIT_DONE


def open_taste(trained: TrainedSet, options: argparse.Namespace) -> Taste | None:
    """Read what the listener has said so far; None where that is nothing."""
    try:
        os.stat(profile_path(options.output, options.profile))
    except FileNotFoundError:
        return None
    except OSError:
        pass  # it is there, and whatever keeps it from being read is told below
    from scripts.playlists.taste import read_taste

    return read_taste(trained, options.output, options.profile)


def open_history(trained: TrainedSet, options: argparse.Namespace) -> Listening | None:
    """Read what the listener has played; None where no history is given."""
    if options.history is None:
        return None
    from scripts.playlists.history import read_listening  # only where a history is read

    return read_listening(trained, options)


def print_playlists(
    trained: TrainedSet,
    requests: list[MoodRequest],
    options: argparse.Namespace,
    listening: Listening | None = None,
) -> int:
    """Print, save and draw every request's playlist as asked for; returns the exit code."""
    form = choose_form(options.format, options.save)
    check_count(form, len(requests))
    if options.plot is not None:
        from scripts.evaluation.playlist_plot import check_plot_path  # before the work is done

        check_plot_path(options.plot)
    taste = open_taste(trained, options)
    never = taste.never if taste else frozenset()
    if listening is not None:
        never |= listening.never
    constraints = read_constraints(trained, options, never)
    named = len(requests) > 1
    answers = [
        _answer_one(trained, one, constraints, taste, listening=listening, named=named)
        for one in requests
    ]
    # files first: whoever reads the output may leave before its end
    told = _write_files(trained, [document for document, _ in answers], form, options)
    by_taste = listening is not None and listening.order is not None
    about = model_notes(trained, requests[0], for_listener=options.for_listener, by_taste=by_taste)
    about += listening.notes() if listening else []
    _print_answers(answers, about, form=form, options=options)
    for text in told:
        note(text)
    return EXIT_DONE


def _write_files(
    trained: TrainedSet, documents: list[dict[str, Any]], form: str, options: argparse.Namespace
) -> list[str]:
    """Save and draw the playlists where that is asked for; returns what to tell of it."""
    told = []
    if options.save is not None:
        from scripts.formats.saving import save_text

        save_text(options.save, _render(documents, form, options, ascii_only=False))
        told.append(f"Saved to {options.save}.")
    if options.plot is not None:
        from scripts.evaluation.playlist_plot import draw_playlist  # matplotlib: only for a plot

        draw_playlist(options.plot, documents[0], _some_places(trained))
        told.append(f"Drawn in {options.plot}.")
    return told


def _print_answers(
    answers: list[tuple[dict[str, Any], list[str]]],
    about: Sequence[str],
    *,
    form: str,
    options: argparse.Namespace,
) -> None:
    """Print the playlists, as tables where the form asked for went into a file, and the notes."""
    as_tables = form == "table" or options.save is not None
    for document, notes in answers:
        if as_tables:
            sys.stdout.write(emphasise(describe_request(document), sys.stdout) + "\n")
            sys.stdout.write(as_table(document) + "\n")
            sys.stdout.flush()
        for text in notes:
            prefix = f"Listener {document['listener']}: " if len(answers) > 1 else ""
            note(prefix + text)
    documents = [document for document, _ in answers]
    if as_tables:
        for text in about:
            note(text)
    else:
        sys.stdout.write(_render(documents, form, options, ascii_only=not is_utf8(sys.stdout)))
    _tell_skipped(documents, form)


def _answer_one(
    trained: TrainedSet,
    request: MoodRequest,
    constraints: Constraints,
    taste: Taste | None,
    *,
    listening: Listening | None,
    named: bool,
) -> tuple[dict[str, Any], list[str]]:
    """Answer one request; of several, what cannot be met is told with the listener it is for."""
    try:
        return answer_request(trained, request, constraints, taste, listening=listening)
    except SettingsError as error:
        if not named:
            raise
        raise SettingsError(f"listener {request.listener}: {error}") from error


def _some_places(trained: TrainedSet) -> list[tuple[float, float]]:
    """Look up where songs lie, spread evenly over the catalogue's ranks."""
    (last,) = trained.catalogue.execute("SELECT max(rank) FROM songs").fetchone()
    step = max(1, last // PLOTTED_SONGS)
    query = "SELECT valence, energy FROM songs WHERE rank = ?"
    found = (trained.catalogue.execute(query, (r,)).fetchone() for r in range(0, last + 1, step))
    return [place for place in found if place]


def _render(
    documents: Sequence[Any], form: str, options: argparse.Namespace, *, ascii_only: bool
) -> str:
    for_all = options.listener == "all"
    return render(documents, form, with_listener=for_all, ascii_only=ascii_only)


def _tell_skipped(documents: Sequence[Any], form: str) -> None:
    """Say which songs a list of bare URIs has to leave out."""
    if form != "uris":
        return
    from scripts.formats.playlist_files import songs_without_spotify

    missing = [song["title"] for document in documents for song in songs_without_spotify(document)]
    if missing:
        note(f"Without a Spotify id, and so left out: {', '.join(missing)}.")


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
