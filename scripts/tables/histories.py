"""Read what listeners have played: the door to every format of listening history.

Conventions
-----------
A file, a folder or a zip, recognised by content and never by its name. A play counts as a listen
when it lasted at least `min_play_seconds` (30 by default, the rule of ListenBrainz) and was not
skipped; formats that tell no length count every scrobble. Times are UTC. What does not count is
counted by reason. A time more than two days later than its file was last written is no time.
User names, addresses and agents are never kept.

Method
------
See the modules behind this one: `history_files` and `history_zips` (what is opened),
`history_parts` (which format), `history_spotify` and `history_records`, `history_listenbrainz`,
`history_layouts` and `history_scrobbles` (Last.fm and other tables), `history_plays` and
`history_columns` (what comes of them), `history_owners` (whose they are), `history_listeners` and
`history_hetrec` (many listeners; numpy).
"""

from __future__ import annotations

import gc

from scripts.errors import DataError
from scripts.tables import history_files, history_spotify
from scripts.tables.history_owners import Owners, add_later
from scripts.tables.history_parts import Reading, read_part
from scripts.tables.history_plays import History, Plays, is_guess

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from scripts.tables.history_listeners import Listening

__all__ = ["History", "read_hetrec", "read_history", "read_listeners_histories"]

FORMATS = (
    "a Spotify export (extended history or account data), a Last.fm export, a ListenBrainz export, "
    "or a table with columns for time, artist and title"
)


class NoHistoryError(DataError):
    """Nothing in a file or folder is a listening history."""


def no_history(path: str, reason: str = "") -> NoHistoryError:
    """Return the error that says so, and why where that is known."""
    told = f"it {reason}" if reason else "its content was looked at, not its name"
    return NoHistoryError(f"{path}: no listening history was found in it ({told}); give {FORMATS}")


def read_history(
    paths: str | Sequence[str], *, min_play_seconds: float = 30.0, option: str = "--history"
) -> History:
    """Read one listener's own history.

    Parameters
    ----------
    paths : str or sequence of str
        A file, a folder or a zip, or several that belong to one listener: what they tell twice
        counts once.
    min_play_seconds : float
        Shorter plays do not count; 0 counts all.
    option : str
        The option named in messages.

    Raises
    ------
    SettingsError
        If there is nothing at a path.
    DataError
        If one cannot be read or holds no history, or they hold the histories of several listeners.
    """
    # hundreds of thousands of small objects come alive here and none of them in a circle: looking
    # for circles meanwhile would take as long as the reading
    was_on = gc.isenabled()
    gc.disable()
    try:
        return _read_paths([paths] if isinstance(paths, str) else paths, min_play_seconds, option)
    except MemoryError:
        raise DataError(
            f"{option}: this history is too large for the memory at hand; give a part of it"
        ) from None
    finally:
        if was_on:
            gc.enable()


def _read_paths(paths: Sequence[str], minimum: float, option: str) -> History:
    source = ", ".join(paths)
    reading = Reading(minimum)
    owners = Owners(reading.gathered)
    n_ignored, newest = 0, None
    for path in dict.fromkeys(paths):
        n_files, n_other = 0, n_ignored
        for part in history_files.open_parts(path, option=option):
            n_before = {form: len(plays.stamps) for form, plays in reading.gathered.items()}
            form = read_part(part, reading)
            if form:
                owners.add(path, part.label, form, n_before.get(form, 0))
                n_files += 1
                newest = max(newest or 0, part.newest)
            else:
                n_ignored += 1
        if not n_files:
            raise reading.unsure or no_history(
                path, reading.reason if n_ignored == n_other + 1 else ""
            )
    plays, form, n_left = _choose(reading.gathered, source)
    plays.count("ignored files", n_ignored + n_left)
    history = History(plays, source=source, form=form, newest=newest)
    owners.check(form, history.counts)
    return history


def read_listeners_histories(
    paths: Sequence[str], *, min_play_seconds: float = 30.0, option: str = "--history"
) -> Listening:
    """Read the histories of many listeners; see `history_listeners.read_listeners`."""
    from scripts.tables.history_listeners import read_listeners

    return read_listeners(paths, min_play_seconds=min_play_seconds, option=option)


def read_hetrec(
    user_artists: str,
    *,
    artists: str | None = None,
    tags: str | None = None,
    tagged: str | None = None,
    friends: str | None = None,
    option: str = "--history",
) -> Listening:
    """Read HetRec 2011 play counts; see `history_hetrec.read_play_counts`."""
    from scripts.tables.history_hetrec import read_play_counts

    return read_play_counts(
        user_artists, artists=artists, tags=tags, tagged=tagged, friends=friends, option=option
    )


def _choose(gathered: dict[str, Plays], source: str) -> tuple[Plays, str, int]:
    """Return the plays of the one format found, and how many files of others were left."""
    forms = [form for form, plays in gathered.items() if plays.counts.get("rows")]
    if not forms:
        raise no_history(source)
    n_left = 0
    known = [form for form in forms if not is_guess(form)]
    if known and len(known) < len(forms):
        # tables whose columns are guessed are other tables, where there is a real export
        n_left = sum(gathered[form].counts["parts"] for form in forms if is_guess(form))
        forms = known
    extended, account = history_spotify.EXTENDED, history_spotify.ACCOUNT
    n_account = gathered[account].counts["parts"] if account in forms else 0
    n_parts = sum(gathered[form].counts.pop("parts", 0) for form in forms)
    if sorted(forms) == sorted([extended, account]):
        # both tell the same plays, up to the day for which the extended history was made
        if not add_later(gathered[account], gathered[extended]):
            n_left += n_account
            n_parts -= n_account
        forms = [extended]
    elif len(forms) > 1:
        raise DataError(
            f"{source}: holds several kinds of history ({', '.join(forms)}), which may tell the "
            "same plays twice; give one of them"
        )
    chosen = gathered[forms[0]]
    chosen.count("files", n_parts)
    return chosen, forms[0], n_left
