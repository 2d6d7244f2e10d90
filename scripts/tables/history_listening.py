"""What many listeners heard, as one table of listener by artist.

Conventions
-----------
Listeners are "1", "2", ... by first appearance; their names are never kept. One entry a pair of
listener and artist, sorted by listener, then artist; `plays` counts listens, `first` and `last` are
UTC seconds, -1 where unknown. Artists that share a key (`names.artist_key`) are one item, except
where the files number them (HetRec).
"""

from __future__ import annotations

from array import array

import numpy as np

from scripts.text.names import artist_key

TYPE_CHECKING = False
if TYPE_CHECKING:
    from scipy.sparse import csr_matrix


class Listening:
    """What many listeners heard: one entry a listener and artist.

    Attributes
    ----------
    users, user_numbers : list of str, "1", "2", ...; HetRec's own numbers, "" elsewhere
    artists, artist_keys, artist_ids : list of str, names to show, keys to join by, HetRec's numbers
    rows, cols : ndarray, shape (n,), int32, indices of listeners and artists
    plays : ndarray, shape (n,), float32, listens
    first, last : ndarray, shape (n,), int64, UTC seconds, -1 unknown
    tag_names : list of str
    tag_users, tag_items, tag_numbers : ndarray, shape (m,), int32; user -1 where unknown
    tag_times : ndarray, shape (m,), int64, UTC seconds, -1 unknown
    friends : ndarray, shape (f, 2), int32, pairs a < b of listeners
    counts : dict of str to int; has_times : bool; format : str; sources : list of str
    """

    __slots__ = (
        "artist_ids",
        "artist_keys",
        "artists",
        "cols",
        "counts",
        "first",
        "format",
        "friends",
        "has_times",
        "last",
        "plays",
        "rows",
        "sources",
        "tag_items",
        "tag_names",
        "tag_numbers",
        "tag_times",
        "tag_users",
        "user_numbers",
        "users",
    )

    def __init__(self, gathered: Gathered, *, form: str, sources: list[str]):
        n_users = gathered.n_users
        self.users = [str(number) for number in range(1, n_users + 1)]
        self.user_numbers = [""] * n_users
        self.artists = gathered.artists
        self.artist_keys = gathered.keys
        self.artist_ids = [""] * len(gathered.artists)
        self.rows, self.cols, self.plays, self.first, self.last = gathered.columns()
        self.tag_names: list[str] = []
        self.tag_users, self.tag_items, self.tag_numbers = (np.empty(0, np.int32) for _ in "123")
        self.tag_times = np.empty(0, np.int64)
        self.friends = np.empty((0, 2), np.int32)
        self.counts = gathered.counts
        self.counts["listens"] = int(self.plays.sum(dtype=np.float64))
        self.has_times = bool((self.last >= 0).any())
        self.format = form
        self.sources = sources

    def matrix(self) -> csr_matrix:
        """Return the listens as a CSR matrix, float32, shape (n_users, n_artists)."""
        from scipy.sparse import csr_matrix

        X = csr_matrix(
            (self.plays, (self.rows, self.cols)),
            shape=(len(self.users), len(self.artists)),
            dtype=np.float32,
        )
        X.sort_indices()
        return X

    def __repr__(self) -> str:
        return (
            f"Listening({self.format!r}, listeners={len(self.users)}, "
            f"artists={len(self.artists)}, entries={len(self.rows)})"
        )


class Gathered:
    """Listens summed by listener and artist while files are read."""

    __slots__ = (
        "_by_name",
        "_first",
        "_last",
        "_plays",
        "_where",
        "artists",
        "counts",
        "keys",
        "n_users",
    )

    def __init__(self) -> None:
        self.n_users = 0
        self.artists: list[str] = []
        self.keys: list[str] = []
        self.counts: dict[str, int] = {}
        self._by_name: dict[object, int] = {}
        self._where: dict[int, int] = {}
        self._plays = array("d")
        self._first = array("q")
        self._last = array("q")

    def count(self, reason: str, n_rows: int = 1) -> None:
        """Note rows under a reason."""
        self.counts[reason] = self.counts.get(reason, 0) + n_rows

    def new_user(self) -> int:
        """Return the index of one more listener."""
        self.n_users += 1
        return self.n_users - 1

    def number_artist(self, name: str) -> int:
        """Return the index of an artist; names that share a key share it."""
        number = self._by_name.get(name)
        if number is None:
            key = artist_key(name)
            number = self._by_name.get((key,))
            if number is None:
                number = self.add_artist(name, key)
                self._by_name[(key,)] = number
            self._by_name[name] = number
        return number

    def add_artist(self, name: str, key: str) -> int:
        """Append an artist, whatever others are called."""
        self.artists.append(name)
        self.keys.append(key)
        return len(self.artists) - 1

    def add(self, user: int, artist: int, n_listens: float, *, first: int, last: int) -> None:
        """Add listens; times are -1 where unknown."""
        where = self._where.setdefault(user << 32 | artist, len(self._plays))
        if where == len(self._plays):
            self._plays.append(n_listens)
            self._first.append(first)
            self._last.append(last)
            return
        self._plays[where] += n_listens
        self._last[where] = max(self._last[where], last)
        if first >= 0 and not 0 <= self._first[where] <= first:
            self._first[where] = first

    def columns(self) -> tuple[np.ndarray, ...]:
        """Return rows, cols, plays, first and last, sorted by listener and artist."""
        keys = np.fromiter(self._where, np.int64, len(self._where))
        order = np.argsort(keys, kind="stable")
        keys = keys[order]
        rows = (keys >> 32).astype(np.int32)
        cols = (keys & 0xFFFFFFFF).astype(np.int32)
        plays = np.array(self._plays, np.float64)[order].astype(np.float32)
        return rows, cols, plays, np.array(self._first)[order], np.array(self._last)[order]
