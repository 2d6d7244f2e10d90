"""A listener's own history, brought to bear on a playlist.

Conventions
-----------
What is kept of a history is what the answer needs: which songs and artists of the catalogue were
played how often. Nothing of it is written, and neither a path nor anything that names a person is
told. Everything here is loaded only where ``--history`` is given.
"""

from __future__ import annotations

from scripts.console import note
from scripts.errors import SettingsError
from scripts.moods.vocabulary import SONG_MOODS
from scripts.playlists.history_join import Joined, join_history, read_works
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

#: Weight of taste against the match where none is given: on the validation part of ``python -m
#: scripts.evaluate mood_cost`` this one found most artists that are both liked and of the mood.
TASTE = 0.8

MIN_PLAY_SECONDS = 30.0

#: Listens of the end of a history among which its last session is looked for.
RECENT = 500

#: Reasons why plays did not count -> how they are told.
_REASONS = {
    "too short": "shorter than {seconds:g} s",
    "skipped": "skipped",
    "repeated": "told twice",
    "not music": "no music",
    "no title": "without a title",
    "unreadable": "unreadable",
}


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
        taste = self.order.taste
        parts = [
            "how often you play the artist",
            *(["what listeners like you play"] if taste.listeners else []),
            *(["how near its genre is to what you play"] if taste.genres else []),
            *(["how alike its sound is"] if taste.sound is not None else []),
        ]
        *first, last = parts
        told = f"{', '.join(first)} and {last}" if first else last
        return [f"Taste: {told}; not tested on people.", *tell_model(self.facts)]

    def describe(self) -> dict[str, Any]:
        """Tell programs how far the history is known here and how it took part."""
        left_out = {name.replace(" ", "_"): self.counts.get(name, 0) for name in _REASONS}
        return {
            "plays": self.counts.get("rows", 0),
            **self.joined.counts,
            "left_out": left_out,
            "taste": self.share if self.order else 0.0,
            "taste_alone": bool(self.order and self.order.alone),
            "new": self.new,
            "weights": dict(WEIGHTS),
            "model": None if self.facts is None else self.facts.get("model"),
            "session": self.session.describe() if self.session else None,
        }


def read_listening(trained: TrainedSet, options: argparse.Namespace) -> Listening:
    """Read the histories of ``--history`` and find their songs in the catalogue.

    Raises
    ------
    SettingsError
        For a weight or a time that makes no sense.
    """
    from scripts.tables.histories import read_history

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
    histories = [read_history(path, min_play_seconds=seconds) for path in options.history]
    heard, counts, recent = histories[0].songs, histories[0].counts, histories[0].recent
    if len(histories) > 1:
        heard, counts, recent = _together(histories)
    listening = Listening(
        join_history(trained.catalogue, heard),
        counts,
        recent,
        has_times=any(one.has_times for one in histories),
    )
    listening.share, listening.new = share, bool(options.new)
    if listening.new:
        listening.never = read_works(trained.catalogue, listening.joined.listens)
    note(tell_history(listening, seconds))
    if share:
        give_taste(trained, listening)
    return listening


def _together(histories: Sequence[Any]) -> tuple[dict[Any, int], dict[str, int], list[Any]]:
    """Add histories up; the last listens of all of them come in the order of their times."""
    heard: dict[Any, int] = {}
    counts: dict[str, int] = {}
    for one in histories:
        for source, total in ((one.songs, heard), (one.counts, counts)):
            for name, n in source.items():
                total[name] = total.get(name, 0) + n
    recent = [play for one in histories for play in one.recent if play[0] is not None]
    recent.sort(key=lambda play: play[0])
    return heard, counts, recent[-RECENT:]


def give_taste(trained: TrainedSet, listening: Listening, *, alone: bool = False) -> None:
    """Let taste order songs, where anything that was played is known."""
    if listening.joined.is_empty:
        return
    if listening.order is not None:
        listening.order = TasteOrder(listening.order.taste, listening.share, alone=alone)
        return
    scores = _listener_scores(trained, listening)
    taste = SongTaste(trained.catalogue, listening.joined, scores)
    listening.order = TasteOrder(taste, listening.share, alone=alone)


def _listener_scores(trained: TrainedSet, listening: Listening) -> dict[int, float]:
    """Ask the set's taste model about every artist of the catalogue; empty without a model."""
    from scripts.store.taste import has_taste, open_taste_arrays, read_taste_facts

    if not listening.joined.items or not has_taste(trained):
        return {}
    import numpy as np

    from scripts.learning.taste import model_from_arrays

    listening.facts = read_taste_facts(trained)
    model = model_from_arrays(open_taste_arrays(trained))
    items = sorted(listening.joined.items)
    listens = np.array([listening.joined.items[item] for item in items], np.float32)
    scores = model.scores_of(np.array(items), listens).tolist()
    query = "SELECT artist_id, item FROM artists WHERE artist_id IS NOT NULL AND item IS NOT NULL"
    return {artist: scores[item] for artist, item in trained.catalogue.execute(query)}


def tell_history(listening: Listening, seconds: float) -> str:
    """Say in a sentence what was read and how much of it this catalogue knows."""
    counts, joined = listening.counts, listening.joined.counts
    left_out = [
        f"{counts[name]:,} {told.format(seconds=seconds)}"
        for name, told in _REASONS.items()
        if counts.get(name)
    ]
    of_these = f" ({', '.join(left_out)})" if left_out else ""
    told = f"History: {counts.get('rows', 0):,} plays, {joined['listens']:,} listens{of_these}"
    if not joined["listens"]:
        return f"{told}; nothing in it counts, so the list is the one without it."
    if joined["songs"]:
        rates = [
            f"{joined[name] / joined['songs']:.0%}" for name in ("by_id", "by_name", "by_artist")
        ]
        told += (
            f"; of {joined['songs']:,} songs {rates[0]} are in this catalogue by id, "
            f"{rates[1]} by name, a further {rates[2]} by artist"
        )
    else:
        told += f"; {len(listening.joined.artists):,} of its artists are in this catalogue"
    if listening.joined.is_empty:
        return f"{told}: nothing in it is known here, so the list is the one without it."
    return f"{told}."


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
        asked = {"name": session.mood, "point": [valence, energy]}
        return MoodRequest(session.mood, near=near, asked=asked, notes=(f"{told}.",))
    if listening.joined.is_empty:
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
    listening.share = 1.0
    give_taste(trained, listening, alone=True)
    weights = dict.fromkeys(SONG_MOODS, 1.0)
    name = "what you like to play"
    notes = (f"{told}. The list goes by your taste alone; choose a mood with --mood.",)
    return MoodRequest(name, weights, asked={"name": name}, notes=notes)


def tell_model(facts: Mapping[str, Any] | None) -> list[str]:
    """Say how good the taste model of the set is, where it takes part."""
    if facts is None:
        return []
    models = {model["name"]: model for model in facts["judged"]["models"]}
    chosen, popular = (_score(models[name]) for name in (facts["model"], "popularity"))
    return [
        f"Taste model: {facts['model']}; it finds hidden artists of listeners it never saw with "
        f"an NDCG@10 of {chosen}, the most played artists with {popular}."
    ]


def _score(model: Mapping[str, Any]) -> str:
    low, high = model["ndcg@10 interval"]
    score, low, high = (f"{x:.3f}".removeprefix("0") for x in (model["ndcg@10"], low, high))
    return f"{score} [{low}, {high}]"
