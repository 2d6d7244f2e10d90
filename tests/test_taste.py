"""What a listener has said, as it moves the playlists that follow."""

from __future__ import annotations

import functools
import json
import shutil

import pytest
from catalogues import MIDDLE, SONG_MODEL, make_song, make_trained, open_songs
from hypothesis import given
from hypothesis import strategies as st

from scripts.errors import SettingsError
from scripts.feedback.profile import profile_path, read_profile
from scripts.moods.vocabulary import SONG_MOODS, SPOKEN
from scripts.playlists.answer import answer_request
from scripts.playlists.constraints import Constraints
from scripts.playlists.lookup import find_song
from scripts.playlists.ranking import rank_songs
from scripts.playlists.request import request_for_journey
from scripts.playlists.taste import give_feedback, next_mood, read_taste, take_back
from scripts.playlists.words import request_for_point, request_for_word

CALM = request_for_word("calm")


def songs_of_two_moods():
    return [
        make_song(
            f"{mood}{i}",
            mood,
            round(1 - 0.1 * i, 2),
            genres=("rock", "jazz")[i % 2],
            year=1990 + i,
            work_id=100 * len(mood) + i // 2,
            artist_id=100 * len(mood) + i // 2,
            valence=0.8 if mood == "calm" else 0.3,
            tempo_bpm=80.0 + 10 * i,
        )
        for mood in ("calm", "tense")
        for i in range(6)
    ]


@pytest.fixture
def trained():
    with open_songs(songs_of_two_moods()) as catalogue:
        yield make_trained(catalogue)


def say(trained, output, kind, song_id, right=None):
    song = find_song(trained.catalogue, song_id, "--feedback")
    return give_feedback(trained, str(output), "anna", kind=kind, song=song, right=right)


def listed(trained, output, request=CALM, n=10, **wishes):
    taste = read_taste(trained, str(output), "anna")
    never = taste.never if taste else frozenset()
    document, _ = answer_request(
        trained, request, Constraints(n, max_per_artist=9, never=never, **wishes), taste
    )
    return {song["song_id"]: song for song in document["songs"]}


class TestNever:
    def test_no_version_is_played_again(self, trained, tmp_path):
        assert list(listed(trained, tmp_path)) == ["calm0", "calm2", "calm4"]
        say(trained, tmp_path, "never", "calm1")
        taste = read_taste(trained, str(tmp_path), "anna")
        assert taste.never == {400}
        for request in (CALM, request_for_point(0.8, 0.3)):
            assert not {"calm0", "calm1"} & set(listed(trained, tmp_path, request))

    def test_a_like_does_not_lift_it_and_undo_does(self, trained, tmp_path):
        say(trained, tmp_path, "never", "calm0")
        say(trained, tmp_path, "like", "calm0")
        assert "calm0" not in listed(trained, tmp_path)
        assert take_back(str(tmp_path), "anna").startswith("Taken back in profile anna: like")
        assert "calm0" not in listed(trained, tmp_path)
        assert "never" in take_back(str(tmp_path), "anna")
        assert list(listed(trained, tmp_path)) == ["calm0", "calm2", "calm4"]

    def test_a_song_that_the_catalogue_lost_is_no_error(self, trained, tmp_path):
        say(trained, tmp_path, "never", "calm0")
        with open_songs(songs_of_two_moods()[1:]) as other:
            taste = read_taste(make_trained(other), str(tmp_path), "anna")
            assert taste.never == frozenset()
            assert taste.profile.never == {"calm0"}

    def test_it_holds_for_title_and_artist_where_the_ids_are_others(self, tmp_path):
        named = [
            make_song(f"{table}{i}", "calm", title=title, artist=artist, work_id=work)
            for table, works in (("old", (1, 2, 3)), ("new", (7, 8, 9)))
            for i, (title, artist, work) in enumerate(
                zip(("One - Live", "One", "Two"), ("A;B", "C", "A;B"), works, strict=True)
            )
        ]
        with open_songs(named[:3]) as catalogue:
            say(make_trained(catalogue), tmp_path, "never", "old0")
            say(make_trained(catalogue), tmp_path, "wrong-mood", "old2", "tense")
        with open_songs(named[3:]) as catalogue:
            taste = read_taste(make_trained(catalogue), str(tmp_path), "anna")
            assert taste.never == {7}
            assert taste.corrections == {"new2": "tense"}
        other = make_song("x", "calm", title="One - Live - A;B", artist="D")
        with open_songs([other]) as catalogue:
            assert read_taste(make_trained(catalogue), str(tmp_path), "anna").never == frozenset()
        with open_songs(named) as catalogue:  # a known id needs no title
            assert read_taste(make_trained(catalogue), str(tmp_path), "anna").never == {1}


