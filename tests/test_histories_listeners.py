"""Histories of many listeners: Last.fm 1K users, HetRec, folders of exports."""

from __future__ import annotations

import json
import zipfile

import numpy as np
import pytest

from scripts.errors import DataError, SettingsError
from scripts.tables.histories import read_hetrec, read_listeners_histories

ROWS_1K = (
    "user_000003\t2009-05-04T23:08:57Z\tid\tDeep Dish\tid\tFlashdance\n"
    "user_000003\t2009-05-04T23:08:57Z\tid\tDeep Dish\tid\tFlashdance\n"
    "user_000003\t2009-05-02T00:00:00Z\tid\tDEEP DISH\tid\tOther\n"
    "user_000001\t1970-01-01T00:00:00Z\t\tBjörk\t\tJóga\n"
    "user_000001\t2009-05-04T23:08:57Z\t\t\t\tNobody\n"
    "user_000001\t2009-05-04T23:08:57Z\t\tBjörk\t\t\n"
    "broken\tline\n"
)


def entries(listening) -> list[tuple]:
    names = zip(
        listening.rows,
        listening.cols,
        listening.plays,
        listening.first,
        listening.last,
        strict=True,
    )
    return [
        (listening.users[u], listening.artists[a], float(n), int(first), int(last))
        for u, a, n, first, last in names
    ]


@pytest.mark.parametrize("packed", [False, True])
def test_rows_of_many_listeners_are_summed(tmp_path, packed):
    path = tmp_path / "rows.tsv"
    path.write_text(ROWS_1K, encoding="utf-8")
    if packed:
        with zipfile.ZipFile(tmp_path / "rows.zip", "w") as made:
            made.write(path, "rows.tsv")
        path = tmp_path / "rows.zip"
    listening = read_listeners_histories([str(path)])
    assert entries(listening) == [
        ("1", "Deep Dish", 2.0, 1241222400, 1241478537),
        ("2", "Björk", 1.0, -1, -1),
    ]
    assert listening.artist_keys == ["deepdish", "bjork"]
    counts = {"rows": 7, "listens": 3, "repeated": 1, "no artist": 1, "no title": 1}
    assert counts.items() <= listening.counts.items()
    assert listening.counts["unreadable"] == 1
    told = " ".join(repr(getattr(listening, name)) for name in type(listening).__slots__)
    assert "user_0" not in told.replace(str(path), "")


def test_a_long_file_is_read_in_pieces_with_the_same_result(tmp_path):
    rng = np.random.default_rng(3)
    users, artists = rng.integers(0, 30, 40_000), rng.integers(0, 200, 40_000)
    with open(tmp_path / "rows.tsv", "w", encoding="utf-8") as stream:
        for n, (user, artist) in enumerate(zip(users, artists, strict=True)):
            stamp = f"2009-05-{n % 28 + 1:02}T{n % 24:02}:{n % 60:02}:00Z"
            stream.write(f"user_{user:06}\t{stamp}\t\tArtist {artist}\t\tT{n}\n")
    listening = read_listeners_histories([str(tmp_path / "rows.tsv")])
    X = listening.matrix()
    assert X.shape == (30, 200)
    assert X.sum() == 40_000
    assert X.has_sorted_indices
    first = list(dict.fromkeys(users.tolist()))
    named = {name: column for column, name in enumerate(listening.artists)}
    wanted = np.zeros((30, 200))
    for user, artist in zip(users, artists, strict=True):
        wanted[first.index(user), named[f"Artist {artist}"]] += 1
    np.testing.assert_array_equal(X.toarray(), wanted)


def account(title: str, artist: str = "A", when: str = "2016-02-23 17:59") -> dict:
    return {"endTime": when, "artistName": artist, "trackName": title, "msPlayed": 99_000}


def test_a_folder_of_files_is_one_listener_a_file(tmp_path):
    folder = tmp_path / "all"
    (folder / "carol" / "Spotify Extended").mkdir(parents=True)
    (folder / "alice_secret.json").write_text(json.dumps([account("1"), account("2")]))
    (folder / "bob_secret.csv").write_text("Abba,Gold,Fernando,23 Feb 2016 17:59\n")
    (folder / "carol" / "Spotify Extended" / "StreamingHistory0.json").write_text(
        json.dumps([account("1")])
    )
    (folder / "carol" / "Spotify Extended" / "StreamingHistory1.json").write_text(
        json.dumps([account("3", "a")])
    )
    (folder / "notes.txt").write_text("nothing to see")
    listening = read_listeners_histories([str(folder)])
    assert [entry[:3] for entry in entries(listening)] == [
        ("1", "A", 2.0),
        ("2", "Abba", 1.0),
        ("3", "A", 2.0),
    ]
    assert listening.counts["ignored files"] == 1
    assert "secret" not in repr(listening.users) + repr(listening.counts)


