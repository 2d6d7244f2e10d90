"""Song tables of every publisher become one table; what is no song table is refused."""

import csv
import io
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scripts.errors import DataError, DataWarning
from scripts.moods.features import FEATURES
from scripts.tables import song_cells
from scripts.tables.song_columns import SONG_FIELDS, header_key, match_columns
from scripts.tables.song_features import REASONS
from scripts.tables.song_files import find_songs, is_song_table, list_song_files
from scripts.tables.songs import SONG_COLUMNS, read_songs
from scripts.tables.truth import read_truth

REAL = Path(__file__).resolve().parents[1].parent / "shared" / "data"
ID = "4GiXBCUF7H6YfNQsnBRIz"  # 21 signs; the last one numbers the song

AUDIO = {
    "danceability": 0.5,
    "energy": 0.6,
    "loudness": -7.25,
    "speechiness": 0.05,
    "acousticness": 0.1,
    "instrumentalness": 0.0,
    "liveness": 0.2,
    "valence": 0.7,
    "tempo": 120.5,
}


def song(n=0, **changes):
    """One row; songs of different `n` differ in id, title and sound."""
    row = {"track_id": f"{ID}{n}", "track_name": f"Song {n}", "artists": f"Artist {n}"}
    return {**row, **AUDIO, "energy": 0.3 + n / 100, **changes}


def write(path, rows, *, separator=",", encoding="utf-8", end="\n"):
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]), delimiter=separator, lineterminator=end)
    writer.writeheader()
    writer.writerows(rows)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.getvalue().encode(encoding))
    return path


def read(path, *more):
    return read_songs([path, *more])


def only(path):
    table = read(path)
    assert len(table.songs) == 1
    return table.songs.iloc[0]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "songs.csv"


def renamed(names, **extra):
    """A row whose audio columns have other names."""
    return {names.get(name, name): value for name, value in {**AUDIO, **extra}.items()}


SPOTIFY = f"{ID}0"
KAGGLE_170K = {
    **{"valence": 0.7, "year": 1984, "acousticness": 0.1},
    "artists": "[\"Destiny's Child\", 'Wyclef Jean']",
    **{"danceability": 0.5, "duration_ms": 200000, "energy": 0.6, "explicit": 0, "id": SPOTIFY},
    **{"instrumentalness": 0, "key": 1, "liveness": 0.2, "loudness": -7.25, "mode": 1},
    **{"name": "No, No, No", "popularity": 61, "release_date": "1984-08-21"},
    **{"speechiness": 0.05, "tempo": 120.5},
}
KAGGLE_114K = {
    **{"": 0, "track_id": SPOTIFY, "artists": "Destiny's Child;Wyclef Jean"},
    **{"album_name": "X", "track_name": "No, No, No", "popularity": 61, "duration_ms": 200000},
    **{"explicit": "False", **AUDIO, "time_signature": 4, "track_genre": "R-N-B"},
}
TIDYTUESDAY = {
    **{"track_id": SPOTIFY, "track_name": "No, No, No", "track_artist": "Destiny's Child"},
    **{"track_popularity": 61, "track_album_id": "x", "track_album_name": "X"},
    **{"track_album_release_date": "1984", "playlist_name": "P", "playlist_id": "p"},
    **{"playlist_genre": "r&b", "playlist_subgenre": "hip pop", **AUDIO, "duration_ms": 200000},
}
DECADES = {
    **{"track": "No, No, No", "artist": "Destiny's Child", "uri": f"spotify:track:{SPOTIFY}"},
    **AUDIO,
    **{"duration_ms": 200000, "time_signature": 4, "chorus_hit": 3.1, "sections": 9, "target": 1},
    "decade": 1980,
}
DATA_MOODS = {
    **{"name": "No, No, No", "album": "X", "artist": "Destiny's Child", "id": SPOTIFY},
    **{"release_date": "1984-08-21", "popularity": 61, "length": 200000, **AUDIO},
    **{"key": 8, "time_signature": 4, "mood": "Sad"},
}
LABELLED_278K = {
    **{"": 0, "duration (ms)": 200000.0},
    **renamed({"speechiness": "spec_rate"}),
    **{"labels": 2, "uri": f"spotify:track:{SPOTIFY}"},
}
NAMES = {"track": "No, No, No", "artist": "Destiny's Child"}
EXPORTIFY_NET = {
    **{"Track URI": f"spotify:track:{SPOTIFY}", "Track Name": "No, No, No", "Album Name": "X"},
    **{"Artist Name(s)": "Destiny's Child,Wyclef Jean", "Release Date": "1984-08-21"},
    **{"Duration (ms)": 200000, "Popularity": 61, "Explicit": "false", "Added By": "me"},
    **{"Added At": "2020-01-01", "Genres": "pop,R&B", "Record Label": "Y"},
    **{name.title(): value for name, value in AUDIO.items()},
    "Time Signature": 4,
}
EXPORTIFY_APP_GERMAN = {
    **{"Track-URI": f"spotify:track:{SPOTIFY}", "Track-Name": "No, No, No"},
    **{"Künstler-URI(s)": "spotify:artist:x", "Künstlername(n)": "Destiny's Child, Wyclef Jean"},
    **{"Album-URI": "spotify:album:x", "Album-Name": "X", "Album-Künstlername(n)": "Nobody"},
    **{"Veröffentlichungsdatum des Albums": "1984-08-21", "Track-Dauer (ms)": 200000},
    **{"Explizit": "false", "Beliebtheit": 61, "ISRC": "x", "Künstler-Genres": "r&b"},
    **{"Tanzbarkeit": 0.5, "Energie": 0.6, "Tonart": 1, "Lautstärke": -7.25, "Modus": 1},
    **{"Sprachanteil": 0.05, "Akustik": 0.1, "Instrumentalität": 0.0, "Lebendigkeit": 0.2},
    **{"Valenz": 0.7, "Tempo": 120.5, "Taktart": 4},
}
CANONICAL = {
    **{"song_id": SPOTIFY, "title": "No, No, No", "artist": "Destiny's Child, Wyclef Jean"},
    **{"genres": "r&b", "year": 1984, "popularity": 61.0, "explicit": "False"},
    **{"duration_ms": 200000, **renamed({"loudness": "loudness_db", "tempo": "tempo_bpm"})},
    **{"work_id": 1, "artist_id": 2, "cluster": 3},
}
#: Name -> (row, artist, year, popularity, explicit, genres) as they must come out.
VARIANTS = {
    "kaggle 170k": (KAGGLE_170K, True, 1984, 61, False, ""),
    "kaggle 114k": (KAGGLE_114K, True, None, 61, False, "r-n-b"),
    "tidytuesday": (TIDYTUESDAY, False, 1984, 61, None, "r&b"),
    "decades": (DECADES, False, None, None, None, ""),
    "data_moods": (DATA_MOODS, False, 1984, 61, None, ""),
    "278k": ({**LABELLED_278K, **NAMES}, False, None, None, None, ""),
    "exportify.net": (EXPORTIFY_NET, True, 1984, 61, False, "pop;r&b"),
    "exportify.app": (EXPORTIFY_APP_GERMAN, True, 1984, 61, False, "r&b"),
    "canonical": (CANONICAL, True, 1984, 61, False, "r&b"),
}