class TestCorrections:
    def test_a_song_moves_from_list_to_list(self, trained, tmp_path):
        told = say(trained, tmp_path, "wrong-mood", "tense0", "calm")
        assert told.endswith("(tense, now calm)")
        calm = listed(trained, tmp_path)
        assert calm["tense0"]["mood"] == "calm"
        assert "tense0" not in listed(trained, tmp_path, request_for_word("tense"))

    @pytest.mark.parametrize(
        ("wishes", "found"),
        [
            ({"genre": "rock"}, True),
            ({"genre": "jazz"}, False),
            ({"year_to": 1990}, True),
            ({"year_from": 1991}, False),
            ({"tempo": (80, 80)}, True),
            ({"tempo": (81, 200)}, False),
        ],
    )
    def test_it_meets_the_wishes_there_too(self, trained, tmp_path, wishes, found):
        say(trained, tmp_path, "wrong-mood", "tense0", "calm")
        assert ("tense0" in listed(trained, tmp_path, **wishes)) == found

    def test_the_last_word_counts_and_back_home_is_home(self, trained, tmp_path):
        before = list(listed(trained, tmp_path))
        say(trained, tmp_path, "wrong-mood", "calm0", "tense")
        assert "calm0" not in listed(trained, tmp_path)
        assert listed(trained, tmp_path, request_for_word("tense"))["calm0"]["mood"] == "tense"
        say(trained, tmp_path, "wrong-mood", "calm0", "calm")
        assert list(listed(trained, tmp_path)) == before

    def test_what_is_spoken_leaves_every_list_but_its_own(self, trained, tmp_path):
        say(trained, tmp_path, "wrong-mood", "calm0", "spoken")
        assert "calm0" not in listed(trained, tmp_path)
        assert "calm0" not in listed(trained, tmp_path, request_for_point(0.8, 0.6))
        assert "calm0" in listed(trained, tmp_path, request_for_word("spoken"))

    def test_without_a_right_mood_the_likeliest_of_another_quarter_is(self, trained, tmp_path):
        say(trained, tmp_path, "wrong-mood", "calm0")
        (mood,) = read_taste(trained, str(tmp_path), "anna").corrections.values()
        assert SONG_MOODS[mood][2] != SONG_MOODS["calm"][2]

    def test_a_right_mood_goes_with_wrong_mood_only(self, trained, tmp_path):
        with pytest.raises(SettingsError, match="goes with wrong-mood only"):
            say(trained, tmp_path, "like", "calm0", "tense")
        with pytest.raises(SettingsError, match="no song has the mood 'clam'"):
            say(trained, tmp_path, "wrong-mood", "calm0", "clam")
        assert read_profile(str(tmp_path), "anna").events == []


class TestNextMood:
    @given(
        st.sampled_from([*SONG_MOODS, SPOKEN]),
        st.fixed_dictionaries({name: st.floats(-5, 5) for name in MIDDLE}),
    )
    def test_it_lies_in_the_likeliest_other_quarter(self, mood, shifts):
        song = {"mood": mood, **{name: MIDDLE[name] + shifts[name] for name in MIDDLE}}
        other = next_mood(SONG_MODEL, song)
        assert other in SONG_MOODS
        if mood != SPOKEN:
            assert SONG_MOODS[other][2] != SONG_MOODS[mood][2]

    @pytest.mark.parametrize(
        ("mood", "shifts", "expected"),
        [
            # by hand: high energy and much speech pull to angry, valence to happy and relaxed
            ("calm", {"energy": 0.2, "speechiness": 0.3}, "angry"),
            ("angry", {"valence": 0.3, "energy": 0.3}, "happy"),
            ("happy", {"valence": 0.3}, "relaxed"),
            ("happy", {"acousticness": 0.3}, "sad"),
        ],
    )
    def test_by_hand(self, mood, shifts, expected):
        song = {"mood": mood, **MIDDLE, **{n: MIDDLE[n] + by for n, by in shifts.items()}}
        assert SONG_MOODS[next_mood(SONG_MODEL, song)][2] == expected

    def test_on_a_real_model(self, sample_set):
        (path,) = sample_set.glob("models/*/song_mood.json")
        model = json.loads(path.read_text(encoding="utf-8"))
        for mood in SONG_MOODS:
            other = next_mood(model, {"mood": mood, **MIDDLE})
            assert SONG_MOODS[other][2] != SONG_MOODS[mood][2]


