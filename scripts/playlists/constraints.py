"""The wishes every song of a playlist has to meet.

Conventions
-----------
Years are whole, from 1 to 9999; tempo is in beats per minute, popularity from 0 to 100, minutes are
minutes; every range is inclusive. ``explicit`` is True (only explicit songs), False (none) or None.
A wish about something a song does not tell (no year, no genre) is not met by that song.
"""

from __future__ import annotations

from scripts.errors import SettingsError
from scripts.playlists.ranges import format_range, tell_range

TYPE_CHECKING = False
if TYPE_CHECKING:
    import sqlite3

    from scripts.playlists.genre_like import GenreLike

#: A playlist of so many minutes may be that much shorter or longer, in milliseconds.
LENGTH_TOLERANCE_MS = 30_000

MOST_MINUTES = 1440

#: A tempo of 0 means that it is not known, so that a range from 0 begins above it.
SLOWEST = 1e-6


class Filter:
    """One wish about a fact of a song: its column must lie in a range.

    Attributes
    ----------
    flag : str
        The wish as it is asked for, such as ``"--tempo 120-140"``.
    column : str
        A column of the catalogue's songs.
    low, high : float
        Inclusive.
    """

    __slots__ = ("column", "flag", "high", "low")

    def __init__(self, flag: str, column: str, low: float, high: float) -> None:
        self.flag = flag
        self.column = column
        self.low = low
        self.high = high


