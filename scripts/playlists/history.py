"""A listener's own history, brought to bear on a playlist.

Conventions
-----------
What is kept of a history is what the answer needs: which songs and artists of the catalogue were
played how often. A digest of it is kept (:mod:`scripts.store.history_cache`). An answer tells sums
(how many plays, listens and songs, and how many of them count), the day of the last session and
where on the plane it lay, and of a song whether its artist is played; JSON holds all of these.
Neither a path, nor a time, nor anything that names a person is told or kept. All this is loaded
only where ``--history`` is given.
"""

from __future__ import annotations

from scripts.console import note
from scripts.errors import SettingsError
from scripts.moods.vocabulary import SONG_MOODS
from scripts.playlists.history_join import Joined, join_history, read_works
from scripts.playlists.history_notes import (
    count_left_out,
    is_trusted,
    tell_history,
    tell_model,
    tell_taste,
)
from scripts.playlists.history_order import TasteOrder
from scripts.playlists.history_session import Session, read_session, tell_session
from scripts.playlists.history_taste import WEIGHTS, SongTaste
from scripts.playlists.request import MoodRequest, Near

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping, Sequence
    from typing import Any

    from scripts.store.reading import TrainedSet

#: Weight of taste against the match where none is given. Set by hand, in view of ``python -m
#: scripts.evaluate mood_cost``, a proxy that orders artists: with normal scores, as here, its
#: validation parts choose from .8 (of all artists) to 1 (of the best 200 by mood). The least of
#: these is kept, because a mood was asked for.
TASTE = 0.8

MIN_PLAY_SECONDS = 30.0


class Listening:
    """What a history tells this catalogue.

    Attributes
    ----------
    joined : Joined
    counts : dict of str to int
        ``rows``, ``listens`` and the reasons why plays did not count.
    has_times : bool
    order : TasteOrder or None
        None where taste orders nothing: it weighs nothing, or nothing that was played is known.
    share : float
        The weight of taste against the match.
    new : bool
        Whether what was played is kept out.
    never : frozenset of int
        ``work_id`` of what is kept out, in any version.
    session : Session or None
        None where it was not asked for.
    """

    __slots__ = (
        *("counts", "facts", "has_times", "joined", "new", "order", "recent", "session"),
        *("never", "share"),
    )

    def __init__(
        self,
        joined: Joined,
        counts: Mapping[str, int],
        recent: Sequence[tuple[int | None, str, str, str, int | None]],
        *,
        has_times: bool,
    ) -> None:
        self.joined = joined
        self.counts = dict(counts)
        self.recent = recent
        self.has_times = has_times
        self.order: TasteOrder | None = None
        self.share = TASTE
        self.new = False
        self.never: frozenset[int] = frozenset()
        self.session: Session | None = None
        self.facts: Mapping[str, Any] | None = None

    def notes(self) -> list[str]:
        """Say what taste is made of, and how far that is tested."""
        if self.order is None:
            return []
        facts = [] if self.facts is None else [tell_model(self.facts)]
        return [tell_taste(self.order.taste), *facts]

    def describe(self) -> dict[str, Any]:
        """Tell programs how far the history is known here and how it took part."""
        left_out = {name.replace(" ", "_"): n for name, n in count_left_out(self.counts).items()}
        by_model = self.order is not None and bool(self.order.taste.listeners)
        return {
            "plays": self.counts.get("rows", 0),
            **self.joined.counts,
            "left_out": left_out,
            "without_time": self.counts.get("no date", 0),
            "ignored_files": self.counts.get("ignored files", 0),
            "taste": self.share if self.order else 0.0,
            "taste_alone": bool(self.order and self.order.alone),
            "new": self.new,
            "weights": dict(WEIGHTS) if by_model else WEIGHTS | {"listeners": 0.0},
            "model": self.facts["model"] if by_model and self.facts else None,
            "session": self.session.describe() if self.session else None,
        }


def read_listening(trained: TrainedSet, options: argparse.Namespace) -> Listening:
    """Read the histories of ``--history`` and find their songs in the catalogue.

    Raises
    ------
    SettingsError
        For a weight or a time that makes no sense.
    """
    share = TASTE if options.taste is None else options.taste
    if not 0 <= share <= 1:
        raise SettingsError(
            f"--taste {share:g}: give a number from 0 (the match alone) to 1 (your taste alone)"
        )
    seconds = MIN_PLAY_SECONDS if options.min_play_seconds is None else options.min_play_seconds
    if not 0 <= seconds <= 3600:
        raise SettingsError(
            f"--min-play-seconds {seconds:g}: give a number of seconds from 0 to 3600"
        )
    import gc

    gc.disable()  # a history is many small objects, none of them garbage: a twentieth of an answer
    try:
        history = _read_histories(options.history, seconds, options.output)
        joined = join_history(trained.catalogue, history.songs)
    finally:
        gc.freeze()
        gc.enable()
    counts = history.counts
    listening = Listening(joined, counts, history.recent, has_times=history.has_times)
    listening.share, listening.new = share, bool(options.new)
    if listening.new:
        listening.never = read_works(trained.catalogue, listening.joined.listens)
    if share:
        give_taste(trained, listening)
    by_model = listening.order is not None and bool(listening.order.taste.listeners)
    note(
        tell_history(
            *(counts, listening.joined, seconds), by_history=options.by_history, by_model=by_model
        )
    )
    return listening