@pytest.mark.parametrize("name", VARIANTS)
def test_every_publisher(path, name):
    row, is_two, year, popularity, explicit, genres = VARIANTS[name]
    found = only(write(path, [row]))
    assert found["song_id"] == SPOTIFY
    assert found["title"] == "No, No, No"
    artists = found["artist"].replace(",W", ", W")
    assert artists == ("Destiny's Child, Wyclef Jean" if is_two else "Destiny's Child")
    assert found["duration_ms"] == 200000
    assert (None if pd.isna(found["year"]) else found["year"]) == year
    assert (None if pd.isna(found["popularity"]) else found["popularity"]) == popularity
    assert (None if pd.isna(found["explicit"]) else found["explicit"]) == explicit
    assert found["genres"] == genres
    assert found[list(FEATURES)].tolist() == list(AUDIO.values())


def test_one_song_of_every_publisher_is_one_work(tmp_path):
    works, artists = set(), set()
    for number, (row, *_) in enumerate(VARIANTS.values()):
        found = only(write(tmp_path / f"{number}.csv", [row]))
        works.add(found["work_id"])
        artists.add(found["artist_id"])
    assert len(works) == len(artists) == 1


LOCALISED = {
    "de": "Tanzbarkeit Energie Lautstärke Sprachanteil Akustik Instrumentalität Lebendigkeit "
    "Valenz Tempo",
    "es": "Bailabilidad Energía Volumen Hablado Acústica Instrumentalidad Vivacidad Valencia Tempo",
    "fr": "Danseabilité Énergie Volume_sonore Parlabilité Acoustique Instrumental Vivacité "
    "Valence Tempo",
    "pt": "Dançabilidade Energia Volume Oralidade Acústica Instrumentalidade Vivacidade Valência "
    "Tempo",
    "it": "Ballabilità Energia Volume Linguaggio_parlato Acustica Strumentalità Vivacità Valenza "
    "Tempo",
    "nl": "Dansbaarheid Energie Luidheid Spraakzaamheid Akoestiek Instrumentaliteit Levendigheid "
    "Valentie Tempo",
    "sv": "Dansbarhet Energi Ljudstyrka Talighet Akustik Instrumentalhet Livlighet Valens Tempo",
}


@pytest.mark.parametrize("language", LOCALISED)
def test_localised_features(language):
    headers = LOCALISED[language].split()
    assert list(match_columns(headers)) == list(FEATURES)


@pytest.mark.parametrize(
    "headers",
    [
        ["URI de la canción", "Nombre de la canción", "Nombre(s) del artista"],
        ["URI du titre", "Nom du titre", "Nom(s) de l'artiste"],
        ["URI da faixa", "Nome da faixa", "Nome(s) do artista"],
        ["URI della traccia", "Nome della traccia", "Nome dell'artista"],
        ["Nummer URI", "Nummernaam", "Naam van artiest"],
        ["Låtens URI", "Låtens namn", "Artistens namn"],
    ],
)
def test_localised_names(headers):
    assert match_columns(headers) == {"song_id": 0, "title": 1, "artist": 2}


