"""The nine audio features that every song model reads, in their fixed order.

Conventions
-----------
danceability, energy, speechiness, acousticness, instrumentalness, liveness and valence lie in
[0, 1]; ``loudness_db`` is in decibels (about -60 to 0, a little above 0 occurs); ``tempo_bpm``
is in beats per minute, where 0 means unknown.
"""

FEATURES: tuple[str, ...] = (
    "danceability",
    "energy",
    "loudness_db",
    "speechiness",
    "acousticness",
    "instrumentalness",
    "liveness",
    "valence",
    "tempo_bpm",
)

#: Smallest and largest legal value of each feature.
FEATURE_RANGES: dict[str, tuple[float, float]] = {
    **{name: (0.0, 1.0) for name in FEATURES},
    "loudness_db": (-70.0, 10.0),
    "tempo_bpm": (0.0, 300.0),
}
