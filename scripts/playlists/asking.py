"""From the command line to requests and constraints.

Conventions
-----------
Every function takes the namespace that :func:`~scripts.playlists.options.parse_options` returns.
"""

from __future__ import annotations

from scripts.console import note
from scripts.errors import SettingsError
from scripts.playlists.constraints import Constraints
from scripts.playlists.ranges import parse_range
from scripts.playlists.request import MoodRequest, request_for_journey, request_for_songs
from scripts.playlists.words import (
    parse_point,
    place_of_request,
    point_of,
    request_for_moods,
    request_for_point,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from typing import Any

    from scripts.playlists.genre_like import GenreLike
    from scripts.playlists.history import Listening
    from scripts.store.reading import TrainedSet

DEFAULT_COUNT = 10


def ask(
    trained: TrainedSet, options: argparse.Namespace, listening: Listening | None = None
) -> list[MoodRequest]:
    """Turn the options into requests, one a listener.

    Where nothing but a history was given (``listening``, with ``options.by_history``), it is what
    is asked by.
    """
    if options.mood is not None:
        return [request_for_moods(options.mood)]
    if options.point is not None:
        return [request_for_point(*parse_point(options.point))]
    if options.angle is not None:
        return [request_for_point(*point_of(options.angle, options.intensity))]
    if options.like is not None:
        return [_ask_for_songs(trained, options)]
    if options.say is not None:
        starts = [_ask_in_words(trained, options)]
    elif options.start is not None:
        starts = [_end_of_journey(options.start, "--from")]
    elif listening is not None and options.by_history:
        from scripts.playlists.history import ask_by_history

        starts = [ask_by_history(trained, listening, options)]
    else:
        starts = _ask_for_listeners(trained, options)
    if options.end is None:
        return starts
    end = _end_of_journey(options.end, "--to")
    return [_journey(start, end) for start in starts]


def _ask_in_words(trained: TrainedSet, options: argparse.Namespace) -> MoodRequest:
    from scripts.playlists.lyric_match import check_limit
    from scripts.playlists.sentences import (
        read_sentence,
        request_for_sentence,
        the_text_model,
        tidy_sentence,
    )

    check_limit(options.min_similarity)  # before the model is loaded
    said = tidy_sentence(read_sentence(options.say))
    return request_for_sentence(
        said,
        the_text_model(),
        trained,
        llm=options.llm,
        min_similarity=options.min_similarity,
        by_lyrics=options.end is None,
    )


def _journey(start: MoodRequest, end: MoodRequest) -> MoodRequest:
    return request_for_journey(start, end, (place_of_request(start), place_of_request(end)))


def _end_of_journey(text: str, option: str) -> MoodRequest:
    """Read one end of a journey: words, or a point."""
    if any(sign.isdigit() for sign in text) and ":" not in text:
        return request_for_point(*parse_point(text, option))
    return request_for_moods(text, option)


def _ask_for_songs(trained: TrainedSet, options: argparse.Namespace) -> MoodRequest:
    from scripts.moods.features import FEATURES
    from scripts.playlists.lookup import find_song
    from scripts.playlists.nearest import SongTree

    space = options.space or "sound"
    songs: list[dict[str, Any]] = []
    for text in options.like:
        song = find_song(trained.catalogue, text, "--like")
        if all(song["work_id"] != other["work_id"] for other in songs):
            tell_which(song, "--like")
            songs.append(song)
    tree = SongTree(trained.catalogue, space)
    names = FEATURES if space == "sound" else ("valence", "energy")
    places = [tree.place([song[name] for name in names]) for song in songs]
    called = [f'"{song["title"]}" by {song["artist"]}' for song in songs]
    works = frozenset(song["work_id"] for song in songs)
    return request_for_songs(called, places, space, works)


def tell_which(song: dict[str, Any], option: str) -> None:
    """Say which song was taken where a title fits several."""
    if song["n_matches"] > 1:
        note(
            f'{option}: {song["n_matches"]} songs are called "{song["title"]}"; taken is the one '
            f"by {song['artist']}. Name the artist to choose another."
        )


def _ask_for_listeners(trained: TrainedSet, options: argparse.Namespace) -> list[MoodRequest]:
    from scripts.playlists.answer import new_requests, stored_requests

    if options.listener_file is None:
        return stored_requests(trained, options.listener)
    from pathlib import Path

    from scripts.tables.listeners import read_listeners  # pandas: only where a table is read

    table = read_listeners(Path(options.listener_file), need_moods=False)
    note(table.summary())
    people = dict(zip(table.rows, table.listeners, strict=True))
    return new_requests(trained, people, options.listener)


def read_constraints(
    trained: TrainedSet, options: argparse.Namespace, never: frozenset[int] = frozenset()
) -> Constraints:
    """Turn the options into constraints; ``never`` adds works to those of ``--never``."""
    for path in options.never or ():
        never |= _works_never_to_play(trained, path)
    return Constraints(
        DEFAULT_COUNT if options.n is None else options.n,
        minutes=options.minutes,
        max_per_artist=options.max_per_artist,
        genre=options.genre,
        year_from=options.year_from,
        year_to=options.year_to,
        explicit=options.explicit,
        tempo=None if options.tempo is None else parse_range("--tempo", options.tempo),
        popularity=(
            None if options.popularity is None else parse_range("--popularity", options.popularity)
        ),
        never=never,
        genre_like=_genres_like(trained, options),
        variety=options.variety,
        surprise=options.surprise,
    )


def _genres_like(trained: TrainedSet, options: argparse.Namespace) -> GenreLike | None:
    """Look up the genres near the one of ``--genre-like``."""
    if options.genre_like is None:
        return None
    from scripts.playlists.genre_like import find_genres_like

    return find_genres_like(trained.catalogue, options.genre_like)


def _works_never_to_play(trained: TrainedSet, path: str) -> frozenset[int]:
    """Look the songs of a file up; a bare title means every song that is called so."""
    from scripts.playlists.lookup import look_up
    from scripts.playlists.never import FORMS, read_song_names

    asked = read_song_names(path, "--never")
    songs = [look_up(trained.catalogue, text) for text in asked]
    unknown = [text[:60] for text, found in zip(asked, songs, strict=True) if not found]
    if asked and len(unknown) == len(asked):
        raise SettingsError(
            f"--never {path}: names no song of this catalogue (it begins with "
            f"{unknown[0]!r}); give {FORMS}, or drop it"
        )
    if unknown:
        more = f", and {len(unknown) - 3:,} more" if len(unknown) > 3 else ""
        note(
            f"--never {path}: {len(unknown):,} of {len(asked):,} lines name no song of this "
            f"catalogue: {', '.join(unknown[:3])}{more}."
        )
    return frozenset(song["work_id"] for found in songs for song in found)