def test_aliases_are_in_compared_spelling_and_mean_one_field():
    names = [name for names in SONG_FIELDS.values() for name in names]
    assert [header_key(name) for name in names] == names
    assert len(set(names)) == len(names)


def test_more_trusted_name_wins():
    assert match_columns(["id", "uri", "Track ID"])["song_id"] == 2
    assert match_columns(["name", "title", "TITLE"])["title"] == 1
    assert header_key("(ms)") == "ms"


def test_types_and_order(path):
    rows = [song(2), song(0, popularity=""), song(1)]
    rows = [{**row, "popularity": 3} for row in rows]
    table = read(write(path, rows))
    assert tuple(table.songs.columns) == SONG_COLUMNS
    assert table.songs["song_id"].tolist() == [f"{ID}{n}" for n in range(3)]
    assert table.songs.index.tolist() == [0, 1, 2]
    kinds = {name: str(kind) for name, kind in table.songs.dtypes.items()}
    assert {kinds[name] for name in ("song_id", "title", "artist", "genres")} == {"str"}
    assert {kinds[name] for name in (*FEATURES, "popularity")} == {"float64"}
    assert (kinds["year"], kinds["explicit"], kinds["duration_ms"]) == ("Int16", "boolean", "Int64")
    assert (kinds["work_id"], kinds["artist_id"]) == ("int64", "int64")
    assert table.summary() == "3 rows read, 3 songs kept; none dropped"
    assert table.sources == (path.as_posix(),)
    assert len(table.notes) == 2


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_every_layout(path, separator, end, encoding):
    title = "Héllo, \"w\"; x\ty|z\nnew line 'q'"
    write(path, [song(track_name=title)], separator=separator, end=end, encoding=encoding)
    assert only(path)["title"] == title


@pytest.mark.parametrize("name", ["Café", "Café \x81"])
def test_other_encodings_are_read_with_a_warning(path, name):
    encoding = "cp1252" if name == "Café" else "latin-1"
    write(path, [song(track_name=name)], encoding=encoding)
    with pytest.warns(DataWarning, match=f"not UTF-8; read as {encoding}"):
        table = read(path)
    assert table.songs["title"].tolist() == [name]


def test_other_encoding_far_into_the_file(path):
    rows = [song(track_id=f"n{n}", track_name="x" * 50) for n in range(3000)]
    write(path, [*rows, song(track_name="Café")], encoding="cp1252")
    with pytest.warns(DataWarning, match="read as cp1252"):
        table = read(path)
    assert "Café" in table.songs["title"].tolist()


TEXTS = [
    *("1999", "None", "NA", "null", "nan", "True", "0.5", "1e5", "=1+1", "'; DROP TABLE x"),
    *("a\x00b", 'say "hi"', "two\nlines", "\u202e\u200b", "[]", "['x']", "-", "\x1b[31m"),
]


@pytest.mark.parametrize("title", TEXTS)
def test_any_text_is_a_title(path, tmp_path, title):
    write(path, [song(track_name=title)])
    assert only(path)["title"] == title
    parquet = tmp_path / "songs.parquet"
    pd.DataFrame([song(track_name=title)]).to_parquet(parquet)
    assert only(parquet)["title"] == title


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("['A', 'B']", "A, B"),
        ('["Destiny\'s Child"]', "Destiny's Child"),
        ('[\'A "x" B\', "O\'C"]', 'A "x" B, O\'C'),
        (r"['A\'s', 'tab\\x', '\xe9', '\ud800']", "A's, tab\\x, é, ?"),
        ("['a\x00\\n']", "a\x00\\n"),
        ("['Tyler, The Creator']", "Tyler, The Creator"),
        ("A;B", "A, B"),
        (" A ; ;B", "A, B"),
        ("A, B", "A, B"),
        (r"Tyler\, The Creator, B", "Tyler, The Creator, B"),
        ("[ingenting]", "[ingenting]"),
        ("['open", "['open"),
        ("[]", ""),
        ("['']", ""),
        ("NA", "NA"),
        ("__import__('os').system('x')", "__import__('os').system('x')"),
    ],
)
def test_artists(path, raw, shown):
    assert only(write(path, [song(artists=raw)]))["artist"] == shown


@pytest.mark.parametrize(
    ("raw", "kept"),
    [
        (f"spotify:track:{SPOTIFY}", SPOTIFY),
        (f"https://open.spotify.com/track/{SPOTIFY}?si=x", SPOTIFY),
        (f"https://open.spotify.com/intl-de/track/{SPOTIFY}", SPOTIFY),
        (f" {SPOTIFY} ", SPOTIFY),
        ("spotify:local:a:b", "spotify:local:a:b"),
        ("17", "17"),
    ],
)
def test_ids(path, raw, kept):
    assert only(write(path, [song(track_id=raw)]))["song_id"] == kept