class TestLikes:
    def test_nothing_said_no_taste(self, trained, tmp_path):
        assert read_taste(trained, str(tmp_path), "anna") is None
        say(trained, tmp_path, "never", "calm0")
        assert read_taste(trained, str(tmp_path), "anna").scorer is None

    def test_likes_and_skips_move_the_order_and_undo_brings_it_back(self, tmp_path):
        songs = [
            make_song(f"{i:02d}", "calm", 0.01 * i, tempo_bpm=60.0 + 8 * (i * 7 % 20))
            for i in range(20)
        ]
        with open_songs(songs) as catalogue:
            trained = make_trained(catalogue)
            before = list(listed(trained, tmp_path, n=20))
            for song in songs:
                kind = "like" if song["tempo_bpm"] > 135 else "skip"
                say(trained, tmp_path, kind, song["song_id"])
            after = list(listed(trained, tmp_path, n=20))
            assert sorted(after) == sorted(before)
            fast = {song["song_id"] for song in songs if song["tempo_bpm"] > 135}
            assert len(fast & set(after[:10])) > len(fast & set(before[:10]))
            assert after == list(listed(trained, tmp_path, n=20))
            for _ in songs:
                take_back(str(tmp_path), "anna")
            assert list(listed(trained, tmp_path, n=20)) == before

    def test_the_score_told_stays_the_match(self, trained, tmp_path):
        plain = listed(trained, tmp_path)
        say(trained, tmp_path, "like", "tense5")
        moved = listed(trained, tmp_path)
        assert {key: song["score"] for key, song in moved.items()} == {
            key: song["score"] for key, song in plain.items()
        }

    def test_programs_are_told_whose_feedback_ordered_the_list(self, trained, tmp_path):
        def asked(request=CALM):
            taste = read_taste(trained, str(tmp_path), "anna")
            return answer_request(trained, request, Constraints(3), taste)

        say(trained, tmp_path, "never", "calm0")
        assert "profile" not in asked()[0]["request"]
        for kind, song in (("like", "calm2"), ("skip", "calm4"), ("skip", "tense2")):
            say(trained, tmp_path, kind, song)
        document, notes = asked()
        assert document["request"]["profile"] == {"name": "anna", "likes": 1, "skips": 2}
        journey = request_for_journey(CALM, request_for_word("tense"), ((0.8, 0.5), (0.3, 0.5)))
        document, notes = asked(journey)
        assert "profile" not in document["request"]
        assert notes.count("Likes and skips do not move a journey; never and wrong-mood do.") == 1
        assert not any("journey" in note for note in asked()[1])


@pytest.mark.parametrize(
    ("n", "told"),
    [
        (1, "1 line of its log is torn or altered and was left out."),
        (2, "2 lines of its log are torn or altered and were left out."),
    ],
)
def test_torn_lines_are_told_in_number(trained, tmp_path, capsys, n, told):
    say(trained, tmp_path, "never", "calm0")
    with open(profile_path(str(tmp_path), "anna"), "ab") as file:
        file.write(b"torn\n" * n)
    read_taste(trained, str(tmp_path), "anna")
    assert f"Profile anna: {told}" in capsys.readouterr().err


# ---- through the program ----------------------------------------------------------------------


@pytest.fixture
def ask(sample_set, tmp_path, run_on):
    """Run the program on a copy of the sample's set; returns (exit code, output, notes)."""
    output = tmp_path / "output"
    shutil.copytree(sample_set, output)
    return functools.partial(run_on, output)