def _read_histories(paths: Sequence[str], seconds: float, output: str) -> Any:
    """Read histories as one, or what was kept of them when they were read before."""
    from scripts.store import history_cache

    kept_at = history_cache.digest_path(output, paths, seconds)
    history: Any = history_cache.read_digest(kept_at)
    if history is None:
        from scripts.tables.histories import read_history

        history = read_history(paths, min_play_seconds=seconds)
        history_cache.write_digest(kept_at, history)
    return history


def give_taste(trained: TrainedSet, listening: Listening, *, alone: bool = False) -> None:
    """Let taste order songs, where anything that was played is known."""
    if listening.joined.is_empty:
        return
    if listening.order is not None:
        listening.order = TasteOrder(listening.order.taste, listening.share, alone=alone)
        return
    scores = _listener_scores(trained, listening)
    if not (scores or listening.joined.artists or listening.joined.listens):
        return
    taste = SongTaste(trained.catalogue, listening.joined, scores)
    listening.order = TasteOrder(taste, listening.share, alone=alone)


def _listener_scores(trained: TrainedSet, listening: Listening) -> dict[int, float]:
    """Ask the set's taste model about every artist of the catalogue; empty without a model.

    A model that is not shown to be above popularity is not asked.
    """
    from scripts.store.taste import has_taste, open_taste_arrays, read_taste_facts

    if not listening.joined.items or not has_taste(trained):
        return {}
    listening.facts = read_taste_facts(trained)
    if not is_trusted(listening.facts):
        return {}
    import numpy as np

    from scripts.learning.taste import model_from_arrays

    model = model_from_arrays(open_taste_arrays(trained))
    items = sorted(listening.joined.items)
    listens = np.array([listening.joined.items[item] for item in items], np.float32)
    scores = model.scores_of(np.array(items), listens).tolist()
    query = "SELECT artist_id, item FROM artists WHERE artist_id IS NOT NULL AND item IS NOT NULL"
    return {artist: scores[item] for artist, item in trained.catalogue.execute(query)}


def ask_by_history(
    trained: TrainedSet, listening: Listening, options: argparse.Namespace
) -> MoodRequest:
    """Ask for what goes on with the last session, or, where it tells no mood, for taste alone.

    Raises
    ------
    SettingsError
        Where it tells no mood and a journey is to begin there, or taste is to weigh nothing, or
        nothing that was played is known.
    """
    session = listening.session = read_session(
        trained.catalogue, listening.joined, listening.recent, has_times=listening.has_times
    )
    told = tell_session(session)
    if session.mood is not None and session.point is not None:
        valence, energy = session.point
        near = Near("plane", session.point, (), session.works)
        asked = {"name": "your last session", "point": [valence, energy]}
        return MoodRequest(session.mood, near=near, asked=asked, notes=(f"{told}.",))
    if not listening.joined.counts["listens"]:
        shorter = listening.counts.get("too short")
        or_else = ", or let shorter plays count with --min-play-seconds" if shorter else ""
        raise SettingsError(
            "--history: no play in it counts, so it says neither a mood nor a taste; ask with "
            f"--mood{or_else}"
        )
    if listening.joined.is_empty or (listening.share and listening.order is None):
        raise SettingsError(
            "--history: nothing that was played is in this catalogue, so it says neither a mood "
            "nor a taste; ask with --mood, or train on a table that holds your songs"
        )
    for flag, is_given, advice in (
        ("--to", options.end is not None, "say with --from where the journey begins"),
        ("--taste 0", not listening.share, "ask with --mood, or drop --taste 0"),
    ):
        if is_given:
            raise SettingsError(f"--history with {flag}: {told[0].lower()}{told[1:]}; {advice}")
    given = options.taste if options.taste not in (None, 1.0) else None
    unused = "" if given is None else f" --taste {given:g} has no mood to be weighed against."
    listening.share = 1.0
    give_taste(trained, listening, alone=True)
    weights = dict.fromkeys(SONG_MOODS, 1.0)
    name = "what you like to play"
    alone = "The list goes by your taste alone; choose a mood with --mood."
    notes = (f"{told}. {alone}{unused}",)
    return MoodRequest(name, weights, asked={"name": name}, notes=notes)