def test_songs_without_an_id_get_one(path, tmp_path):
    rows = [{**song(n), "duration_ms": 200000 + n} for n in range(3)]
    blank = [{**row, "track_id": "" if n else "z"} for n, row in enumerate(rows)]
    bare = [{k: v for k, v in row.items() if k != "track_id"} for row in rows]
    some = read(write(path, blank)).songs["song_id"].tolist()
    every = read(write(tmp_path / "bare.csv", bare)).songs["song_id"].tolist()
    assert some[:2] == [name for name in every if name in some]
    assert all(len(name) == 18 and name.startswith("x-") for name in every)


@pytest.mark.parametrize(
    ("changes", "year"),
    [
        ({"year": "1984"}, 1984),
        ({"year": "1984.0"}, 1984),
        ({"year": "900"}, None),
        ({"year": "2101"}, None),
        ({"year": "", "release_date": "1999-01"}, 1999),
        ({"year": "", "release_date": "", "decade": "1960"}, None),
        ({"year": "1966", "decade": "1960"}, 1966),
        ({"release_date": "12 May"}, None),
    ],
)
def test_years(path, changes, year):
    found = only(write(path, [song(**changes)]))["year"]
    assert (None if pd.isna(found) else found) == year


@pytest.mark.parametrize(
    ("changes", "column", "value"),
    [
        ({"duration": "200.5"}, "duration_ms", 200500),
        ({"duration_ms": "-5"}, "duration_ms", None),
        ({"duration_ms": "3:20"}, "duration_ms", None),
        ({"popularity": "101"}, "popularity", None),
        ({"popularity": "none"}, "popularity", None),
        ({"explicit": "Yes"}, "explicit", True),
        ({"explicit": "perhaps"}, "explicit", None),
        ({"genre": "['Pop', 'Rock'] "}, "genres", "pop;rock"),
        ({"energy": " 0,53 "}, "energy", 0.53),
        ({"energy": "5.3E-01"}, "energy", 0.53),
    ],
)
def test_cells(path, changes, column, value):
    found = only(write(path, [song(**changes)]))[column]
    assert (None if pd.isna(found) else found) == value


@pytest.mark.parametrize(
    ("changes", "reason", "column", "value"),
    [
        ({"energy": ""}, "missing feature", "energy", ""),
        ({"energy": "NaN"}, "missing feature", "energy", "NaN"),
        ({"energy": "loud", "tempo": "NA"}, "missing feature", "tempo", "NA"),
        ({"energy": "loud", "liveness": 2}, "not a number", "energy", "loud"),
        ({"energy": "1.5", "tempo": 0}, "out of range", "energy", "1.5"),
        ({"loudness": "inf"}, "out of range", "loudness", "inf"),
        ({"tempo": "0"}, "zero tempo", "tempo", "0"),
        ({"tempo": "-1"}, "out of range", "tempo", "-1"),
        ({"track_name": "  "}, "missing title", "track_name", ""),
        ({"track_name": "NA", "artists": "NA"}, "missing title", "track_name", ""),
    ],
)
def test_each_reason(path, changes, reason, column, value):
    table = read(write(path, [song(1), song(2, **changes)]))
    assert table.counts == {name: int(name == reason) for name in REASONS}
    (row,) = table.rejected.to_dict("records")
    assert (row["reason"], row["column"], row["value"]) == (reason, column, value)
    assert (row["file"], row["row"], row["song_id"]) == (path.as_posix(), 2, f"{ID}2")
    assert list(row)[:5] == ["file", "row", "reason", "column", "value"]
    assert list(row)[5:] == ["song_id", "title", "artist"]
    assert table.summary() == f"2 rows read, 1 song kept; dropped 1: 1 {reason}"


def test_summary_counts_in_the_singular(path):
    assert read(write(path, [song()])).summary() == "1 row read, 1 song kept; none dropped"


# ---- tables that lack names or years


def notes_of(table):
    return [text for text in table.notes if "no song has" not in text]


def test_a_decade_is_no_year(tmp_path):
    files = [write(tmp_path / f"{n}.csv", [song(n, decade=1960)]) for n in range(3)]
    dated = write(tmp_path / "dated.csv", [song(1, year=1966, decade=1960)])
    told = "a decade is no year: --year-from and --year-to leave out songs with nothing more exact"
    table = read(files[0])
    assert table.songs["year"].isna().all()
    assert notes_of(table) == [f"0.csv: {told}"]
    assert notes_of(read(dated)) == []
    assert notes_of(read(*files[:2])) == [f"0.csv and 1 other table: {told}"]
    table = read(*files, dated)
    assert notes_of(table)[0] == f"0.csv and 2 other tables: {told}"
    assert table.songs["year"].isna().tolist() == [True, False, True]


def labelled_278k(n, **changes):
    uri = f"spotify:track:{ID}{n}"
    return {**LABELLED_278K, "energy": 0.3 + n / 100, "uri": uri, **changes}


def test_the_id_serves_as_title(path):
    table = read(write(path, [labelled_278k(0), labelled_278k(1), labelled_278k(2, uri=" ")]))
    assert table.songs["song_id"].tolist() == [f"{ID}0", f"{ID}1"]
    assert table.songs["title"].tolist() == table.songs["song_id"].tolist()
    assert table.songs["artist"].tolist() == ["", ""]
    assert table.songs["work_id"].is_unique
    assert table.songs["artist_id"].is_unique
    assert table.counts["missing title"] == 1
    assert table.rejected["column"].tolist() == ["uri"]
    assert notes_of(table) == [
        "songs.csv: no column of titles, so the ids ('uri') serve as titles",
        "songs.csv: no column of artists, so each song counts as by an artist of its own",
    ]


