"""Songs by what they say and how they sound: hand-made lyrics over random catalogues."""

from __future__ import annotations

import json
import math
import re
from types import SimpleNamespace

import numpy as np
import pytest
from catalogues import (
    catalogues,
    corrections,
    heard_as,
    is_available,
    make_song,
    make_trained,
    meets,
    open_songs,
    ranked,
    take_in_turn,
    wishes,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.errors import SettingsError
from scripts.moods.vocabulary import SONG_MOODS, SPOKEN
from scripts.playlists.answer import answer_request, model_notes
from scripts.playlists.constraints import Constraints
from scripts.playlists.lyric_match import (
    LyricMatch,
    SongLyrics,
    check_limit,
    open_lyrics,
    words_asked,
)
from scripts.playlists.lyric_walk import BAND, WORDS_WEIGHT
from scripts.playlists.ranking import rank_songs
from scripts.playlists.request import MoodRequest
from scripts.playlists.words import request_for_word
from scripts.store import lyrics as store_lyrics
from scripts.text.emotion_query import open_emotion_query, song_similarity
from scripts.text.song_words import SongWords

WORDS = ["anger", "grief", "hope", "joy", "rest"]
PLACES = [(0.2, 0.8), (0.1, 0.3), (0.8, 0.6), (0.9, 0.7), (0.7, 0.2)]
KINSHIP = [
    [1.0, 0.4, 0.1, 0.0, 0.0],
    [0.4, 1.0, 0.2, 0.1, 0.3],
    [0.1, 0.2, 1.0, 0.6, 0.5],
    [0.0, 0.1, 0.6, 1.0, 0.4],
    [0.0, 0.3, 0.5, 0.4, 1.0],
]


class HandMade:
    """What :func:`~scripts.text.emotion_query.word_similarity` asks of a vocabulary."""

    words = WORDS
    kinship = np.array(KINSHIP)


def add_lyrics(catalogue, songs, told):
    """Write lyrics into a catalogue: song id -> ([(word, weight), …], trust)."""
    ranks = {song["song_id"]: song["rank"] for song in ranked(songs)}
    counts = [sum(WORDS[i] in dict(words) for words, _ in told.values()) for i in range(len(WORDS))]
    catalogue.executemany(
        "INSERT INTO emotion_words VALUES (?, ?, ?, ?, ?)",
        [(i, word, *PLACES[i], counts[i]) for i, word in enumerate(WORDS)],
    )
    for row, (song_id, (words, trust)) in enumerate(sorted(told.items())):
        listed = json.dumps([list(pair) for pair in words])
        values = (ranks[song_id], row, listed, trust, None)
        catalogue.execute("INSERT INTO song_lyrics VALUES (?, ?, ?, ?, ?)", values)
        catalogue.executemany(
            "INSERT INTO song_words VALUES (?, ?, ?)",
            [(WORDS.index(word), ranks[song_id], weight) for word, weight in words],
        )


def ask_words(catalogue, asked, limit):
    lyrics = SongLyrics(catalogue, HandMade(), 0.4)
    return LyricMatch(lyrics, [(WORDS.index(word), weight) for word, weight in asked], limit)


def request_of(parts, *matches):
    """Ask for some moods, each with a match of its own, or all with the same."""
    made = [(share, request_for_word(word)) for share, word in parts]
    for (_, part), match in zip(made, matches * len(made), strict=False):
        part.lyrics = match
    name = ", ".join(word for _, word in parts)
    return MoodRequest(name, parts=made, asked={"name": name, "point": [0.5, 0.5]})


# ---- the reference: score every song, sort, pick --------------------------------------------


def similarity_of(asked, words):
    near = [sum(w * KINSHIP[WORDS.index(a)][j] for a, w in asked) for j in range(len(WORDS))]
    return round(sum(weight * near[WORDS.index(word)] for word, weight in words), 6)


def counts(told, song):
    return song["song_id"] in told and told[song["song_id"]][1] >= 0.5


def odds_of_part(song, part, mood, bonus):
    """The weight and odds with which a song with lyrics joins a part; None if it does not."""
    if part.near is not None:
        away = math.dist(part.near.target, (song["valence"], song["energy"]))
        return (1.0, -math.log(max(away, 1e-6)) + bonus) if mood in part.near.moods else None
    if mood in part.weights:
        return part.weights[mood], song["margin"] + bonus
    if mood == SPOKEN:
        return None
    quarters = {SONG_MOODS[name][2] for name in part.weights}
    against = 0.0 if SONG_MOODS[mood][2] in quarters else -max(song["margin"], 0.0)
    return (1.0, against + bonus) if against + bonus > 1e-9 else None


def reference(songs, part, wish, moved, *, told, asked, limit):
    """List what a part may take, best first."""
    found = []
    for song in ranked(songs):
        mood = heard_as(song, moved)
        popularity = -1.0 if song["popularity"] is None else song["popularity"]
        if not is_available(song, wish):
            continue
        if counts(told, song):
            words, trust = told[song["song_id"]]
            similarity = similarity_of(asked, words)
            if similarity < limit:
                continue
            joined = odds_of_part(song, part, mood, WORDS_WEIGHT * trust * (similarity - limit))
            if joined is None:
                continue
            weight, odds = joined[0], round(joined[1], 9)
            band = BAND * round(odds / BAND)
            fit = weight / (1 + math.exp(-band))
            order = math.exp(-band) if part.near is not None else -fit
            other = 0.0 if part.near is not None else -band
            found.append(((order, other, 0, -popularity, -odds, song["rank"]), song))
        elif part.near is not None:
            if mood in part.near.moods:
                away = math.dist(part.near.target, (song["valence"], song["energy"]))
                found.append(((away, 0.0, 1, 0.0, 0.0, song["rank"]), song))
        elif mood in part.weights:
            fit = part.weights[mood] / (1 + math.exp(-song["margin"]))
            key = (-fit, -song["margin"], 1, -popularity, 0.0, song["song_id"])
            found.append((key, song))
    return [song for _, song in sorted(found, key=lambda one: one[0])]


# ---- what Hypothesis draws --------------------------------------------------------------------

SHARES = st.lists(st.sampled_from(WORDS), min_size=1, max_size=3, unique=True).map(
    lambda words: [(word, round(1 / len(words), 6)) for word in words]
)
PARTS = st.sampled_from(
    [
        [(1.0, "sad")],
        [(1.0, "calm")],
        [(1.0, "tense")],
        [(1.0, "content")],
        [(0.6, "sad"), (0.4, "happy")],
        [(0.5, "gloomy"), (0.3, "peaceful"), (0.2, "relaxed")],
    ]
)

#: Words for each part of a request.
ASKED = st.lists(SHARES, min_size=3, max_size=3)


def lyrics_for(songs):
    ids = [song["song_id"] for song in songs]
    one = st.tuples(SHARES, st.sampled_from([0.2, 0.5, 0.8, 1.0]))
    return st.dictionaries(st.sampled_from(ids), one, max_size=len(ids))


class TestOverRandomCatalogues:
    @settings(max_examples=300)
    @given(catalogues(), PARTS, ASKED, st.sampled_from([0.0, 0.2, 0.45, 0.7, 1.0]), st.data())
    def test_the_order_is_as_stated(self, songs, parts, asked, limit, data):
        told = data.draw(lyrics_for(songs))
        wish = data.draw(wishes(songs))
        moved = data.draw(corrections(songs))
        with open_songs(songs) as catalogue:
            add_lyrics(catalogue, songs, told)
            request = request_of(parts, *(ask_words(catalogue, one, limit) for one in asked))
            found = rank_songs(catalogue, request, wish, corrections=moved).songs
            again = rank_songs(catalogue, request, wish, corrections=moved).songs
        assert found == again
        wanted = [
            (share, reference(songs, part, wish, moved, told=told, asked=words, limit=limit))
            for (share, part), words in zip(request.parts, asked, strict=False)
        ]
        expected = [song["song_id"] for song in take_in_turn(wanted, wish, wish.n)]
        assert [song["song_id"] for song in found] == expected

    @settings(max_examples=200)
    @given(catalogues(), PARTS, ASKED, st.sampled_from([0.0, 0.45, 0.7]), st.data())
    def test_every_wish_holds(self, songs, parts, asked, limit, data):
        told = data.draw(lyrics_for(songs))
        wish = data.draw(wishes(songs, minutes=data.draw(st.booleans()), pools=True))
        stand_ins = data.draw(st.sampled_from([{}, {"gloomy": "tense"}, {"happy": "calm"}]))
        with open_songs(songs, stand_ins) as catalogue:
            add_lyrics(catalogue, songs, told)
            request = request_of(parts, *(ask_words(catalogue, one, limit) for one in asked))
            trained = make_trained(catalogue)
            try:
                document, notes = answer_request(trained, request, wish)
            except SettingsError as error:
                check_refusal(str(error))
                assert rank_songs(catalogue, request, wish).songs == []
                return
            assert answer_request(trained, request, wish) == (document, notes)
        by_id = {song["song_id"]: song for song in songs}
        listed = [by_id[song["song_id"]] for song in document["songs"]]
        works = [song["work_id"] for song in listed]
        artists = [song["artist_id"] for song in listed]
        assert len(set(works)) == len(works)
        assert max(map(artists.count, artists)) <= wish.max_per_artist
        for song, shown in zip(listed, document["songs"], strict=True):
            assert meets(song, wish)
            assert song["work_id"] not in wish.never
            assert song["mood"] != SPOKEN
            assert shown["score"] in scores_by_sound(song, request)
            if counts(told, song):
                near = [similarity_of(words, told[song["song_id"]][0]) for words in asked]
                assert shown["similarity"] in near[: len(parts)]
                assert shown["similarity"] >= limit
                assert set(shown["words"]) <= dict(told[song["song_id"]][0]).keys()
            else:
                assert shown["similarity"] is None
                assert shown["words"] == []

    @given(catalogues(), PARTS, st.data())
    def test_without_lyrics_that_count_it_is_the_walk_by_sound(self, songs, parts, data):
        wish = data.draw(wishes(songs))
        told = {song["song_id"]: ([("joy", 1.0)], 0.4) for song in songs[::2]}
        with open_songs(songs) as catalogue:
            add_lyrics(catalogue, songs, told)
            match = ask_words(catalogue, [("grief", 1.0)], 0.9)
            assert not match.lyrics.ranks
            by_words = rank_songs(catalogue, request_of(parts, match), wish).songs
            by_sound = rank_songs(catalogue, request_of(parts, None), wish).songs
        assert by_words == by_sound


def scores_by_sound(song, request):
    """List what a song may be shown to score, whatever its words say."""
    found = [1 / (1 + math.exp(-song["margin"])), 1 / (1 + math.exp(max(song["margin"], 0.0)))]
    found = [
        weight * p
        for _, part in request.parts
        for weight in {1.0, *part.weights.values()}
        for p in found
    ]
    places = [part.near.target for _, part in request.parts if part.near is not None]
    found += [1 / (1 + math.dist(place, (song["valence"], song["energy"]))) for place in places]
    return [pytest.approx(score) for score in found]


def check_refusal(text):
    """A refusal names wishes and counts, or one wish that nothing meets."""
    assert re.search(r"contradict each other in this catalogue|the catalogue has no", text), text


# ---- single properties, by hand -----------------------------------------------------------------


def ids_of(songs, told, asked, *, limit=0.5, parts=((1.0, "sad"),), **wished):
    with open_songs(songs) as catalogue:
        add_lyrics(catalogue, songs, told)
        request = request_of(parts, ask_words(catalogue, asked, limit))
        document, notes = answer_request(make_trained(catalogue), request, Constraints(**wished))
    return [song["song_id"] for song in document["songs"]], document, notes


GRIEF, JOY, REST = ([("grief", 1.0)], 1.0), ([("joy", 1.0)], 1.0), ([("rest", 1.0)], 1.0)


class TestByHand:
    def test_words_raise_a_song_and_others_are_left_out(self):
        songs = [
            make_song(name, "sad", margin) for name, margin in zip("abc", (3, 2, 1), strict=True)
        ]
        found, document, _ = ids_of(songs, {"c": GRIEF, "b": JOY}, [("grief", 1.0)])
        # 1 + 4 * (1 - .5) = 3, level with a, which has no lyrics; b speaks of joy
        assert found == ["c", "a"]
        first = document["songs"][0]
        assert first["why"].startswith("its lyrics are near grief; ")
        # words move its place alone
        scores = [song["score"] for song in document["songs"]]
        assert scores == pytest.approx([1 / (1 + math.exp(-1)), 1 / (1 + math.exp(-3))])
        assert (first["similarity"], first["words"]) == (1.0, ["grief"])

    def test_trust_weakens_words(self):
        songs = [make_song("a", "sad", 2.0), make_song("b", "sad", 1.0)]
        assert ids_of(songs, {"b": (GRIEF[0], 1.0)}, [("grief", 1.0)])[0] == ["b", "a"]
        assert ids_of(songs, {"b": (GRIEF[0], 0.5)}, [("grief", 1.0)], limit=0.8)[0] == ["a", "b"]

    def test_lyrics_of_another_song_count_for_nothing(self):
        songs = [make_song("a", "sad", 2.0), make_song("b", "sad", 1.0)]
        told = {"a": (JOY[0], 0.49), "b": (GRIEF[0], 0.49)}
        assert ids_of(songs, told, [("grief", 1.0)])[0] == ["a", "b"]

    def test_the_popular_comes_first_within_a_band(self):
        songs = [
            make_song("a", "sad", 1.05, popularity=10),
            make_song("b", "sad", 1.0, popularity=90),
            make_song("c", "sad", 0.6, popularity=99),
            make_song("d", "sad", 1.02),
        ]
        told = dict.fromkeys("abcd", GRIEF)
        assert ids_of(songs, told, [("grief", 1.0)])[0] == ["b", "a", "d", "c"]

    def test_a_song_of_another_mood_needs_words_that_outweigh_its_sound(self):
        songs = [
            make_song("a", "sad", 0.0),
            make_song("b", "happy", 1.9),
            make_song("c", "happy", 2.0),
        ]
        found, document, _ = ids_of(songs, {"b": GRIEF, "c": GRIEF}, [("grief", 1.0)])
        # -1.9 + 2 is above 0, -2 + 2 is not; rounded it is level with a, which has no lyrics
        assert found == ["b", "a"]
        assert {song["mood"] for song in document["songs"]} == {"sad", "happy"}
        # what its margin leaves to the quarter asked for, at most
        assert document["songs"][0]["score"] == pytest.approx(1 / (1 + math.exp(1.9)))

    def test_a_song_of_another_mood_of_the_quarter_scores_as_its_quarter_does(self):
        songs = [make_song("a", "gloomy", 1.5), make_song("b", "sad", 0.1)]
        found, document, _ = ids_of(songs, {"a": GRIEF}, [("grief", 1.0)])
        assert found == ["a", "b"]
        assert document["songs"][0]["score"] == pytest.approx(1 / (1 + math.exp(-1.5)))

    def test_a_spoken_track_is_never_admitted(self):
        songs = [make_song("a", "sad"), make_song("b", SPOKEN, 0.0)]
        assert ids_of(songs, {"b": GRIEF}, [("grief", 1.0)])[0] == ["a"]

    def test_near_a_place_words_bring_a_song_nearer(self):
        songs = [
            make_song("a", "calm", valence=0.7, energy=0.45),
            make_song("b", "calm", valence=0.7, energy=0.6),
        ]
        told = {"b": REST}
        assert ids_of(songs, {}, [("rest", 1.0)], parts=[(1.0, "peaceful")])[0] == ["a", "b"]
        found, document, _ = ids_of(songs, told, [("rest", 1.0)], parts=[(1.0, "peaceful")])
        assert found == ["b", "a"]
        # shrunk by exp(-2) in the order alone
        assert document["songs"][0]["distance"] == pytest.approx(0.2)
        assert document["songs"][0]["score"] == pytest.approx(1 / 1.2)

    def test_filters_hold_for_songs_with_lyrics(self):
        songs = [
            make_song("a", "sad", 3.0, year=1960),
            make_song("b", "sad", 1.0, year=2020, genres="rock"),
            make_song("c", "sad", 1.0, year=2020, genres="jazz"),
            make_song("d", "happy", 0.0, year=2020, genres="rock"),
        ]
        told = dict.fromkeys("abcd", GRIEF)
        assert ids_of(songs, told, [("grief", 1.0)], year_from=2000, genre="rock")[0] == ["b", "d"]

    def test_shortages_tell_what_the_limit_costs(self):
        songs = [make_song(name, "sad", 1.0) for name in "abc"]
        _, _, notes = ids_of(songs, {"a": GRIEF, "b": JOY, "c": JOY}, [("grief", 1.0)])
        assert any("--min-similarity 0.5 costs 2" in text for text in notes)

    def test_where_none_is_near_enough_the_limit_is_named(self):
        songs = [make_song(name, "sad", 1.0) for name in "ab"]
        with pytest.raises(
            SettingsError, match=r"the mood sad.* and --min-similarity 0\.5|--min-sim"
        ):
            ids_of(songs, {"a": JOY, "b": JOY}, [("grief", 1.0)])

    def test_the_score_is_explained(self):
        songs = [make_song("a", "sad")]
        with open_songs(songs) as catalogue:
            add_lyrics(catalogue, songs, {"a": GRIEF})
            request = request_of([(1.0, "sad")], ask_words(catalogue, [("grief", 1.0)], 0.5))
            notes = model_notes(make_trained(catalogue), request, for_listener=False)
            assert notes[0] == (
                "Score: how probable the quarter asked for is beside the next likely one."
            )
            assert "ordered by that score and by how near their words come" in notes[1]

    def test_a_word_that_hardly_adds_is_not_named(self):
        songs = [make_song(name, "sad") for name in "abc"]
        told = {
            "a": ([("grief", 0.7), ("hope", 0.3)], 1.0),  # .7 and .06
            "b": ([("grief", 0.3), ("anger", 0.7)], 1.0),  # .3 and .28
            "c": ([("grief", 0.4), ("anger", 0.3), ("rest", 0.3)], 1.0),  # two at most
        }
        _, document, _ = ids_of(songs, told, [("grief", 1.0)], limit=0.1)
        named = {song["song_id"]: song["words"] for song in document["songs"]}
        assert named == {"a": ["grief"], "b": ["grief", "anger"], "c": ["grief", "anger"]}

    @pytest.mark.parametrize("limit", [-0.1, 1.01, math.nan])
    def test_a_limit_that_means_nothing_is_refused(self, limit):
        with pytest.raises(SettingsError, match="--min-similarity"):
            check_limit(limit)


class TestTheWords:
    @given(
        st.lists(st.lists(st.sampled_from(range(5)), max_size=5, unique=True), max_size=8),
        st.data(),
    )
    def test_all_songs_at_once_are_as_each_by_itself(self, songs, data):
        levels = st.sampled_from([0.0, 0.125, 0.3, 0.9])
        near = data.draw(st.lists(levels, min_size=5, max_size=5))
        words = [[(word, 1 / len(song)) for word in song] for song in songs]
        rows = [(i, word, weight) for i, song in enumerate(words) for word, weight in song]
        table = SongWords(len(songs), data.draw(st.permutations(rows)))
        found = table.similarities(near)
        assert found == pytest.approx([song_similarity(song, near) for song in words], abs=1.1e-6)
        assert [table.words_of(i) for i in range(len(songs))] == [sorted(song) for song in words]

    def test_a_set_s_lyrics_are_opened_with_its_limit(self, monkeypatch):
        songs = [make_song(name, "sad") for name in "ab"]
        vectors = np.eye(len(WORDS), 512, dtype=np.float16)
        facts = {"min_similarity": 0.25, "vocabulary": {"grief": ["grief", "mourning"]}}
        monkeypatch.setattr(store_lyrics, "read_lyric_facts", lambda trained: facts)
        monkeypatch.setattr(store_lyrics, "open_vectors", lambda trained, name: vectors)
        with open_songs(songs) as catalogue:
            assert open_lyrics(make_trained(catalogue)) is None
            add_lyrics(catalogue, songs, {"a": GRIEF, "b": JOY})
            lyrics = open_lyrics(make_trained(catalogue))
            asked = words_asked("in mourning", None, (0.1, 0.3), lyrics)
            match = LyricMatch(lyrics, asked, lyrics.limit)
        assert lyrics.limit == 0.25
        assert match.asked[0][0] == "grief"
        first = ranked(songs)[0]
        assert match.similarity[first["rank"]] >= 0.25
        assert match.shared_words(first["rank"]) == ["grief"]
        assert match.shared_words(99) == []

    def test_a_narrow_vocabulary_is_not_asked_for_what_it_lacks(self):
        vectors = np.eye(1, 512, dtype=np.float32)
        lyrics = SimpleNamespace(
            query=open_emotion_query(["adoration"], vectors, [(0.9, 0.6)]), places=[(0.9, 0.6)]
        )
        assert words_asked("very sad", vectors[0], (0.15, 0.3), lyrics) == []
        assert words_asked("in love", vectors[0], (0.9, 0.7), lyrics) == [(0, 1.0)]


class TestReadingLittle:
    def test_the_walk_by_sound_stops_early(self):
        songs = [make_song(f"{i:04d}", "sad", 5 - i / 400, work_id=i) for i in range(2000)]
        told = {f"{i:04d}": JOY for i in range(0, 2000, 2)}
        with open_songs(songs) as catalogue:
            add_lyrics(catalogue, songs, told)
            request = request_of([(1.0, "sad")], ask_words(catalogue, [("grief", 1.0)], 0.5))
            steps = 0

            def count():
                nonlocal steps
                steps += 1

            catalogue.set_progress_handler(count, 100)
            found = rank_songs(catalogue, request, Constraints(5)).songs
            catalogue.set_progress_handler(None, 0)
        assert [song["song_id"] for song in found] == ["0001", "0003", "0005", "0007", "0009"]
        assert steps < 100, "one look a song of 2,000 would take more"
