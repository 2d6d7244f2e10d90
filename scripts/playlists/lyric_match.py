"""How near the words of songs' lyrics come to what was said.

Conventions
-----------
A *similarity* lies in [0, 1], rounded to six digits, so that the last bits of a sum decide
nothing. *Trust* is the probability that lyrics are the song's own.

Method
------
Every emotion word of the catalogue has a similarity to what was asked; a song's is the mean of its
words' by weight, as :func:`~scripts.text.emotion_query.song_similarity` has it. Lyrics that are
more likely another song's (trust below one half), or that hold no emotion word, tell nothing: such
a song stands by its sound alone.
"""

from __future__ import annotations

from scripts.errors import ModelError, SettingsError
from scripts.text.song_words import SongWords

TYPE_CHECKING = False
if TYPE_CHECKING:
    import sqlite3
    from typing import Any

    from scripts.text.emotion_query import EmotionQuery

    #: (index of an emotion word, weight); weights sum to 1.
    Asked = list[tuple[int, float]]

#: Lyrics of less trust are taken for another song's.
LEAST_TRUST = 0.5

#: Songs whose lyrics count, as a condition on the table ``song_lyrics`` (alias l).
TRUSTED = f"l.trust >= {LEAST_TRUST} AND l.words <> '[]'"

#: The same for the song (alias s) of a query.
COUNTED = f"SELECT 1 FROM song_lyrics l WHERE l.rank = s.rank AND {TRUSTED}"

_EMOTION_WORDS = "SELECT word, valence, arousal FROM emotion_words ORDER BY word_id"

#: A word is named for a song if it adds at least this share of what the strongest adds.
SHARE_TO_NAME = 0.25


class SongLyrics:
    """The emotion words of a catalogue's songs, opened once for any number of sentences.

    Attributes
    ----------
    query : EmotionQuery
        The emotion words with their vectors.
    words : list of str
    places : list of (valence, arousal)
    limit : float
        The least similarity, as shipped: it was chosen on other songs than the catalogue's.
    songs : list of (rank, trust, margin, popularity, mood_id, valence, energy)
        Of the songs whose lyrics count, by rising rank.
    ranks : frozenset of int
        Theirs.
    words_of_songs : SongWords
        By position in ``songs``.
    """

    __slots__ = ("limit", "places", "query", "ranks", "songs", "words", "words_of_songs")

    def __init__(self, catalogue: sqlite3.Connection, query: EmotionQuery, limit: float) -> None:
        self.query = query
        self.limit = limit
        table = catalogue.execute(_EMOTION_WORDS).fetchall()
        self.words = [row[0] for row in table]
        self.places = [(row[1], row[2]) for row in table]
        self.songs: list[tuple[Any, ...]] = catalogue.execute(
            "SELECT l.rank, l.trust, s.margin, s.popularity, s.mood_id, s.valence, s.energy "
            f"FROM song_lyrics l JOIN songs s ON s.rank = l.rank WHERE {TRUSTED} ORDER BY l.rank"
        ).fetchall()
        self.ranks = frozenset(song[0] for song in self.songs)
        at = {song[0]: position for position, song in enumerate(self.songs)}
        rows = catalogue.execute("SELECT rank, word_id, weight FROM song_words")
        self.words_of_songs = SongWords(
            len(self.songs), ((at[rank], i, weight) for rank, i, weight in rows if rank in at)
        )


def open_lyrics(trained: Any) -> SongLyrics | None:
    """Open the lyrics of a trained set; None where it has none.

    Raises
    ------
    ModelError
        If files of the set are missing or altered.
    """
    catalogue = trained.catalogue
    if catalogue.execute("SELECT 1 FROM song_lyrics LIMIT 1").fetchone() is None:
        return None
    from scripts.store.layout import WORD_VECTORS
    from scripts.store.lyrics import open_vectors, read_lyric_facts
    from scripts.store.reading import RETRAIN
    from scripts.text.emotion_query import open_emotion_query

    facts = read_lyric_facts(trained)
    table = catalogue.execute(_EMOTION_WORDS).fetchall()
    query = open_emotion_query(
        [row[0] for row in table],
        open_vectors(trained, WORD_VECTORS),
        [row[1:] for row in table],
        facts.get("vocabulary"),
    )
    limit = facts.get("min_similarity")
    if not isinstance(limit, int | float) or not 0 <= limit <= 1:
        raise ModelError(
            f"{trained.folder}: lyrics.json tells min_similarity {limit!r}, allowed is 0 to 1; "
            + RETRAIN
        )
    return SongLyrics(catalogue, query, float(limit))


class LyricMatch:
    """What was asked of lyrics, and which songs come near enough.

    Attributes
    ----------
    lyrics : SongLyrics
    asked : list of (word, weight)
        Strongest first.
    limit : float
        The least similarity; a song below it is left out.
    passing : list of (position in ``lyrics.songs``, similarity)
    similarity : dict of rank to similarity
        Of the same songs.
    """

    __slots__ = ("_near", "_position", "asked", "limit", "lyrics", "passing", "similarity")

    def __init__(self, lyrics: SongLyrics, asked: Asked, limit: float) -> None:
        from scripts.text.emotion_query import word_similarity

        self.lyrics = lyrics
        self.asked = [(lyrics.words[i], round(weight, 4)) for i, weight in asked]
        self.limit = limit
        self._near: list[float] = [float(x) for x in word_similarity(asked, lyrics.query)]
        found = lyrics.words_of_songs.similarities(self._near)
        self.passing = [(i, x) for i, x in enumerate(found) if x >= limit]
        self.similarity = {lyrics.songs[i][0]: x for i, x in self.passing}
        self._position = {lyrics.songs[i][0]: i for i, _ in self.passing}

    def shared_words(self, rank: int, most: int = 2) -> list[str]:
        """Name the words that carry a song's similarity to what was asked, the strongest first."""
        if rank not in self.similarity:
            return []
        words = self.lyrics.words_of_songs.words_of(self._position[rank])
        worth = sorted((-self._near[i] * w, self.lyrics.words[i]) for i, w in words)
        least = SHARE_TO_NAME * -min((less for less, _ in worth), default=0.0)
        return [word for less, word in worth if less < 0 and -less >= least][:most]


def check_limit(limit: float | None) -> None:
    """Refuse a least similarity that means nothing.

    Raises
    ------
    SettingsError
    """
    if limit is not None and not 0 <= limit <= 1:
        raise SettingsError(
            f"--min-similarity {limit:g}: give a number from 0 (any lyrics) to 1 (the very words)"
        )


def words_asked(text: str, vector: Any, place: tuple[float, float], lyrics: SongLyrics) -> Asked:
    """Find the emotion words that a sentence asks of lyrics.

    None is asked for that is far from what was heard on the plane: where the catalogue's words all
    are, the list is empty, and its lyrics tell nothing.

    Parameters
    ----------
    text : str
        The sentence, or the words that stand for it.
    vector : (512,) array or None
        Its embedding; None without the encoder.
    place : (valence, energy)
        What was heard.
    lyrics : SongLyrics
    """
    from scripts.text.emotion_query import query_words

    return query_words(text, vector, lyrics.query, place)