def test_the_id_serves_as_title_beside_artists(path):
    table = read(write(path, [labelled_278k(n, artist="Nena") for n in range(2)]))
    assert table.songs["artist"].tolist() == ["Nena", "Nena"]
    assert table.songs["artist_id"].nunique() == 1
    assert len(notes_of(table)) == 1


@pytest.mark.parametrize("is_first", [True, False])
def test_a_named_row_stands_for_a_nameless_one(tmp_path, is_first):
    nameless = write(tmp_path / "a.csv", [labelled_278k(1, popularity=90)])
    named = write(tmp_path / "b.csv", [song(1)])
    files = [named, nameless] if is_first else [nameless, named]
    table = read(*files)
    assert table.songs["title"].tolist() == ["Song 1"]
    assert table.songs["artist"].tolist() == ["Artist 1"]
    assert table.songs["duration_ms"].tolist() == [200000]


@pytest.mark.parametrize("has_ids", [True, False])
def test_a_title_without_an_artist(path, has_ids):
    rows = [song(n, track_name="Intro") for n in range(3)]
    lacks = {"artists"} if has_ids else {"artists", "track_id"}
    rows = [{name: cell for name, cell in row.items() if name not in lacks} for row in rows]
    table = read(write(path, rows))
    assert table.songs["title"].tolist() == ["Intro"] * 3
    assert table.songs["artist"].tolist() == [""] * 3
    assert table.songs["work_id"].is_unique
    (told,) = notes_of(table)
    assert told.startswith("songs.csv: no column of artists")


@pytest.mark.parametrize("name", ["a.csv", "a.parquet"])
def test_speechiness_divided_by_the_duration(tmp_path, name):
    speech = [0.05, 0.9, 0.0]
    durations = [200000, 60000, 300000]
    rows = [
        labelled_278k(n, spec_rate=speech[n] / durations[n], **{"duration (ms)": durations[n]})
        for n in range(3)
    ]
    rows.append(labelled_278k(3, spec_rate=1e-7, **{"duration (ms)": None}))
    frame = pd.DataFrame(rows)
    file = tmp_path / name
    frame.to_parquet(file) if name.endswith("parquet") else frame.to_csv(file, index=False)
    table = read(file)
    np.testing.assert_allclose(table.songs["speechiness"], speech, rtol=1e-12)
    assert table.songs["duration_ms"].tolist() == durations
    assert table.counts["missing feature"] == 1
    assert table.rejected["column"].tolist() == ["spec_rate"]
    truth = read_truth(
        write(tmp_path / "truth.csv", [{**row, "labels": n % 2} for n, row in enumerate(rows)])
    )
    np.testing.assert_allclose(truth.features["speechiness"], speech, rtol=1e-12)


@pytest.mark.parametrize(
    ("drop", "changes"),
    [
        ("duration (ms)", {}),  # nothing to multiply by
        ("spec_rate", {"speechiness": 1e-7}),  # called what it is
        ("", {"speechiness": 1e-7}),  # the more trusted name wins
    ],
)
def test_speechiness_taken_as_it_is(path, drop, changes):
    row = labelled_278k(0, spec_rate=1e-7, **changes)
    row.pop(drop, None)
    assert only(write(path, [row]))["speechiness"] == 1e-7


def test_one_true_speechiness_shows_that_none_is_divided(path):
    table = read(write(path, [labelled_278k(0, spec_rate=5e-5), labelled_278k(1)]))
    assert table.songs["speechiness"].tolist() == [5e-5, 0.05]


def test_shifted_rows_do_not_hide_the_division(path):
    write(path, [labelled_278k(n, spec_rate=0.05 / 200000) for n in range(2)])
    path.write_text(path.read_text() + "9,9,9,9,9,9,9\n")
    table = read(path)
    np.testing.assert_allclose(table.songs["speechiness"], 0.05)
    assert table.counts["malformed row"] == 1


def test_duplicate_ids_keep_the_most_popular_and_learn_from_the_rest(path):
    rows = [
        song(1, popularity=10, genre="pop", year="", explicit="true"),
        song(1, popularity=50, genre="rock", year="", explicit=""),
        song(1, popularity="", genre="pop", year="1999", explicit="false"),
        song(2, popularity="", genre="", year="", explicit=""),
    ]
    table = read(write(path, rows))
    assert table.counts["duplicate id"] == 2
    assert table.rejected["row"].tolist() == [1, 3]
    found = table.songs.iloc[0]
    assert (found["popularity"], found["genres"]) == (50, "pop;rock")
    assert (found["year"], found["explicit"]) == (1999, True)
    assert pd.isna(table.songs.iloc[1]["year"])


