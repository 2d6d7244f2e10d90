"""The emotions a text is read for, their places on the plane and the songs that answer them.

Conventions
-----------
*Emotion* is what a text tells of, *mood* what a song is labelled with. There are seventeen
emotions: Ekman's six, love, shame, eight that the song moods need besides, and *neutral*, which
asks for no song. A place is (valence, arousal) in [0, 1] as in :mod:`scripts.moods.vocabulary`.
:data:`MOODS_OF` shares an emotion out among the song moods; the shares of an emotion sum to 1.

Source
------
Six basic emotions: Ekman, P. (1992), An argument for basic emotions,
doi:10.1080/02699939208411068. The grouping of the 27 emotions of GoEmotions by Ekman's six:
Demszky et al. (2020), doi:10.18653/v1/2020.acl-main.372.
"""

from __future__ import annotations

from scripts.moods.vocabulary import SONG_MOODS, SYNONYMS, plain_word

#: Ekman's six.
EKMAN: tuple[str, ...] = ("anger", "disgust", "fear", "joy", "sadness", "surprise")

NEUTRAL = "neutral"

#: Emotion -> (the song moods it asks for with their shares, its place on the plane).
_TABLE: dict[str, tuple[dict[str, float], tuple[float, float]]] = {
    "anger": ({"angry": 1.0}, (0.2, 0.8)),
    "disgust": ({"angry": 0.7, "tense": 0.3}, (0.2, 0.65)),
    "fear": ({"tense": 1.0}, (0.1, 0.8)),
    "joy": ({"happy": 1.0}, (0.9, 0.7)),
    "sadness": ({"sad": 1.0}, (0.1, 0.4)),
    "surprise": ({"happy": 0.4, "energetic": 0.3, "tense": 0.3}, (0.55, 0.85)),
    "love": ({"happy": 0.5, "uplifting": 0.3, "calm": 0.2}, (0.85, 0.6)),
    "shame": ({"sad": 0.6, "tense": 0.4}, (0.2, 0.45)),
    "hope": ({"uplifting": 1.0}, (0.8, 0.8)),
    "energy": ({"energetic": 1.0}, (0.7, 0.9)),
    "festivity": ({"party": 1.0}, (0.7, 1.0)),
    "tension": ({"tense": 1.0}, (0.3, 0.7)),
    "melancholy": ({"melancholic": 1.0}, (0.2, 0.3)),
    "gloom": ({"gloomy": 1.0}, (0.1, 0.4)),
    "calm": ({"calm": 1.0}, (0.8, 0.3)),
    "contentment": ({"relaxed": 1.0}, (0.6, 0.3)),
    NEUTRAL: ({}, (0.5, 0.5)),
}

#: The seventeen emotions, in the order of every row of probabilities.
EMOTIONS: tuple[str, ...] = tuple(_TABLE)

#: Emotion -> {song mood: share}.
MOODS_OF: dict[str, dict[str, float]] = {name: moods for name, (moods, _) in _TABLE.items()}

#: Emotion -> (valence, arousal).
PLACES: dict[str, tuple[float, float]] = {name: place for name, (_, place) in _TABLE.items()}

#: Song mood -> the emotion that asks for it alone.
EMOTION_OF_MOOD: dict[str, str] = {
    "angry": "anger",
    "happy": "joy",
    "sad": "sadness",
    "uplifting": "hope",
    "energetic": "energy",
    "party": "festivity",
    "tense": "tension",
    "melancholic": "melancholy",
    "gloomy": "gloom",
    "calm": "calm",
    "relaxed": "contentment",
}

#: Emotion of Ekman -> every emotion that counts as it. Calm counts as joy, tension as fear.
EKMAN_GROUPS: dict[str, tuple[str, ...]] = {
    "anger": ("anger",),
    "disgust": ("disgust",),
    "fear": ("fear", "tension"),
    "joy": ("joy", "love", "hope", "energy", "festivity", "calm", "contentment"),
    "sadness": ("sadness", "shame", "melancholy", "gloom"),
    "surprise": ("surprise",),
}

#: Labels of the layers that know fewer emotions: that of tweets, that of comments.
COARSE: dict[str, tuple[str, ...]] = {
    "tweets": ("anger", "fear", "joy", "love", "sadness", "surprise"),
    "comments": (*EKMAN, NEUTRAL),
}