class Constraints:
    """How many songs, and which ones may be among them.

    Parameters
    ----------
    n : int
        How many songs; counts only where ``minutes`` is None.
    minutes : float, optional
        How long the playlist is, within 30 seconds.
    max_per_artist : int
    genre : str, optional
    genre_like : GenreLike, optional
        Genres of which a song has to have one; not together with ``genre``.
    year_from, year_to : int, optional
    explicit : bool, optional
    tempo, popularity : (low, high), optional
    never : frozenset of int
        ``work_id`` of songs that must not be played, in any version.
    variety : float in [0, 1]
        What part of the choice goes by spread instead of match.
    surprise : int, optional
        Seed of a draw among the best, instead of the very best.

    Raises
    ------
    SettingsError
        For a number that makes no sense, or ends of a range that contradict each other.
    """

    __slots__ = (
        *("explicit", "genre", "genre_like", "max_per_artist", "minutes", "n", "never"),
        *("popularity", "surprise", "tempo", "variety", "year_from", "year_to"),
    )

    def __init__(
        self,
        n: int = 10,
        *,
        minutes: float | None = None,
        max_per_artist: int = 2,
        genre: str | None = None,
        genre_like: GenreLike | None = None,
        year_from: int | None = None,
        year_to: int | None = None,
        explicit: bool | None = None,
        tempo: tuple[float, float] | None = None,
        popularity: tuple[float, float] | None = None,
        never: frozenset[int] = frozenset(),
        variety: float = 0.0,
        surprise: int | None = None,
    ) -> None:
        self.n = n
        self.minutes = minutes
        self.max_per_artist = max_per_artist
        self.genre = None
        if genre is not None:  # bytes of the command line that are no text cannot be asked for
            name = genre.encode("utf-8", "replace").decode()
            self.genre = " ".join(name.split()).casefold()
        self.genre_like = genre_like
        self.year_from = year_from
        self.year_to = year_to
        self.explicit = explicit
        self.tempo = tempo
        self.popularity = popularity
        self.never = never
        self.variety = variety
        self.surprise = surprise
        self._check_numbers()
        self._check_ranges()

    def _check_numbers(self) -> None:
        if self.genre is not None and self.genre_like is not None:
            raise SettingsError(
                f"--genre {self.genre} and --genre-like {self.genre_like.name}: give one of them; "
                "--genre-like means the genre and those near to it"
            )
        if self.n < 1:
            raise SettingsError(f"-n {self.n}: ask for at least 1 song")
        if self.max_per_artist < 1:
            raise SettingsError(f"--max-per-artist {self.max_per_artist}: allow at least 1 song")
        if self.minutes is not None and not 0 < self.minutes <= MOST_MINUTES:
            raise SettingsError(
                f"--minutes {self.minutes:g}: give more than 0 and at most {MOST_MINUTES} minutes"
            )
        if not 0 <= self.variety <= 1:
            raise SettingsError(
                f"--variety {self.variety:g}: give a number from 0 (the best match) "
                "to 1 (the widest spread)"
            )
        if self.surprise is not None and not 0 <= self.surprise < 1 << 63:
            raise SettingsError(f"--surprise {self.surprise}: give a whole number from 0")

    def _check_ranges(self) -> None:
        for flag, year in (("--year-from", self.year_from), ("--year-to", self.year_to)):
            if year is not None and not 1 <= year <= 9999:
                raise SettingsError(f"{flag} {year}: give a year from 1 to 9999")
        first, last = self.years
        if first > last:
            raise SettingsError(
                f"--year-from {first} and --year-to {last} contradict each other: "
                "no year is both; swap them or drop one"
            )
        for flag, wish, highest in (
            ("--tempo", self.tempo, 300),
            ("--popularity", self.popularity, 100),
        ):
            if wish is None:
                continue
            low, high = wish
            if low > high:
                raise SettingsError(
                    f"{flag} {low:g}-{high:g}: its two ends contradict each other; "
                    f"swap them: {high:g}-{low:g}"
                )
            if not (low <= highest and high >= 0):
                raise SettingsError(
                    f"{flag} {format_range(low, high)}: no song lies there; "
                    f"allowed are numbers from 0 to {highest}"
                )

    @property
    def genres(self) -> tuple[str, ...]:
        """The genres of which a song has to have one, the one asked for first; none: any."""
        if self.genre_like is not None:
            return self.genre_like.genres
        return () if self.genre is None else (self.genre,)

    @property
    def has_years(self) -> bool:
        """Whether any year is asked for."""
        return self.year_from is not None or self.year_to is not None

    @property
    def years(self) -> tuple[int, int]:
        """The first and the last year allowed."""
        return (
            self.year_from if self.year_from is not None else 0,
            self.year_to if self.year_to is not None else 9999,
        )

    @property
    def filters(self) -> list[Filter]:
        """The wishes about facts, in a fixed order; the genre is not among them."""
        found = []
        if self.year_from is not None:
            found.append(Filter(f"--year-from {self.year_from}", "year", self.year_from, 9999))
        if self.year_to is not None:
            found.append(Filter(f"--year-to {self.year_to}", "year", 0, self.year_to))
        if self.explicit is not None:
            flag = "--explicit" if self.explicit else "--no-explicit"
            found.append(Filter(flag, "explicit", int(self.explicit), int(self.explicit)))
        if self.tempo is not None:
            low, high = self.tempo
            flag = f"--tempo {format_range(low, high)}"
            found.append(Filter(flag, "tempo_bpm", max(low, SLOWEST), high))
        if self.popularity is not None:
            low, high = self.popularity
            flag = f"--popularity {format_range(low, high)}"
            found.append(Filter(flag, "popularity", low, high))
        return found

    @property
    def has_filters(self) -> bool:
        """Whether any song is kept out by what it is."""
        return bool(self.genres or self.filters)

    @property
    def target_ms(self) -> int | None:
        """How long the playlist should be, in milliseconds."""
        return None if self.minutes is None else round(self.minutes * 60_000)

    @property
    def wants_pool(self) -> bool:
        """Whether songs are weighed against each other instead of taken best first."""
        return self.variety > 0 or self.surprise is not None

    def wishes_in_words(self) -> list[str]:
        """Tell what every song had to meet.

        >>> Constraints(genre="Rock", tempo=(120, 140), year_from=1990).wishes_in_words()
        ['genre rock', 'from 1990', '120-140 bpm']
        """
        words = [] if self.genre is None else [f"genre {self.genre}"]
        if self.genre_like is not None:
            words.append(self.genre_like.in_words())
        if self.year_from is not None or self.year_to is not None:
            ends = [("from", self.year_from), ("to", self.year_to)]
            words.append(" ".join(f"{end} {year}" for end, year in ends if year is not None))
        if self.explicit is not None:
            words.append("explicit" if self.explicit else "not explicit")
        if self.tempo is not None:
            words.append(tell_range(*self.tempo, " bpm"))
        if self.popularity is not None:
            words.append(f"popularity {tell_range(*self.popularity)}")
        return words


def find_genre_ids(catalogue: sqlite3.Connection, constraints: Constraints) -> tuple[int, ...]:
    """Look up the genres of which a song has to have one; none where any will do."""
    if constraints.genre_like is not None:
        return constraints.genre_like.ids
    return () if constraints.genre is None else (find_genre(catalogue, constraints.genre),)


def find_genre(catalogue: sqlite3.Connection, name: str) -> int:
    """Look a genre up by name, in any case.

    Raises
    ------
    SettingsError
        For a genre the catalogue does not have; the message offers the nearest ones.
    """
    row = catalogue.execute("SELECT genre_id FROM genres WHERE name = ?", (name,)).fetchone()
    if row:
        return int(row[0])
    import difflib

    from scripts.console import clean_text

    names = [row[0] for row in catalogue.execute("SELECT name FROM genres ORDER BY name")]
    shown = clean_text(name[:60])
    if not names:
        raise SettingsError(f"--genre {shown!r}: this catalogue's songs carry no genre")
    near = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
    listed = ", ".join(names[:40]) + (f" and {len(names) - 40} more" if len(names) > 40 else "")
    offer = (
        f"; did you mean {' or '.join(near)}? (it has: {listed})"
        if near
        else f", nor one like it; it has: {listed}"
    )
    raise SettingsError(f"--genre {shown!r}: not in this catalogue{clean_text(offer)}")