def test_same_song_under_another_id(path):
    same = {"track_name": "SONG 1", "artists": "artist 1", "energy": 0.3101}
    rows = [
        song(1, popularity=5, genre="pop"),
        song(2, popularity=9, genre="rock", **same),
        song(3, popularity=9, genre="rock", **same),
        song(4, popularity=9, genre="rock", **{**same, "track_name": "Other"}),
        song(5, popularity=9, genre="rock", **{**same, "energy": 0.312}),
    ]
    table = read(write(path, rows))
    assert table.counts["same song under another id"] == 2
    assert table.songs["song_id"].tolist() == [f"{ID}{n}" for n in (2, 4, 5)]
    assert table.songs["genres"].tolist() == ["pop;rock", "rock", "rock"]
    assert table.rejected["value"].tolist() == [f"{ID}2"] * 2


ROWS = st.builds(
    song,
    st.integers(0, 4),
    popularity=st.sampled_from(["", 1, 1, 2]),
    genre=st.sampled_from(["", "pop", "rock", "Pop;jazz"]),
    year=st.sampled_from(["", 1990, 1991]),
    explicit=st.sampled_from(["", "true", "false"]),
    duration_ms=st.sampled_from(["", 200000, 300000]),
    track_name=st.sampled_from(["Song", "song", "Song - Live", ""]),
    artists=st.sampled_from(["A", "a", "A;B", ""]),
    energy=st.sampled_from([0.5, 0.5, 0.5001, 0.6, "", "x", 7]),
    tempo=st.sampled_from([100, 100, 100, 0]),
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(rows=st.lists(ROWS, max_size=12), data=st.data())
def test_order_of_rows_and_files_changes_nothing(tmp_path, rows, data):
    rows = [song(9, genre="pop", year="", popularity="", explicit="", duration_ms=""), *rows]
    first = read(write(tmp_path / "a.csv", rows))
    shuffled = data.draw(st.permutations(rows))
    cut = data.draw(st.integers(1, len(rows)))
    files = [write(tmp_path / "b.csv", shuffled[:cut])]
    if shuffled[cut:]:
        files.append(write(tmp_path / "c.csv", shuffled[cut:]))
        files.reverse()
    second = read(*files)
    pd.testing.assert_frame_equal(first.songs, second.songs)
    assert first.counts == second.counts
    assert first.n_read == len(rows) == len(first.songs) + sum(first.counts.values())
    assert first.songs["song_id"].is_unique


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(title=st.text(min_size=1, max_size=30), artist=st.text(max_size=30))
def test_no_title_breaks_anything(tmp_path, title, artist):
    file = tmp_path / "songs.parquet"
    pd.DataFrame([song(1, track_name=title, artists=artist), song(2)]).to_parquet(file)
    table = read(file)
    assert len(table.songs) + table.counts["missing title"] == 2


def test_written_then_read_is_the_same(tmp_path):
    rows = [song(n, popularity=n, genre="pop", year=1990 + n, explicit="true") for n in range(3)]
    first = read(write(tmp_path / "a.csv", rows)).songs
    first.to_csv(tmp_path / "clustered_songs.csv", index=False)
    pd.testing.assert_frame_equal(read(tmp_path / "clustered_songs.csv").songs, first)


# ---- files


def test_parquet_types(tmp_path):
    rows = pd.DataFrame([song(n) for n in range(3)])
    table = pa.Table.from_pandas(rows, preserve_index=False)
    table = table.set_column(1, "track_name", pa.array([1999, 2000, None]))
    table = table.set_column(2, "artists", pa.array([["A", "B"], ["C"], None]))
    dates = pd.to_datetime(["1984-01-01", "1985-01-01", None])
    table = table.append_column("release_date", pa.array(dates))
    table = table.append_column("genre", pa.array(["Pop", None, "Pop"]).dictionary_encode())
    table = table.append_column("popularity", pa.nulls(3))
    table = table.append_column("explicit", pa.array([True, None, False]))
    pq.write_table(table, tmp_path / "songs.csv")  # told by content, not by name
    found = read(tmp_path / "songs.csv")
    assert found.songs["title"].tolist() == ["1999", "2000"]
    assert found.songs["artist"].tolist() == ["A, B", "C"]
    assert found.songs["year"].tolist() == [1984, 1985]
    assert found.songs["genres"].tolist() == ["pop", ""]
    assert found.songs["explicit"].iloc[0]
    assert found.counts["missing title"] == 1


def test_parquet_with_broken_text(tmp_path):
    table = pa.Table.from_pandas(pd.DataFrame([song(1)]), preserve_index=False)
    table = table.set_column(1, "track_name", pa.array([b"caf\xe9"]))
    pq.write_table(table, tmp_path / "songs.parquet")
    assert only(tmp_path / "songs.parquet")["title"] == "caf\ufffd"


def test_numbers_of_any_type():
    flags = song_cells.parse_numbers(pa.chunked_array([[True, False]]))
    assert flags.values.tolist() == [1, 0]
    years = song_cells.parse_years(pa.chunked_array([[1984, None]]))
    assert years.tolist() == [1984, -1]


def test_ragged_rows_are_counted_and_the_rest_is_read(path):
    write(path, [song(1), song(2), song(3)])
    lines = path.read_text().splitlines()
    lines[2] += ",extra"
    lines.insert(2, "")
    lines.append("a,b")
    path.write_text("\n".join(lines))
    table = read(path)
    assert table.counts["malformed row"] == 2
    assert table.songs["song_id"].tolist() == [f"{ID}1", f"{ID}3"]
    assert table.rejected["row"].tolist() == [2, 4]


def test_ragged_rows_in_another_encoding(path):
    write(path, [song(1, track_name="Café"), song(2)], encoding="cp1252")
    path.write_bytes(path.read_bytes() + b"a,b\n")
    with pytest.warns(DataWarning, match="cp1252"):
        table = read(path)
    assert table.songs["title"].tolist() == ["Café", "Song 2"]


@pytest.mark.parametrize(("name", "encoding"), [("Café", "cp1252"), ("Café \x81", "latin-1")])
def test_ragged_rows_before_another_encoding_shows(path, name, encoding):
    rows = [song(track_id=f"n{n}", track_name="x" * 50) for n in range(3000)]
    write(path, [*rows, song(5, track_name=name)], encoding="latin-1")
    header, rest = path.read_bytes().split(b"\n", 1)
    path.write_bytes(header + b"\na,b\n" + rest)
    with pytest.warns(DataWarning, match=f"read as {encoding}"):
        table = read(path)
    assert name in table.songs["title"].tolist()
    assert table.counts["malformed row"] == 1


def test_header_cell_beyond_every_limit(path):
    path.write_text("x" * 100)
    limit = csv.field_size_limit(50)
    try:
        with pytest.raises(DataError, match="Columns in the file: none"):
            read(path)
    finally:
        csv.field_size_limit(limit)


def test_parquet_damaged_in_one_column(tmp_path, monkeypatch):
    file = tmp_path / "songs.parquet"
    pq.write_table(pa.Table.from_pylist([song(1)]), file)

    def fail(*_args, **_options):
        raise OSError("bad page")

    monkeypatch.setattr(pq.ParquetFile, "read", fail)
    with pytest.raises(DataError, match=r"column 'danceability': .* damaged .bad page"):
        read(file)


def xlsx_like():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("[Content_Types].xml", "x")
    return file.getvalue()


def zip_like():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("data.csv", "x")
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the file is empty"),
        (b"\xef\xbb\xbf \r\n", "the file is empty"),
        (b"<!DOCTYPE html><html>", "this is a web page"),
        (b"\xef\xbb\xbf\n <html lang=en>", "this is a web page"),
        (xlsx_like(), "this is an Excel workbook.*save it as 'CSV UTF-8'"),
        (zip_like(), "this is a zip archive with data.csv.*Unpack"),
        (b"PK\x03\x04broken", "this is a zip archive. Allowed"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "old or encrypted Excel workbook"),
        (b"\x1f\x8b\x08", "gzip"),
        (b'[{"a": 1}]', "this is JSON"),
        (b"PAR1 nonsense", "Parquet file is damaged"),
    ],
)
def test_what_is_no_table(path, content, message):
    path.write_bytes(content)
    with pytest.raises(DataError, match=message) as error:
        read(path)
    assert str(error.value).startswith(str(path))


