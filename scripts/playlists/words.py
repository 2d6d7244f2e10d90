"""Words, blends and points of the plane as mood requests.

Conventions
-----------
A place on the plane is (valence, energy), each in [0, 1]. In polar form the centre is (.5, .5),
the angle is in degrees, counted from *pleasant* towards *stirred*, and an intensity of 1 is the
circle that touches the plane's four sides: valence = (1 + r cos t) / 2, energy = (1 + r sin t) / 2.

Method
------
The four words that name a quarter of the plane (happy, angry, sad, relaxed) ask for the whole
quarter; other words that songs are labelled with ask for that label; the words of the circumplex
that are no label ask for the songs nearest to their place among those the song model puts into
their quarter.
"""

from __future__ import annotations

import math

from scripts.errors import SettingsError
from scripts.moods.vocabulary import (
    LISTENER_MOODS,
    PLANE_WORDS,
    POINT_WORDS,
    QUADRANTS,
    SONG_MOODS,
    SPOKEN,
    SYNONYMS,
    moods_of_quadrants,
    plain_word,
    quadrants_near,
)
from scripts.playlists.request import MoodRequest, Near

#: The largest share of a blend's mood; the smallest is one over it. Their sums stay exact enough.
MOST_SHARES = 1000


def request_for_word(word: str, option: str = "--mood") -> MoodRequest:
    """Ask by a word of the vocabulary: a song mood, a listener mood or a word of the circumplex.

    >>> request_for_word("Melancholy").weights
    {'melancholic': 1.0}
    >>> sorted(request_for_word("social").weights)
    ['happy', 'party']
    >>> sorted(request_for_word("sad").weights)
    ['gloomy', 'melancholic', 'sad']
    >>> request_for_word("peaceful").near.target
    (0.7, 0.4)

    Raises
    ------
    SettingsError
        For an unknown word; the message offers the nearest ones.
    """
    key = plain_word(word)
    mood = SYNONYMS.get(key)
    if key in POINT_WORDS:
        place = PLANE_WORDS[key]
        near = Near("plane", place, moods_of_quadrants(quadrants_near(*place)))
        return MoodRequest(key, near=near, asked={"name": key, "point": list(place)})
    if mood == SPOKEN:
        return MoodRequest(key, {SPOKEN: 1.0}, asked={"name": key})
    if mood is not None:  # before listener moods: "uplifting" is a song mood and a survey answer
        moods = moods_of_quadrants((mood,)) if mood in QUADRANTS else (mood,)
        asked = {"name": key, "point": list(SONG_MOODS[mood][:2])}
        return MoodRequest(key, dict.fromkeys(moods, 1.0), asked=asked)
    for name, (answer, weights) in LISTENER_MOODS.items():
        if key in (name, answer.casefold()):
            return MoodRequest(name, dict(weights), asked={"name": name})
    raise _unknown_word(word, key, option)


def _unknown_word(word: str, key: str, option: str) -> SettingsError:
    import difflib

    from scripts.console import clean_text

    words = sorted({*SYNONYMS, *PLANE_WORDS, *LISTENER_MOODS})
    near = difflib.get_close_matches(key, words, n=3, cutoff=0.6)
    listed = ", ".join(words)
    offer = (
        f"did you mean {' or '.join(near)}? (known words: {listed})"
        if near
        else f"known words: {listed}"
    )
    return SettingsError(f"{option} {clean_text(word[:60])!r}: no such mood; {offer}")


def request_for_moods(text: str, option: str = "--mood") -> MoodRequest:
    """Ask by one word, or by a blend such as ``calm:2,happy:1``.

    A blend's songs are taken from its moods in turn, here two calm ones for each happy one. A
    share that is left out is 1.

    Raises
    ------
    SettingsError
        For an unknown word or a share that is no number from 1 / MOST_SHARES to MOST_SHARES.
    """
    if "," not in text and ":" not in text:
        return request_for_word(text, option)
    shares: dict[str, float] = {}
    parts: dict[str, MoodRequest] = {}
    for piece in text.split(","):
        word, colon, number = piece.partition(":")
        if not word.strip():
            raise SettingsError(
                f"{option} {text[:60]!r}: a part of the blend names no mood; write it as in "
                "calm:2,happy:1"
            )
        request = request_for_word(word, option)
        share = _parse_share(piece, number if colon else "1", option)
        shares[request.mood] = shares.get(request.mood, 0.0) + share
        parts[request.mood] = request
    if len(parts) == 1:
        return next(iter(parts.values()))
    name = ", ".join(f"{mood}:{share:g}" for mood, share in shares.items())
    return MoodRequest(
        name,
        parts=[(share, parts[mood]) for mood, share in shares.items()],
        asked={"name": name},
    )


