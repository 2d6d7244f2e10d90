"""What is chosen for a list so far, and what may still be.

Conventions
-----------
A list holds one song per work, at most so many per artist, and no work that is never to be played.
"""

from __future__ import annotations

from scripts.playlists.constraints import Constraints
from scripts.playlists.walks import AT, Candidate

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


class Part:
    """One part of a request: its share, its walk, and the pool taken from it."""

    __slots__ = ("alike", "pool", "relevance", "share", "taken", "walk")

    def __init__(self, share: float, walk: Iterator[Candidate]) -> None:
        self.share = share
        self.walk = walk
        self.taken = 0
        self.pool: list[Candidate] = []
        self.relevance: list[float] = []
        self.alike: list[float] = []  # similarity to the nearest song chosen so far

    def drop(self, position: int) -> Candidate:
        """Take one candidate out of the pool."""
        del self.relevance[position], self.alike[position]
        return self.pool.pop(position)


class Choice:
    """What has been chosen so far, and what may still be.

    ``seen`` lists in order what was chosen and what an artist or a version kept out: a list of so
    many minutes may need another one of an artist's songs.
    """

    __slots__ = ("artists", "constraints", "part", "passed_over", "seen", "works")

    def __init__(self, constraints: Constraints, passed_over: dict[str, int]) -> None:
        self.constraints = constraints
        self.passed_over = passed_over
        self.works = set(constraints.never)
        self.artists: dict[int, int] = {}
        self.seen: list[Candidate] = []
        self.part = 0

    def refusal(self, candidate: Candidate) -> str | None:
        """Say why a candidate may not be taken, or None."""
        if self.constraints.minutes is not None and not candidate.row[AT["duration_ms"]]:
            return "no duration"
        work = candidate.row[AT["work_id"]]
        if work in self.works:
            return "never" if work in self.constraints.never else "another version"
        if self.artists.get(candidate.row[AT["artist_id"]], 0) >= self.constraints.max_per_artist:
            return "artist"
        return None

    def take(self, candidate: Candidate) -> None:
        artist = candidate.row[AT["artist_id"]]
        self.works.add(candidate.row[AT["work_id"]])
        self.artists[artist] = self.artists.get(artist, 0) + 1
        self.note(candidate)

    def note(self, candidate: Candidate) -> None:
        candidate.part = self.part
        self.seen.append(candidate)

    def pass_over(self, reason: str, candidate: Candidate) -> None:
        self.passed_over[reason] = self.passed_over.get(reason, 0) + 1
        if reason in ("artist", "another version") and self.constraints.minutes is not None:
            self.note(candidate)

    def next_of(self, walk: Iterator[Candidate]) -> Candidate | None:
        """Find the next candidate of a walk that may be taken."""
        for candidate in walk:
            reason = self.refusal(candidate)
            if reason is None:
                return candidate
            self.pass_over(reason, candidate)
        return None
