"""Recognise the columns of a song table, whatever its publisher called them.

Conventions
-----------
A header is compared after :func:`header_key`: case, accents, spaces, punctuation, a byte order
mark and anything in parentheses ("Duration (ms)", "Artist Name(s)") do not count. Each field
lists its names from the most to the least trusted; where two columns of a table mean one field,
the more trusted name wins, and of two equal names the left one.

Headers that follow the user's language (as Exportify.app writes them) are known in German,
Spanish, French, Portuguese, Italian, Dutch and Swedish.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path

from scripts.errors import DataError
from scripts.moods.features import FEATURES

#: Field -> its names, most trusted first, in the spelling that :func:`header_key` gives.
SONG_FIELDS: dict[str, tuple[str, ...]] = {
    "song_id": (
        *("songid", "trackid", "trackuri", "spotifyid", "spotifytrackid", "spotifyuri"),
        *("spotifytrackuri", "uridelacancion", "uridutitre", "uridafaixa", "uridellatraccia"),
        *("nummeruri", "latensuri", "trackurl", "uri", "id", "url"),
    ),
    "title": (
        *("title", "trackname", "songname", "tracktitle", "songtitle", "nombredelacancion"),
        *("nomdutitre", "nomedafaixa", "nomedellatraccia", "nummernaam", "latensnamn"),
        *("name", "track", "song", "titel", "titulo", "titre", "titolo"),
    ),
    "artist": (
        *("artists", "artist", "artistname", "artistnames", "trackartist", "trackartists"),
        *("kunstlername", "kunstler", "nombredelartista", "nomdelartiste", "nomedoartista"),
        *("nomedellartista", "naamvanartiest", "artistensnamn", "artista", "artiste"),
        *("interpret", "performer", "singer", "band"),
    ),
    "genres": (
        *("genres", "trackgenre", "playlistgenre", "genre", "artistgenres", "kunstlergenres"),
        *("generosdelartista", "genresdelartiste", "generosdoartista", "generidellartista"),
        *("genresvandeartiest", "artistensgenrer", "topgenre", "albumgenres"),
    ),
    "year": ("year", "releaseyear", "jahr", "ano", "annee", "anno", "jaar"),
    "release_date": (
        *("releasedate", "albumreleasedate", "trackalbumreleasedate", "trackreleasedate"),
        *("veroffentlichungsdatumdesalbums", "fechadelanzamientodelalbum"),
        *("datedesortiedelalbum", "datadelancamentodoalbum", "datadirilasciodellalbum"),
        *("releasedatumvanhetalbum", "albumetsreleasedatum", "released"),
    ),
    "decade": ("decade",),
    "popularity": (
        *("popularity", "trackpopularity", "beliebtheit", "popularidad", "popularite"),
        *("popularidade", "popolarita", "populariteit", "popularitet"),
    ),
    "explicit": (
        *("explicit", "explizit", "explicito", "explicite", "explicita", "esplicito"),
        *("expliciet", "isexplicit"),
    ),
    "duration_ms": (
        *("durationms", "trackduration", "trackdauer", "duraciondelacancion", "dureedutitre"),
        *("duracaodafaixa", "duratadellatraccia", "nummerduur", "latlangd", "duration", "length"),
    ),
    "danceability": (
        *("danceability", "tanzbarkeit", "bailabilidad", "danseabilite", "dancabilidade"),
        *("ballabilita", "dansbaarheid", "dansbarhet"),
    ),
    "energy": ("energy", "energie", "energia", "energi"),
    "loudness_db": (
        *("loudnessdb", "loudness", "lautstarke", "volumen", "volumesonore", "volume"),
        *("luidheid", "ljudstyrka"),
    ),
    "speechiness": (
        *("speechiness", "specrate", "sprachanteil", "hablado", "parlabilite", "oralidade"),
        *("linguaggioparlato", "spraakzaamheid", "talighet"),
    ),
    "acousticness": (*("acousticness", "akustik", "acustica", "acoustique", "akoestiek"),),
    "instrumentalness": (
        *("instrumentalness", "instrumentalitat", "instrumentalidad", "instrumental"),
        *("instrumentalidade", "strumentalita", "instrumentaliteit", "instrumentalhet"),
    ),
    "liveness": (
        *("liveness", "lebendigkeit", "vivacidad", "vivacite", "vivacidade", "vivacita"),
        *("levendigheid", "livlighet"),
    ),
    "valence": ("valence", "valenz", "valencia", "valenza", "valentie", "valens"),
    "tempo_bpm": ("tempobpm", "tempo", "bpm"),
}

#: Fields without which a table is no song table; for the first two see `require_columns`.
REQUIRED: tuple[str, ...] = ("title", "artist", *FEATURES)

_PARENTHESES = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")


def header_key(header: str) -> str:
    """Reduce a header to the letters and digits that are compared.

    >>> header_key(" Artist Name(s) "), header_key("Track-Dauer (ms)"), header_key("TEMPO_bpm")
    ('artistname', 'trackdauer', 'tempobpm')
    """
    bare = _PARENTHESES.sub("", header)
    if not any(map(str.isalnum, bare)):
        bare = header
    folded = unicodedata.normalize("NFKD", bare.casefold())
    return "".join(letter for letter in folded if letter.isalnum())


def match_columns(
    headers: Sequence[str], fields: dict[str, tuple[str, ...]] | None = None
) -> dict[str, int]:
    """Find the column of each field: field -> position in `headers`, for the fields present.

    >>> match_columns(["Track URI", "id", "Valence"])
    {'song_id': 0, 'valence': 2}
    """
    positions: dict[str, int] = {}
    for position, header in enumerate(headers):
        positions.setdefault(header_key(header), position)
    found: dict[str, int] = {}
    for field, names in (SONG_FIELDS if fields is None else fields).items():
        known = [positions[name] for name in names if name in positions]
        if known:
            found[field] = known[0]
    return found


def n_features(headers: Sequence[str]) -> int:
    """Count how many of the nine audio features the headers name."""
    return len(set(match_columns(headers)).intersection(FEATURES))


def require_columns(
    path: Path,
    headers: Sequence[str],
    *,
    required: Iterable[str] = REQUIRED,
    fields: dict[str, tuple[str, ...]] | None = None,
) -> dict[str, int]:
    """Match the columns of a table and insist on those without which it is of no use.

    A table with an id or a title can do without the other name and without an artist: the id
    then serves as the title, and the artist is unknown.

    Parameters
    ----------
    path : Path
        The file, for the message.
    headers : sequence of str
        The table's column names as they stand in the file.
    required : iterable of str, optional
        Fields that must be there.
    fields : dict, optional
        Field -> accepted names; the song fields where left out.

    Returns
    -------
    dict
        Field -> position in `headers`.

    Raises
    ------
    DataError
        For a missing field, with the nearest headers of the file and all names allowed.
    """
    fields = SONG_FIELDS if fields is None else fields
    found = match_columns(headers, fields)
    known = {*found, "title", "artist"} if found.keys() & {"song_id", "title"} else found
    missing = [field for field in required if field not in known]
    if not missing:
        return found
    field = missing[0]
    taken = set(found.values())
    free = {header_key(h): h for i, h in enumerate(headers) if i not in taken and header_key(h)}
    near = difflib.get_close_matches(field.replace("_", ""), free, n=3, cutoff=0.5)
    near = near or [key for name in fields[field] for key in difflib.get_close_matches(name, free)]
    offers = ", ".join(repr(free[key]) for key in dict.fromkeys(near)) or "nothing similar"
    others = f" (as are {', '.join(missing[1:])})" if missing[1:] else ""
    seen = ", ".join(repr(header[:40]) for header in list(headers)[:30]) or "none"
    raise DataError(
        f"{path}: column '{field}' is missing{others}. Columns in the file: {seen}. "
        f"Nearest to '{field}': {offers}. Allowed names, case, spaces and underscores aside: "
        f"{', '.join(fields[field])}. Rename the column, or give another table."
    )
