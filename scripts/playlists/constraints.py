"""The wishes every song of a playlist has to meet.

Conventions
-----------
Years are whole, from 1 to 9999, and inclusive. ``explicit`` is True (only explicit songs), False
(none) or None.
A wish about something a song does not tell (no year, no genre) is not met by that song.
"""

from __future__ import annotations

from scripts.errors import SettingsError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import sqlite3


class Constraints:
    """How many songs, and which ones may be among them.

    Raises
    ------
    SettingsError
        For a number that makes no sense, or years that contradict each other.
    """

    __slots__ = ("explicit", "genre", "max_per_artist", "n", "year_from", "year_to")

    def __init__(
        self,
        n: int = 10,
        *,
        max_per_artist: int = 2,
        genre: str | None = None,
        year_from: int | None = None,
        year_to: int | None = None,
        explicit: bool | None = None,
    ) -> None:
        if n < 1:
            raise SettingsError(f"-n {n}: ask for at least 1 song")
        if max_per_artist < 1:
            raise SettingsError(f"--max-per-artist {max_per_artist}: allow at least 1 song")
        for flag, year in (("--year-from", year_from), ("--year-to", year_to)):
            if year is not None and not 1 <= year <= 9999:
                raise SettingsError(f"{flag} {year}: give a year from 1 to 9999")
        if year_from is not None and year_to is not None and year_from > year_to:
            raise SettingsError(
                f"--year-from {year_from} and --year-to {year_to} contradict each other: "
                "no year is both; swap them or drop one"
            )
        self.n = n
        self.max_per_artist = max_per_artist
        self.genre = None
        if genre is not None:  # bytes of the command line that are no text cannot be asked for
            name = genre.encode("utf-8", "replace").decode()
            self.genre = " ".join(name.split()).casefold()
        self.year_from = year_from
        self.year_to = year_to
        self.explicit = explicit

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
    def has_filters(self) -> bool:
        """Whether any song is kept out by what it is."""
        return self.genre is not None or self.has_years or self.explicit is not None


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
