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

#: Standard deviations from the mean beyond which a value counts no further: one odd feature
#: must not decide a song's mood by itself.
CLIP_SD = 3.0

#: Speechiness above which a track is probably made of spoken words (Spotify's own threshold).
SPOKEN_SPEECHINESS = 0.66

#: Smallest and largest legal value of each feature.
FEATURE_RANGES: dict[str, tuple[float, float]] = {
    **dict.fromkeys(FEATURES, (0.0, 1.0)),
    "loudness_db": (-70.0, 10.0),
    "tempo_bpm": (0.0, 300.0),
}
