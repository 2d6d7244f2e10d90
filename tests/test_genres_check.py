"""The check ``genres``: tags of listeners, genres of songs, and what it refuses."""

import argparse
import csv

import numpy as np
import pytest

from scripts.checks import genres as check
from scripts.errors import DataError

N_ARTISTS, N_SCENES, N_GENRES = 240, 3, 6


def genres_of(artist, rng):
    """Some genres of the artist's scene."""
    scene = "abc"[artist % N_SCENES]
    return [f"{scene}{number}" for number in rng.choice(N_GENRES, 3, replace=False)]


def write_hetrec(folder, *, tags=True):
    """Artists of three scenes, tagged by three listeners each."""
    folder.mkdir()
    rng = np.random.default_rng(4)
    plays = [f"{1 + n % 5}\t{n}\t9" for n in range(1, N_ARTISTS + 1)]
    rows = ["userID\tartistID\tweight", *plays]
    (folder / "user_artists.dat").write_text("\n".join(rows) + "\n")
    names = [f"{n}\tArtist {n}\tu\tp" for n in range(1, N_ARTISTS + 1)]
    (folder / "artists.dat").write_text("\n".join(["id\tname\turl\tpictureURL", *names]) + "\n")
    if tags:
        known = [f"{scene}{number}" for scene in "abc" for number in range(N_GENRES)]
        numbers = {name: number for number, name in enumerate(known, start=1)}
        told = [f"{number}\t{name}" for name, number in numbers.items()]
        (folder / "tags.dat").write_text("\n".join(["tagID\ttagValue", *told]) + "\n")
        given = [
            f"{user}\t{n}\t{numbers[name]}\t1\t4\t2009"
            for n in range(1, N_ARTISTS + 1)
            for name in genres_of(n, rng)
            for user in (1, 2, 3)
        ]
        rows = ["userID\tartistID\ttagID\tday\tmonth\tyear", *given]
        (folder / "user_taggedartists.dat").write_text("\n".join(rows) + "\n")
    return folder


def run_check(*arguments):
    parser = argparse.ArgumentParser()
    check.add_parser(parser.add_subparsers())
    options = parser.parse_args(["genres", *map(str, arguments)])
    return options.check(options)


def test_tags_of_scenes_tell_hidden_artists_genres(tmp_path):
    told = run_check("--history", write_hetrec(tmp_path / "hetrec"))
    assert (told["source"], told["artists"], told["genres"]) == ("tags of listeners", 240, 18)
    assert 20 < told["hidden_artists"] < 80
    assert told["map"]["auc"]["value"] > 0.9
    assert set(told["baselines"]) == {"artists", "cosine"}
    for name in ("recall@10", "auc"):
        above = told["map_above"]["artists"][name]
        baseline = told["baselines"]["artists"][name]["value"]
        assert above["interval"][0] > 0.05
        assert above["value"] == pytest.approx(told["map"][name]["value"] - baseline, abs=2e-4)
    assert repr(told) == repr(run_check("--history", tmp_path / "hetrec"))
    assert repr(told) != repr(run_check("--history", tmp_path / "hetrec", "--seed", 1))


def write_songs(tiny_songs, path, artist_and_genres):
    """Write songs of some artists and genres, with the columns of another table."""
    with tiny_songs.open(encoding="utf-8", newline="") as file:
        first = next(csv.DictReader(file))
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(first))
        writer.writeheader()
        for number, (artist, genre) in enumerate(artist_and_genres):
            told = {"artists": artist, "track_genre": genre, "track_id": f"{number:022d}"}
            writer.writerow(first | told | {"track_name": f"Song {number}"})
    return path


def test_genres_of_songs_are_of_their_first_artist(tmp_path, tiny_songs):
    rng = np.random.default_rng(1)
    rows = []
    for n in range(N_ARTISTS):
        own = [f"{'ab'[n % 2]}{k}" for k in rng.choice(4, 2, replace=False)]
        rows += [(f"Artist {n};Guest {k}", name) for k, name in enumerate(own)]
    told = run_check("--songs", write_songs(tiny_songs, tmp_path / "songs.csv", rows))
    assert (told["source"], told["artists"], told["genres"]) == ("genres of songs", 240, 8)
    assert told["map"]["auc"]["value"] > 0.8
    assert set(told["map"]) == {"auc"}  # ten of seven others would be all of them


def test_artists_of_one_genre_tell_nothing(tmp_path, tiny_songs):
    rows = [(f"Artist {n}", "ab"[n % 2]) for n in range(40)]
    path = write_songs(tiny_songs, tmp_path / "songs.csv", rows)
    with pytest.raises(DataError, match=r"songs\.csv: no hidden artist has two genres"):
        run_check("--songs", path)


def test_histories_without_tags(tmp_path):
    folder = write_hetrec(tmp_path / "hetrec", tags=False)
    with pytest.raises(DataError, match=r"--history .*hetrec: has no tags; give"):
        run_check("--history", folder)


def test_one_source_is_needed(capsys):
    with pytest.raises(SystemExit):
        run_check()
    assert "one of the arguments --history --songs is required" in capsys.readouterr().err
