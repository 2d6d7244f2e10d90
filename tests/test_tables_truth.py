"""Tables of told moods: words, codes, or places on the plane."""

from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scripts.errors import DataError
from scripts.moods.features import FEATURES
from scripts.moods.vocabulary import QUADRANTS, SYNONYMS, quadrant_of_word
from scripts.tables.truth import read_truth

REAL = Path(__file__).resolve().parents[1].parent / "shared" / "data" / "mood_truth"

PLACED = [word for word in sorted(SYNONYMS) if quadrant_of_word(word)]

AUDIO = {
    **{"danceability": 0.5, "energy": 0.6, "loudness": -7.25, "spec_rate": 0.05},
    **{"acousticness": 0.1, "instrumentalness": 0.0, "liveness": 0.2, "valence": 0.7},
    "tempo": 120.5,
}


def write(path, rows):
    pd.DataFrame(rows).to_csv(path, index=False)
    return path


@pytest.fixture
def path(tmp_path):
    return tmp_path / "truth.csv"


def labelled(*moods, column="mood", **changes):
    return [{**AUDIO, column: mood, **changes} for mood in moods]


def test_words(path):
    rows = labelled("Happy", " sad ", "Energetic", "chill")
    rows = [{**row, "artist": "Nena, X", "title": "1999", "id": "a"} for row in rows]
    truth = read_truth(write(path, rows))
    assert truth.quadrant.tolist() == ["happy", "sad", "happy", "relaxed"]
    assert truth.artist.tolist() == ["nena"] * 4
    assert truth.title.tolist() == ["1999"] * 4
    assert truth.song_id.tolist() == ["a"] * 4
    assert truth.features.columns.tolist() == list(FEATURES)
    assert truth.features.iloc[0].tolist() == list(AUDIO.values())
    assert truth.valence_mean is None
    assert truth.arousal_mean is None
    assert (truth.n_read, sum(truth.counts.values())) == (4, 0)
    assert truth.source == path.as_posix()


@pytest.mark.parametrize("codes", [(0, 1, 2, 3), (0.0, 1.0, 2.0, 3.0)])
def test_codes(path, codes):
    truth = read_truth(write(path, labelled(*codes, column="labels")))
    assert truth.quadrant.tolist() == ["sad", "happy", "happy", "relaxed"]


def test_places_on_the_plane(path):
    rows = [{**AUDIO, "Valence Mean": 5.5, "arousal_mean": n} for n in (1, 2, "")]
    truth = read_truth(write(path, rows))
    assert truth.quadrant is None
    assert truth.valence_mean.tolist() == [5.5, 5.5]
    assert truth.arousal_mean.tolist() == [1, 2]
    assert truth.counts["missing mood"] == 1


def test_both_kinds_of_label(path):
    rows = labelled("happy", "sad", valence_mean=1, arousal_mean=2)
    truth = read_truth(write(path, rows))
    assert truth.quadrant.tolist() == ["happy", "sad"]
    assert truth.arousal_mean.tolist() == [2, 2]


def test_one_mean_alone_is_no_place(path):
    assert read_truth(write(path, labelled("sad", "happy", valence_mean=1))).valence_mean is None


def test_unknown_artists_are_groups_of_one(path):
    truth = read_truth(write(path, labelled("happy", "sad")))
    assert len(set(truth.artist)) == 2
    assert truth.title.tolist() == truth.song_id.tolist() == ["", ""]
    rows = labelled("happy", "sad", artist="")
    assert len(set(read_truth(write(path, rows)).artist)) == 2


def test_dropped_rows_are_counted_and_repeats_stay(path):
    rows = labelled("happy", "sad", "sad")
    rows += labelled("happy", tempo=0) + labelled("happy", energy=3) + labelled("", "happy")
    rows += labelled("happy", energy="") + labelled("happy", energy="x")
    truth = read_truth(write(path, rows))
    assert truth.quadrant.tolist() == ["happy", "sad", "sad", "happy"]
    assert truth.n_read == 9
    assert {reason: n for reason, n in truth.counts.items() if n} == {
        **{"missing feature": 1, "not a number": 1, "out of range": 1, "zero tempo": 1},
        "missing mood": 1,
    }


def test_unknown_word(path):
    with pytest.raises(DataError, match=r"row 3, column 'mood': 'hapy' is no mood.*Nearest: happy"):
        read_truth(write(path, labelled("happy", "sad", "hapy")))
    with pytest.raises(DataError, match=r"row 2, .*'4' is no mood.*Nearest: nothing similar"):
        read_truth(write(path, labelled(1, 4)))


def test_one_single_mood(path):
    with pytest.raises(DataError, match=r"every row has one mood .'happy'.*at least two"):
        read_truth(write(path, labelled("happy", "energetic")))


def test_no_mood_at_all(path):
    with pytest.raises(DataError, match=r"the table tells no mood.*valence_mean"):
        read_truth(write(path, [AUDIO]))


def test_no_row_left(path):
    with pytest.raises(DataError, match=r"no row is left of 2 \(2 zero tempo\)"):
        read_truth(write(path, labelled("happy", "sad", tempo=0)))


def test_missing_feature_column(path):
    rows = [{name: value for name, value in AUDIO.items() if name != "energy"} | {"mood": "sad"}]
    with pytest.raises(DataError, match="column 'energy' is missing"):
        read_truth(write(path, rows))


def test_percent_scale(path):
    rows = labelled("happy", "sad", energy=60, valence=70, danceability=50)
    with pytest.raises(DataError, match="0-100 scale"):
        read_truth(write(path, rows))


def test_folder_and_absent_file(tmp_path):
    with pytest.raises(DataError, match="this is a folder"):
        read_truth(tmp_path)
    with pytest.raises(DataError, match="no such file"):
        read_truth(tmp_path / "absent.csv")


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=st.lists(st.sampled_from(PLACED), max_size=8))
def test_every_known_word_has_its_quadrant(tmp_path, words):
    words = ["happy", "sad", *words]
    truth = read_truth(write(tmp_path / "words.csv", labelled(*words)))
    assert truth.quadrant.tolist() == [quadrant_of_word(word) for word in words]
    assert set(truth.quadrant) <= set(QUADRANTS)


def real(name):
    if not (REAL / name).exists():
        pytest.skip(f"needs {name} in ../shared/data/mood_truth")
    return REAL / name


def test_real_moodylyrics():
    truth = read_truth(real("moodylyrics4q_dev.csv"))
    assert truth.n_read == len(truth.features) == 818
    assert set(truth.quadrant) == set(QUADRANTS)
    assert np.isfinite(truth.features).all(axis=None)


def test_real_data_moods():
    truth = read_truth(real("data_moods.csv"))
    assert truth.n_read == 674
    assert Counter(truth.quadrant)["angry"] == 0
    assert truth.title[0] == "23"


def test_real_table_without_features_is_refused():
    with pytest.raises(DataError, match="column 'danceability' is missing"):
        read_truth(real("deezer_train.csv"))