#: The six groups that the emotions of GoEmotions fall into; *neutral* is in none.
GOEMOTIONS_GROUPS: dict[str, tuple[str, ...]] = {
    "anger": ("anger", "annoyance", "disapproval"),
    "disgust": ("disgust",),
    "fear": ("fear", "nervousness"),
    "joy": (
        "joy",
        "amusement",
        "approval",
        "excitement",
        "gratitude",
        "love",
        "optimism",
        "relief",
        "pride",
        "admiration",
        "desire",
        "caring",
    ),
    "sadness": ("sadness", "disappointment", "embarrassment", "grief", "remorse"),
    "surprise": ("surprise", "realization", "confusion", "curiosity"),
}

#: Other forms of Ekman's words.
_EKMAN_FORMS: dict[str, str] = {
    **{name: name for name in EKMAN},
    "angered": "anger",
    "disgusted": "disgust",
    "disgusting": "disgust",
    "afraid": "fear",
    "scared": "fear",
    "fearful": "fear",
    "joyous": "joy",
    "happiness": "joy",
    "joyful": "joy",
    "saddened": "sadness",
    "surprised": "surprise",
    "surprising": "surprise",
    "love": "love",
    "loving": "love",
}


def cover(labels: tuple[str, ...]) -> tuple[int, ...]:
    """Say which of a layer's labels covers each emotion: its number, or -1 for none.

    >>> [COARSE["tweets"][at] for at in cover(COARSE["tweets"])[:4]]
    ['anger', 'anger', 'fear', 'joy']
    """
    group = {name: label for label, names in EKMAN_GROUPS.items() for name in names}
    if "disgust" not in labels:
        group["disgust"] = "anger"
    places = {label: at for at, label in enumerate(labels)}
    return tuple(places.get(name, places.get(group.get(name, ""), -1)) for name in EMOTIONS)


def emotions_of_word(word: str) -> dict[str, float]:
    """Say how much each emotion counts as a mood word; nothing for an unknown word.

    The four words that name a quarter of the plane stand for the whole quarter, any other word of
    the vocabulary for one emotion. Ekman's words stand for their own emotion and, by half, for the
    others of its group: some groups have eight members and some one, and with less than the whole
    the larger ones do not win by their size (chosen on held-out sentences of our own).

    Examples
    --------
    >>> emotions_of_word("Disgusted"), emotions_of_word("gloomy"), emotions_of_word("purple")
    ({'disgust': 1.0}, {'gloom': 1.0}, {})
    >>> emotions_of_word("fear")
    {'fear': 1.0, 'tension': 0.5}
    """
    plain = plain_word(word)
    if plain in _EKMAN_FORMS:
        name = _EKMAN_FORMS[plain]
        return {
            member: 1.0 if member == name else 0.5 for member in EKMAN_GROUPS.get(name, (name,))
        }
    mood = SYNONYMS.get(plain)
    if mood not in SONG_MOODS:
        return {}
    if plain == mood == SONG_MOODS[mood][2]:
        return dict.fromkeys(emotions_of_quadrant(mood), 1.0)
    return {EMOTION_OF_MOOD[mood]: 1.0}


def quadrant_of_emotion(emotion: str) -> str | None:
    """Name the quarter of the plane that most songs of an emotion are in; None for *neutral*.

    >>> quadrant_of_emotion("disgust"), quadrant_of_emotion("love"), quadrant_of_emotion("neutral")
    ('angry', 'happy', None)
    """
    shares: dict[str, float] = {}
    for mood, share in MOODS_OF[emotion].items():
        quadrant = SONG_MOODS[mood][2]
        shares[quadrant] = shares.get(quadrant, 0.0) + share
    return max(shares, key=lambda name: shares[name]) if shares else None


def emotions_of_quadrant(quadrant: str) -> tuple[str, ...]:
    """List the emotions of one quarter of the plane.

    >>> emotions_of_quadrant("sad")
    ('sadness', 'shame', 'melancholy', 'gloom')
    """
    return tuple(name for name in EMOTIONS if quadrant_of_emotion(name) == quadrant)
