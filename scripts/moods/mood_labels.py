"""Naming a centroid: the rule table that turns a cluster's middle into a song mood.

Conventions
-----------
A centroid is a mapping of name to value: the nine audio features in their own units, plus
``valence_cal`` and ``arousal_cal``, its place on the calibrated plane in [0, 1]. Levels
count standard deviations from the mean of the catalogue's **songs** in the same quarter of the
plane, so that every quarter is shared out among its moods whatever the catalogue holds. (Quantiles
of the centroids themselves, which the naive way takes, move with the number of clusters; quantiles
of the songs misjudge a centroid, which is a mean, where most songs have a value next to 0.)

Method
------
The centroid's quarter of the plane is settled first. The rules of that quarter are tried from
top to bottom and the first whose conditions all hold names it.
"""

from __future__ import annotations

from collections.abc import Mapping

from scripts.moods.vocabulary import SONG_MOODS, quadrant_of_point

#: Level -> (standard deviations from the quarter's mean, the side asked for). The outer thirds of
#: a normal distribution begin .43 standard deviations from its mean.
LEVELS: dict[str, tuple[float, str]] = {
    "low": (-0.43, "below"),
    "below the mean": (0.0, "below"),
    "above the mean": (0.0, "above"),
    "high": (0.43, "above"),
}

#: (song mood, ((measure, level), ...)): tried in this order within the mood's own quarter. The
#: last rule of a quarter asks for nothing, so every centroid gets a name.
RULES: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    ("party", (("danceability", "high"),)),
    ("energetic", (("tempo_bpm", "high"),)),
    ("uplifting", (("energy", "above the mean"),)),
    ("happy", ()),
    ("angry", (("energy", "above the mean"),)),
    ("tense", ()),
    ("gloomy", (("instrumentalness", "high"),)),
    ("melancholic", (("acousticness", "high"),)),
    ("sad", ()),
    ("calm", (("energy", "below the mean"),)),
    ("relaxed", ()),
)

#: The measures a rule may ask about.
MEASURES: frozenset[str] = frozenset(measure for _, asked in RULES for measure, _ in asked)


def naming_features(mood: str) -> dict[str, str]:
    """Tell the measures that a mood's own rule asks about, each with the side it asks for.

    >>> naming_features("energetic"), naming_features("calm"), naming_features("sad")
    ({'tempo_bpm': 'above'}, {'energy': 'below'}, {})
    """
    rule = dict(RULES).get(mood, ())
    return {measure: LEVELS[level][1] for measure, level in rule}


def label_centroid(
    centroid: Mapping[str, float], thresholds: Mapping[str, Mapping[str, Mapping[str, float]]]
) -> tuple[str, str]:
    """Name one centroid.

    Parameters
    ----------
    centroid : mapping of measure to value
        Holds every name of :data:`MEASURES`, ``valence_cal`` and ``arousal_cal``.
    thresholds : mapping of quadrant to measure to level to value
        Where each level begins among the catalogue's songs, see :data:`LEVELS`.

    Returns
    -------
    mood : str
        A key of :data:`~scripts.moods.vocabulary.SONG_MOODS`.
    reason : str
        The rule that fired, in words.

    Examples
    --------
    >>> levels = {"relaxed": {"energy": {"below the mean": 0.4}}}
    >>> label_centroid({"valence_cal": 0.7, "arousal_cal": 0.2, "energy": 0.3}, levels)
    ('calm', 'energy below the mean')
    """
    quadrant = quadrant_of_point(centroid["valence_cal"], centroid["arousal_cal"])

    def holds(measure: str, level: str) -> bool:
        limit = thresholds[quadrant][measure][level]
        below = LEVELS[level][1] == "below"
        return centroid[measure] <= limit if below else centroid[measure] >= limit

    home = [(mood, asked) for mood, asked in RULES if SONG_MOODS[mood][2] == quadrant]
    mood, asked = next(rule for rule in home if all(holds(*condition) for condition in rule[1]))
    reason = ", ".join(f"{measure} {level}" for measure, level in asked)
    return mood, reason or f"the {quadrant} quarter, and no rule above it fires"
