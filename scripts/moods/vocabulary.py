"""Every mood word Moodlist knows, its place on the plane, and the songs that serve it.

Conventions
-----------
*Mood* is the label that other programs call emotion. A place on the plane is a pair
(valence, arousal), each in [0, 1]: valence runs from unpleasant to pleasant, arousal from still
to stirred. Song tables call their proxy for arousal ``energy``.

Three kinds of words, from fine to coarse:

* a **song mood** is what a song is labelled with (:data:`SONG_MOODS`);
* a **quadrant** is the quarter of the plane a song mood lies in (:data:`QUADRANTS`), the level
  at which labelled truth sets exist. Asked for by name, it means all songs of the quarter, so *sad*
  differs from *gloomy*, at the same place, as the whole from its part;
* a **listener mood** is an answer of the survey (:data:`LISTENER_MOODS`); each is served by the
  songs of two or three song moods.

Source
------
The sixteen words and their places: Russell, J. A. (1980), A circumplex model of affect,
doi:10.1037/h0077714; Thayer, R. E. (1989), The Biopsychology of Mood and Arousal.
"""

from __future__ import annotations

#: The four quarters, named as in MoodyLyrics4Q (doi:10.5121/csit.2017.70603).
QUADRANTS: tuple[str, ...] = ("happy", "angry", "sad", "relaxed")

#: Song mood -> (valence, arousal, quadrant).
SONG_MOODS: dict[str, tuple[float, float, str]] = {
    "happy": (0.9, 0.7, "happy"),
    "uplifting": (0.8, 0.8, "happy"),
    "energetic": (0.7, 0.9, "happy"),
    "party": (0.7, 1.0, "happy"),
    "angry": (0.2, 0.8, "angry"),
    "tense": (0.3, 0.7, "angry"),
    "sad": (0.1, 0.4, "sad"),
    "melancholic": (0.2, 0.3, "sad"),
    "gloomy": (0.1, 0.4, "sad"),
    "calm": (0.8, 0.3, "relaxed"),
    "relaxed": (0.6, 0.3, "relaxed"),
}

#: The label of tracks made of spoken words: no mood, and on no playlist but its own.
SPOKEN = "spoken"

#: The sixteen words of the circumplex -> (valence, arousal).
PLANE_WORDS: dict[str, tuple[float, float]] = {
    "happy": (0.9, 0.7),
    "joyful": (0.8, 0.8),
    "energetic": (0.7, 0.9),
    "excited": (0.7, 1.0),
    "calm": (0.8, 0.3),
    "peaceful": (0.7, 0.4),
    "relaxed": (0.6, 0.3),
    "content": (0.7, 0.5),
    "sad": (0.1, 0.4),
    "melancholic": (0.2, 0.3),
    "gloomy": (0.1, 0.4),
    "angry": (0.2, 0.8),
    "agitated": (0.3, 0.9),
    "tense": (0.3, 0.7),
    "anxious": (0.2, 0.9),
    "fearful": (0.1, 0.8),
}

#: Words that mean a song mood; each song mood means itself.
SYNONYMS: dict[str, str] = {
    **{name: name for name in SONG_MOODS},
    SPOKEN: SPOKEN,
    # the circumplex words that are no label of their own
    "joyful": "uplifting",
    "excited": "party",
    "peaceful": "calm",
    "content": "relaxed",  # it lies on the line between happy and relaxed
    "agitated": "tense",
    "anxious": "tense",
    "fearful": "tense",
    # the names that users of the naive system know
    "melancholy": "melancholic",
    "relax": "relaxed",
    "deep": "gloomy",
    "motivating": "energetic",
    "fun": "party",
    "talkative": SPOKEN,
    # everyday words
    "motivational": "energetic",
    "chill": "relaxed",
    "depressed": "gloomy",
    "furious": "angry",
    "aggressive": "angry",
    "cheerful": "happy",
    "parties": "party",
}

#: Words of the circumplex with a place of their own: those that are no label, nor at the very place
#: of one (which makes them its synonyms, as joyful is of uplifting and excited of party).
POINT_WORDS: tuple[str, ...] = tuple(
    word
    for word, place in PLANE_WORDS.items()
    if word not in SONG_MOODS and place != SONG_MOODS[SYNONYMS[word]][:2]
)

#: Listener mood -> (the survey's answer, {song mood: weight}).
LISTENER_MOODS: dict[str, tuple[str, dict[str, float]]] = {
    "relaxation": ("Relaxation and stress relief", {"relaxed": 1.0, "calm": 1.0}),
    "uplifting": ("Uplifting and motivational", {"uplifting": 1.0, "energetic": 1.0}),
    "sadness": (
        "Sadness or melancholy",
        {"sad": 1.0, "melancholic": 1.0, "gloomy": 1.0},
    ),
    "social": ("Social gatherings or parties", {"party": 1.0, "happy": 1.0}),
}


def plain_word(word: str) -> str:
    """Write a word as the tables above do: lower case, single blanks.

    >>> plain_word("  Sadness  or melancholy")
    'sadness or melancholy'
    """
    return " ".join(word.split()).casefold()


def quadrant_of_word(word: str) -> str | None:
    """Name the quarter of the plane a mood word lies in, or None for an unknown word.

    >>> quadrant_of_word("Energetic"), quadrant_of_word("calm"), quadrant_of_word("purple")
    ('happy', 'relaxed', None)
    """
    mood = SYNONYMS.get(plain_word(word))
    return SONG_MOODS[mood][2] if mood in SONG_MOODS else None


def quadrant_of_point(valence: float, arousal: float) -> str:
    """Name the quarter that holds a point of the plane; the middle counts as high.

    >>> quadrant_of_point(0.5, 0.5), quadrant_of_point(0.2, 0.9)
    ('happy', 'angry')
    """
    if arousal >= 0.5:
        return "happy" if valence >= 0.5 else "angry"
    return "relaxed" if valence >= 0.5 else "sad"


def quadrants_near(valence: float, arousal: float) -> tuple[str, ...]:
    """Name the quarters that hold a point; a point on the line between two is in both.

    >>> quadrants_near(0.7, 0.5), quadrants_near(0.2, 0.9)
    (('happy', 'relaxed'), ('angry',))
    """
    sides = [(v, a) for a in (1e-9, -1e-9) for v in (1e-9, -1e-9)]
    found = [quadrant_of_point(valence + v, arousal + a) for v, a in sides]
    return tuple(name for name in QUADRANTS if name in found)


def moods_of_quadrants(quadrants: tuple[str, ...]) -> tuple[str, ...]:
    """List the song moods of some quarters.

    >>> moods_of_quadrants(("angry",))
    ('angry', 'tense')
    """
    return tuple(name for name, (_, _, quadrant) in SONG_MOODS.items() if quadrant in quadrants)