def test_header_without_rows(path):
    write(path, [song()])
    path.write_text(path.read_text().splitlines()[0])
    with pytest.raises(DataError, match="a header and no rows"):
        read(path)


def test_damaged_parquet_column(tmp_path):
    file = tmp_path / "songs.parquet"
    rows = [song(n) for n in range(9)]
    pq.write_table(pa.Table.from_pylist(rows), file, compression="none")
    content = bytearray(file.read_bytes())
    content[4:400] = b"\xff" * 396
    file.write_bytes(bytes(content))
    with pytest.raises(DataError, match="damaged"):
        read(file)


def test_missing_column_offers_the_nearest(path):
    row = song()
    row["danceabilty"] = row.pop("danceability")
    with pytest.raises(DataError, match=r"'danceability' is missing.*Nearest.*'danceabilty'"):
        read(write(path, [row]))
    with pytest.raises(DataError, match=r"'title' is missing \(as are artist, .*nothing similar"):
        read(write(path, [{"q": 1}]))
    nameless = {name: cell for name, cell in song().items() if name[:5] not in ("track", "artis")}
    with pytest.raises(DataError, match=r"'title' is missing \(as are artist\)"):
        read(write(path, [nameless]))
    with pytest.raises(DataError, match="'title' is missing"):
        read(write(path, [{**nameless, "artist": "Nena"}]))


def test_header_without_names(path):
    path.write_text('"\n')
    with pytest.raises(DataError, match="is missing"):
        read(path)


def test_percent_scale(path):
    percent = dict.fromkeys(("danceability", "energy", "valence"), 50)
    with pytest.raises(DataError, match=r"danceability, energy, valence are on a 0-100.*by 100"):
        read(write(path, [song(1, **percent), song(2, **percent), song(3)]))


def test_nothing_left(path):
    rows = [song(1, energy="x"), song(2, energy="y"), song(3, tempo=0)]
    with pytest.raises(DataError, match=r"row 1, column 'energy': not a number.*no row is left: "):
        read(write(path, rows))


