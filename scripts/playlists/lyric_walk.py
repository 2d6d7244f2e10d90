"""Walks that weigh what songs say against how they sound.

Conventions
-----------
*Odds* are log-odds. Songs with lyrics are those whose lyrics count, see
:mod:`scripts.playlists.lyric_match`; a rank is a song's place in the catalogue.

Method
------
- A song without lyrics stands by its sound alone, as in any other walk.
- A song with lyrics below the least similarity is left out: it speaks of something else.
- A song with lyrics at or above it has the odds of its sound plus
  ``WORDS_WEIGHT`` times trust times (similarity - least similarity). The odds of a mood are the
  song model's margin; near a place they are -ln(distance), so that the match, 1 / (1 + distance),
  is their probability too, and words bring a song nearer by a factor.
- A song of another mood is admitted where its words outweigh its sound: its odds are minus its
  margin, or 0 in the quarter asked for, and with its words they have to come above 0. Near a
  place, and where a track is spoken, none is.
- The odds of songs with lyrics are rounded to the nearest multiple of ``BAND``; within one, the
  popular come first.
- Words move a song's place in the order alone. What it is shown to score is the probability of the
  quarter asked for, as without a sentence (of a song of another quarter, the most that its margin
  leaves to it), or 1 / (1 + distance); so shown scores need not fall from song to song.

The order is total: fit, odds, songs with lyrics before others, falling popularity, exact odds, then
rank (without lyrics: song id). It merges two sorted streams, the songs with lyrics, which are
scored whole, and the others, which are walked as far as a list needs; rows are read one by one.
"""

from __future__ import annotations

import heapq
import math

from scripts.moods.vocabulary import SONG_MOODS
from scripts.playlists.lyric_match import COUNTED
from scripts.playlists.walks import AT, COLUMNS, Candidate, Walker, probability_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Any

    from scripts.playlists.lyric_match import LyricMatch
    from scripts.playlists.request import Near

    #: Fit (negative), odds (negative), 0 with lyrics and 1 without, popularity (negative), exact
    #: odds (negative), and what settles the rest.
    FusedKey = tuple[float, float, int, float, float, Any]

#: Odds for a whole unit of similarity above the least one. A similarity .2 above it, with full
#: trust, counts as odds of 2.2 to 1: enough to order songs that sound about equally sure, seldom
#: enough to turn a sure one. Set by judgement: no labelled pairs of sentences and songs exist.
WORDS_WEIGHT = 4.0

#: Songs with lyrics whose odds round to the same multiple of this are in order of popularity. At
#: even odds it is 6 points of probability.
BAND = 0.25

#: A distance below this counts as this, so that its logarithm is finite.
_NEAREST = 1e-6


def fused_odds(sound: float, trust: float, similarity: float, limit: float) -> float:
    """Add what a song's words say to what its sound says.

    >>> fused_odds(1.0, 0.5, 0.7, 0.5)
    1.4
    """
    return round(sound + WORDS_WEIGHT * trust * (similarity - limit), 9)


def band_of(odds: float) -> float:
    """Round odds to their band.

    >>> band_of(1.6), band_of(-0.1)
    (1.5, 0.0)
    """
    return BAND * round(odds / BAND) + 0.0