def _parse_share(piece: str, number: str, option: str) -> float:
    try:
        share = float(number)
    except ValueError:
        share = math.nan
    if not 1 / MOST_SHARES <= share <= MOST_SHARES:  # nor is it not a number
        raise SettingsError(
            f"{option} {piece.strip()[:60]!r}: a share is a number above 0, as in calm:2,happy:1"
            f", from {1 / MOST_SHARES:g} to {MOST_SHARES:,}"
        )
    return share


def place_of_request(request: MoodRequest) -> tuple[float, float]:
    """Place a request on the plane: its point, or the mean of its moods' points by weight.

    >>> place_of_request(request_for_word("tense"))
    (0.3, 0.7)
    """
    if "point" in request.asked:
        valence, energy = request.asked["point"]
        return (float(valence), float(energy))
    if request.parts:
        weighed = [(share, place_of_request(part)) for share, part in request.parts]
    else:
        weighed = [
            (weight, SONG_MOODS[mood][:2])
            for mood, weight in request.weights.items()
            if mood in SONG_MOODS
        ]
    if not weighed:
        raise SettingsError(
            f"{request.mood!r} has no place on the plane of moods; choose one of: "
            + ", ".join(PLANE_WORDS)
        )
    total = sum(weight for weight, _ in weighed)
    return (
        round(sum(weight * place[0] for weight, place in weighed) / total, 12),
        round(sum(weight * place[1] for weight, place in weighed) / total, 12),
    )


def request_for_point(valence: float, energy: float) -> MoodRequest:
    """Ask for the songs nearest to a point of the plane.

    Raises
    ------
    SettingsError
        For a point outside [0, 1] x [0, 1].
    """
    for name, value in (("valence", valence), ("energy", energy)):
        if not 0 <= value <= 1:
            raise SettingsError(
                f"{name} {value:g} is outside the plane: both coordinates lie between 0 and 1"
            )
    angle, intensity = polar_of(valence, energy)
    name = f"valence {valence:.3g}, energy {energy:.3g}"
    asked = {"name": name, "point": [valence, energy], "angle": angle, "intensity": intensity}
    return MoodRequest(name, near=Near("plane", (valence, energy)), asked=asked)


def parse_point(text: str, option: str = "--point") -> tuple[float, float]:
    """Read a point such as ``0.2,0.9``: valence, then energy.

    >>> parse_point(" .2, .9")
    (0.2, 0.9)
    """
    parts = text.replace(";", ",").split(",")
    try:
        valence, energy = (float(part) for part in parts)
    except ValueError:
        raise SettingsError(
            f"{option} {text[:40]!r}: give valence and energy, both between 0 and 1, "
            "such as 0.2,0.9"
        ) from None
    return valence, energy


def point_of(angle: float, intensity: float) -> tuple[float, float]:
    """Turn polar form into a point of the plane.

    >>> point_of(90, 1)
    (0.5, 1.0)

    Raises
    ------
    SettingsError
        For numbers that lead out of the plane.
    """
    if not (abs(angle) < math.inf and 0 <= intensity < math.inf):
        raise SettingsError(
            f"--angle {angle:g} --intensity {intensity:g}: give an angle in degrees and an "
            "intensity of 0 (the middle) to 1 (the circle of moods)"
        )
    radians = math.radians(math.fmod(angle, 360))
    # twelve digits: cos(90 degrees) is 6e-17 in floating point
    valence = round((1 + intensity * math.cos(radians)) / 2, 12)
    energy = round((1 + intensity * math.sin(radians)) / 2, 12)
    if not (0 <= valence <= 1 and 0 <= energy <= 1):
        raise SettingsError(
            f"--angle {angle:g} --intensity {intensity:g}: that is outside the plane "
            f"(valence {valence:.3g}, energy {energy:.3g}); an intensity of 1 or less never is"
        )
    return valence, energy


def polar_of(valence: float, energy: float) -> tuple[float, float]:
    """Turn a point of the plane into polar form: degrees in [0, 360) and intensity.

    >>> polar_of(0.5, 1.0)
    (90.0, 1.0)
    """
    x, y = 2 * valence - 1, 2 * energy - 1
    # twice: an angle just below 0 becomes 360 by rounding
    return math.degrees(math.atan2(y, x)) % 360 % 360, math.hypot(x, y)