def test_several_paths_come_together(tmp_path):
    (tmp_path / "a.json").write_text(json.dumps([account("1")]))
    (tmp_path / "b.tsv").write_text(ROWS_1K, encoding="utf-8")
    paths = [str(tmp_path / "a.json"), str(tmp_path / "b.tsv")]
    listening = read_listeners_histories(paths)
    assert len(listening.users) == 3
    assert listening.format == "several histories"
    assert listening.sources == paths


def test_a_folder_without_histories_is_told(tmp_path):
    (tmp_path / "notes.txt").write_text("nothing to see")
    with pytest.raises(DataError, match="no listening history"):
        read_listeners_histories([str(tmp_path)])


HETREC = {
    "plays.dat": "userID\tartistID\tweight\n9\t51\t10\n2\t51\t3\n2\t52\t4\n2\t52\t1\n"
    "2\t7\tx\n2\t8\t0\n",
    "names.dat": 'id\tname\turl\tpictureURL\n51\tThe "Quoted\thttp://x\t\n52\tBjörk\thttp://y\t\n',
    "tags.dat": "tagID\ttagValue\r\n1\tmetal\r\n2\tc\xe9ltic\r\n",
    "tagged.dat": "userID\tartistID\ttagID\tday\tmonth\tyear\r\n2\t52\t2\t1\t4\t2009\r\n"
    "77\t51\t1\t1\t1\t1956\r\n2\t999\t1\t1\t4\t2009\r\n",
    "friends.dat": "userID\tfriendID\r\n2\t9\r\n9\t2\r\n2\t2\r\n2\t1000\r\n",
}


def write_hetrec(folder) -> str:
    for name, text in HETREC.items():
        code = "latin-1" if name == "tags.dat" else "utf-8"
        (folder / name).write_bytes(text.encode(code))
    return str(folder / "plays.dat")


def test_hetrec_with_its_companions(tmp_path):
    path = write_hetrec(tmp_path)
    with zipfile.ZipFile(tmp_path.parent / f"{tmp_path.name}.zip", "w") as made:
        for name in HETREC:
            made.write(tmp_path / name, f"inside/{name}")
    for given in (path, str(tmp_path), str(tmp_path.parent / f"{tmp_path.name}.zip")):
        listening = read_listeners_histories([given])
        assert entries(listening) == [
            ("1", 'The "Quoted', 3.0, -1, -1),
            ("1", "Björk", 5.0, -1, -1),
            ("2", 'The "Quoted', 10.0, -1, -1),
        ]
        assert listening.user_numbers == ["2", "9"]
        assert listening.artist_ids == ["51", "52"]
        assert listening.tag_names == ["céltic", "metal"]
        assert listening.tag_users.tolist() == [0, -1]
        assert listening.tag_items.tolist() == [1, 0]
        assert listening.tag_times.tolist() == [1238544000, -1]
        assert listening.friends.tolist() == [[0, 1]]
        assert listening.counts["unreadable"] == listening.counts["no plays"] == 1
        assert not listening.has_times


def test_hetrec_alone_and_with_files_named(tmp_path):
    (tmp_path / "alone").mkdir()
    path = write_hetrec(tmp_path)
    alone = tmp_path / "alone" / "train.dat"
    alone.write_text(HETREC["plays.dat"])
    listening = read_hetrec(str(alone))
    assert listening.artists == ["artist 51", "artist 52"]
    assert listening.artist_keys == ["", ""]
    assert listening.tag_names == []
    named = read_hetrec(str(alone), artists=str(tmp_path / "names.dat"))
    assert named.artist_keys == ["thequoted", "bjork"]
    with pytest.raises(DataError, match="no header of artists"):
        read_hetrec(path, artists=str(tmp_path / "tags.dat"))
    with pytest.raises(SettingsError, match="absent"):
        read_hetrec(path, tags=str(tmp_path / "absent"))
    with pytest.raises(DataError, match="no play counts"):
        read_hetrec(str(tmp_path / "tags.dat"))


def test_a_header_without_counts_is_told(tmp_path):
    (tmp_path / "plays.dat").write_text("userID\tartistID\tweight\n1\tx\ty\n")
    with pytest.raises(DataError, match="no row holds a play count"):
        read_hetrec(str(tmp_path / "plays.dat"))


def test_the_published_files(shared_data):
    listening = read_listeners_histories([str(shared_data / "history")])
    assert listening.counts["rows"] == len(listening.rows) == 74_344
    assert len(listening.users) == 1_889
    assert int((listening.tag_times < 0).sum()) == 5
    assert listening.artists[listening.artist_ids.index("1")] == "MALICE MIZER"
    assert len(listening.friends) == 12_686
    X = listening.matrix()
    assert X.nnz == 74_344