class LyricWalker(Walker):
    """The catalogue as one set of wishes, one profile and one sentence see it.

    Parameters
    ----------
    walker : Walker
        The same without the sentence.
    match : LyricMatch

    Attributes
    ----------
    scored : dict of rank to score
        Of the songs with lyrics that the walks so far could give: the score to show, which what
        they say does not move.
    admitted : set of int
        Those of them that are of another mood.
    """

    __slots__ = ("_moods_by_id", "_moved", "admitted", "match", "scored")

    def __init__(self, walker: Walker, match: LyricMatch) -> None:
        super().__init__(walker.catalogue, walker.constraints, walker.corrections)
        self.match = match
        self.scored: dict[int, float] = {}
        self.admitted: set[int] = set()
        self.held = match.lyrics.ranks
        if self.held:  # refused before their rows are read
            self._more += f" AND NOT EXISTS ({COUNTED})"
        self._moods_by_id = {mood.mood_id: mood.name for mood in self.moods.values()}
        query = "SELECT rank FROM songs WHERE song_id = ?"
        self._moved = {
            rank: mood
            for song_id, mood in self.corrections.items()
            for (rank,) in self.catalogue.execute(query, (song_id,))
        }

    def of_moods(self, weights: dict[str, float]) -> Iterator[Candidate]:
        """Walk the songs of some moods and those that their words admit, best first."""
        sound = (
            ((fit, odds, 1, popularity, 0.0, song_id), row)
            for (fit, odds, popularity, song_id), row in self.with_keys(weights)
        )
        words = ((key, None) for key in _in_order(self._keys_of_moods(weights)))
        for key, walked in heapq.merge(sound, words, key=_key_of):
            row = walked or self._read(key[-1])
            if row is not None:
                yield Candidate(row, -key[0])

    def _keys_of_moods(self, weights: dict[str, float]) -> Iterator[FusedKey]:
        """Score every song with lyrics that is of these moods, or is admitted to them."""
        songs, limit = self.match.lyrics.songs, self.match.limit
        terms = {mood: _terms_of(mood, weights) for mood in self.moods}
        by_id = {mood_id: terms[mood] for mood_id, mood in self._moods_by_id.items()}
        moved = {rank: terms[mood] for rank, mood in self._moved.items()}
        fits: dict[tuple[float, float], float] = {}
        for position, similarity in self.match.passing:
            rank, trust, margin, popularity, mood_id, _, _ = songs[position]
            weight, sign = moved.get(rank) or by_id[mood_id]
            if not weight:
                continue
            sound = margin if sign > 0 else sign * max(margin, 0.0)
            odds = fused_odds(sound, trust, similarity, limit)
            if sign <= 0:
                if odds <= 0:
                    continue
                self.admitted.add(rank)
            # of a mood that stands in, the walk of the moods asked for came first and counts
            heard = margin if sign >= 0 else sound
            self.scored.setdefault(rank, weight * probability_of(heard))
            band = band_of(odds)
            fit = fits.get((weight, band))
            if fit is None:  # there are few bands
                fit = fits[weight, band] = weight * probability_of(band)
            known = -1.0 if popularity is None else popularity
            yield (-fit, -band, 0, -known, -odds, rank)

    def near(self, near: Near) -> Iterator[Candidate]:
        """Walk the songs near a place of the plane, those with fitting words drawn nearer."""
        from scripts.playlists.nearest import SongTree

        tree = SongTree(self.catalogue, near.space)
        sound = (
            ((one.distance or 0.0, 0.0, 1, 0.0, 0.0, one.row[AT["rank"]]), one)
            for one in self.near_in(tree, near)
        )
        words: Iterator[tuple[FusedKey, None]]
        words = ((key, None) for key in _in_order(self._keys_near(near)))
        for key, one in heapq.merge(sound, words, key=_key_of):
            if one is not None:
                yield one
                continue
            row = self._read(key[-1])
            if row is not None and row[AT["work_id"]] not in near.works:
                place = (row[AT["valence"]], row[AT["energy"]])
                yield Candidate(row, 1 / (1 + key[0]), math.dist(near.target, place))

    def _keys_near(self, near: Near) -> Iterator[FusedKey]:
        """Score every song with lyrics of the moods near a place; the fit is a distance."""
        allowed = near.moods or tuple(SONG_MOODS)
        lyrics, limit = self.match.lyrics, self.match.limit
        for position, similarity in self.match.passing:
            rank, trust, _, popularity, mood_id, valence, energy = lyrics.songs[position]
            if (self._moved.get(rank) or self._moods_by_id[mood_id]) not in allowed:
                continue
            away = max(math.dist(near.target, (valence, energy)), _NEAREST)
            odds = fused_odds(-math.log(away), trust, similarity, limit)
            known = -1.0 if popularity is None else popularity
            self.scored[rank] = 1 / (1 + math.dist(near.target, (valence, energy)))
            yield (math.exp(-band_of(odds)), 0.0, 0, -known, -odds, rank)

    def _read(self, rank: int) -> tuple[Any, ...] | None:
        """Read a song's row; None where it does not meet the wishes."""
        query = f"SELECT {COLUMNS} FROM songs s WHERE rank = ?"
        row: tuple[Any, ...] = self.catalogue.execute(query, (rank,)).fetchone()
        return row if self.meets(row) else None


def _terms_of(mood: str, weights: dict[str, float]) -> tuple[float, float]:
    """Say with which weight a mood's songs take part, and with which sign their margin counts.

    The sign is 1 for a mood that is asked for, 0 for another one of its quarter, -1 elsewhere; a
    weight of 0 keeps the songs out.
    """
    if mood in weights:
        return weights[mood], 1.0
    quarters = {SONG_MOODS[name][2] for name in weights if name in SONG_MOODS}
    if mood not in SONG_MOODS or not quarters:  # spoken
        return 0.0, 0.0
    return max(weights.values()), 0.0 if SONG_MOODS[mood][2] in quarters else -1.0


def _in_order(keys: Iterable[FusedKey]) -> Iterator[FusedKey]:
    """Sort keys as far as they are asked for: all are scored, few are needed."""
    heap = list(keys)
    heapq.heapify(heap)
    while heap:
        yield heapq.heappop(heap)


def _key_of(pair: tuple[FusedKey, object]) -> FusedKey:
    return pair[0]


def admitted_to(walkers: Sequence[LyricWalker]) -> list[int]:
    """List the ranks of the songs that words brought into a walk of another mood."""
    return sorted(set().union(*(walker.admitted for walker in walkers)))


def left_out_of(walkers: Sequence[LyricWalker]) -> list[int]:
    """List the ranks of the songs that their lyrics kept out of every walk, once those have ended.

    A song of a mood that no walk looks for is among them only if its lyrics are too far for one.
    """
    held = set().union(*(walker.held for walker in walkers))
    near = [set(walker.match.similarity) for walker in walkers]
    found = set().union(*(walker.scored for walker in walkers))
    return sorted(held - found - set.intersection(*near)) if walkers else []