def ids_of(ask, *arguments):
    code, out, notes = ask(*arguments, "--format", "json")
    assert code == 0, notes
    return [song["song_id"] for song in json.loads(out)["songs"]]


class TestProgram:
    def test_never_and_undo(self, ask):
        before = ids_of(ask, "--mood", "calm")
        code, out, notes = ask("--feedback", "never", before[0])
        assert (code, out) == (0, "")
        assert notes.startswith("Kept in profile default: never, ")
        assert before[0] not in ids_of(ask, "--mood", "calm")
        assert ids_of(ask, "--mood", "calm", "--profile", "ben") == before
        code, out, notes = ask("--undo")
        assert (code, out) == (0, "")
        assert notes.startswith("Taken back in profile default: never, ")
        assert ids_of(ask, "--mood", "calm") == before

    def test_a_wrong_mood_is_put_right(self, ask):
        song = ids_of(ask, "--mood", "calm")[0]
        code, _, notes = ask("--feedback", "wrong-mood", song, "--mood", "Gloomy")
        assert code == 0
        assert notes.rstrip().endswith("(calm, now gloomy). Take it back with --undo.")
        assert song not in ids_of(ask, "--mood", "calm", "-n", "400")
        assert song in ids_of(ask, "--mood", "gloomy", "-n", "4000", "--max-per-artist", "999")

    def test_likes_of_one_profile_move_no_other(self, ask):
        before = ids_of(ask, "--mood", "happy", "-n", "40")
        for song in before[20:30]:
            assert ask("--feedback", "like", song, "--profile", "ben")[0] == 0
        for song in before[:10]:
            assert ask("--feedback", "skip", song, "--profile", "ben")[0] == 0
        assert ids_of(ask, "--mood", "happy", "-n", "40") == before
        moved = ids_of(ask, "--mood", "happy", "-n", "40", "--profile", "ben")
        assert moved != before
        assert moved == ids_of(ask, "--mood", "happy", "-n", "40", "--profile", "ben")

    @pytest.mark.parametrize(
        ("arguments", "told"),
        [
            (["--undo"], "profile 'default' has nothing to take back"),
            (
                ["--feedback", "love", "2wrJq5XKLnmhRXHIAf9xBa"],
                "--feedback 'love': say one of like",
            ),
            (["--feedback", "like", "no such song at all"], "--feedback 'no such song at all':"),
            (["--mood", "calm", "--profile", "../x"], "--profile '../x': a profile's name is"),
            (
                ["--feedback", "like", "2wrJq5XKLnmhRXHIAf9xBa", "--mood", "calm"],
                "goes with wrong-mood only",
            ),
        ],
    )
    def test_mistakes(self, ask, arguments, told):
        code, out, notes = ask(*arguments)
        assert (code, out) == (2, "")
        assert notes.startswith("error: ")
        assert told in notes
        assert notes.count("\n") == 1

    def test_all_there_is_ruled_out_is_told(self, ask):
        asked = ["--mood", "calm", "--genre", "metal"]
        songs = ids_of(ask, *asked, "-n", "999", "--max-per-artist", "999")
        assert 0 < len(songs) < 40
        for song in songs:
            assert ask("--feedback", "never", song)[0] == 0
        code, out, notes = ask(*asked)
        assert (code, out) == (2, "")
        assert "--never, --new or feedback contradict each other in this catalogue" in notes
        assert "--undo takes a feedback back" in notes


def test_a_corrected_song_is_scored_as_the_others(trained, tmp_path):
    say(trained, tmp_path, "wrong-mood", "tense0", "calm")
    taste = read_taste(trained, str(tmp_path), "anna")
    songs = rank_songs(trained.catalogue, CALM, Constraints(9), corrections=taste.corrections).songs
    fits = [song["fit"] for song in songs]
    assert fits == sorted(fits, reverse=True)


def test_a_word_of_feedback_is_looked_at_before_the_song(ask):
    code, out, notes = ask("--feedback", "love", "nobody knows this song")
    assert (code, out) == (2, "")
    assert "--feedback 'love': say one of like, skip, never, wrong-mood" in notes