def test_no_path():
    with pytest.raises(DataError, match="no song table given"):
        read_songs([])


def test_unreadable_path(tmp_path):
    with pytest.raises(DataError, match="no such file or folder"):
        read(tmp_path / "absent.csv")


def test_unreadable_file(tmp_path, monkeypatch):
    file = write(tmp_path / "a.csv", [song()])

    def refuse(*_args, **_options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(DataError, match="cannot be read"):
        read(file)


# ---- folders


def test_folder(tmp_path):
    write(tmp_path / "b.csv", [song(1)])
    write(tmp_path / "a.tsv", [song(2, mood="sad")], separator="\t")
    write(tmp_path / "listeners.csv", [{"Age": 20, "music_Influencial_mood": "x"}])
    (tmp_path / "notes.txt").write_text("x")
    (tmp_path / "page.csv").write_text("<html>")
    assert [file.name for file in list_song_files(tmp_path)] == ["a.tsv", "b.csv"]
    assert len(read(tmp_path).songs) == 2


def test_folder_with_differing_columns(tmp_path):
    write(tmp_path / "a.csv", [song(1)])
    write(tmp_path / "b.csv", [song(2, popularity=3)])
    with pytest.raises(DataError, match=r"b.csv: the columns differ.*extra: popularity.*--songs"):
        read(tmp_path)
    assert len(read(tmp_path / "a.csv", tmp_path / "b.csv").songs) == 2


def test_folder_without_tables(tmp_path):
    with pytest.raises(DataError, match="holds no table"):
        read(tmp_path)


def test_folder_without_songs(tmp_path):
    write(tmp_path / "a.csv", [{"Age": 20}])
    with pytest.raises(DataError, match=r"a.csv: column 'title' is missing"):
        read(tmp_path)


def test_find_songs(tmp_path):
    with pytest.raises(DataError, match="no song table found"):
        find_songs(tmp_path / "absent")
    sample = write(tmp_path / "sample" / "songs.csv", [song()])
    assert find_songs(tmp_path) == sample
    write(tmp_path / "listeners.csv", [{"Age": 20}])
    (tmp_path / "Spotify_data.xlsx").write_bytes(b"PK\x03\x04")
    assert find_songs(tmp_path) == sample
    own = write(tmp_path / "mine.csv", [song()])
    assert find_songs(tmp_path) == own
    write(tmp_path / "more.csv", [song(1)])
    assert find_songs(tmp_path) == tmp_path
    assert len(read(find_songs(tmp_path)).songs) == 2
    kept = write(tmp_path / "songs" / "a.csv", [song()])
    assert find_songs(tmp_path) == kept
    write(tmp_path / "songs" / "b.csv", [song(1)])
    assert find_songs(tmp_path) == tmp_path / "songs"
    kaggle = write(tmp_path / "spotify-dataset" / "data" / "data.csv", [KAGGLE_170K])
    assert find_songs(tmp_path) == kaggle


def test_a_song_table_that_lacks_a_column_is_not_passed_over(tmp_path):
    row = song()
    del row["valence"]
    assert is_song_table(write(tmp_path / "a.csv", [row]))
    with pytest.raises(DataError, match="'valence' is missing"):
        read(find_songs(tmp_path))


# ---- real tables


def real(*names):
    files = [REAL / "songs" / name for name in names]
    if not all(file.exists() for file in files):
        pytest.skip(f"needs {', '.join(names)} in ../shared/data/songs")
    return files


def read_quietly(files):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return read_songs(files)


def test_real_tidytuesday():
    table = read_quietly(real("spotify_songs.csv"))
    # Origin: 28,356 distinct ids by a separate count; four of them have no name, one no tempo.
    assert table.n_read == 32_833
    ids = len(table.songs) + table.counts["same song under another id"]
    assert ids == 28_351
    assert table.counts["missing title"] == 5
    assert table.counts["zero tempo"] == 1
    assert "none" not in table.songs["genres"].tolist()
    assert set(";".join(table.songs["genres"]).split(";")) == {
        *("edm", "latin", "pop", "r&b", "rap", "rock")
    }


def test_real_decades_join_tidytuesday():
    names = [f"dataset-of-{decade}s.csv" for decade in ("60", "70", "80", "90", "00", "10")]
    table = read_quietly(real("spotify_songs.csv", *names))
    ids = len(table.songs) + table.counts["same song under another id"]
    # Origin: 66,303 distinct ids of named songs by a separate count; two of them have no tempo.
    assert ids == 66_303 - 2
    # Only the songs of TidyTuesday have a year; the decades give none.
    dated = read_quietly(real("spotify_songs.csv")).songs["song_id"]
    assert table.songs["year"].notna().sum() == len(dated)
    assert notes_of(table)[0] == (
        "dataset-of-60s.csv and 5 other tables: a decade is no year: --year-from and --year-to "
        "leave out songs with nothing more exact"
    )
    assert np.isfinite(table.songs[list(FEATURES)]).all(axis=None)


def test_real_by_genre():
    table = read_quietly(real("spotify_by_genre.parquet"))
    assert table.n_read == 6_000
    assert table.counts["duplicate id"] == 151
    assert table.songs["explicit"].notna().all()
