"""What asking for a mood costs: tags, orders, tallies, the report, its plot and the check."""

import argparse
import csv

import numpy as np
import pytest
from conftest import CLEAR_SONGS
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy.sparse import csr_matrix

from scripts.checks import mood_cost as check
from scripts.errors import DataError, SettingsError
from scripts.evaluation.mood_cost import (
    MEASURES,
    SCALES,
    TASTES,
    Catalogue,
    best_matches,
    find_relevant,
    make_catalogue,
    order_pool,
    put_on_scale,
    quadrant_shares,
    tally_curve,
    tally_lists,
    tally_order,
)
from scripts.evaluation.mood_cost_plot import draw_mood_cost
from scripts.evaluation.mood_cost_report import (
    choose_taste,
    find_place,
    list_moods,
    make_draws,
    mean_of_tally,
    tell_choice,
    tell_curves,
    tell_moods,
    tell_order,
)
from scripts.evaluation.mood_tags import MOOD_TAGS, count_mood_tags, leading_moods, mood_of_tag
from scripts.moods.vocabulary import QUADRANTS, quadrant_of_word
from scripts.playlists.history import TASTE

ORDERS = ((None, "normal_score"), (8, "percentile"))


def matrix(dense):
    return csr_matrix(np.asarray(dense, dtype=np.float32))


def clear_catalogue(n_each=10):
    """Artists of four clear moods, the same by sound and by tags."""
    told = np.repeat(np.arange(4), n_each)
    match = np.full((len(told), 4), 0.1)
    match[np.arange(len(told)), told] = 0.7 - 0.001 * np.arange(len(told))
    return Catalogue(np.arange(len(told)), match, told)


class TestTags:
    @pytest.mark.parametrize("quadrant", QUADRANTS)
    def test_words_of_the_vocabulary_keep_their_quadrant(self, quadrant):
        known = [word for word in MOOD_TAGS[quadrant] if quadrant_of_word(word) is not None]
        assert known
        assert {quadrant_of_word(word) for word in known} == {quadrant}

    def test_no_word_tells_of_two_moods(self):
        words = [word for words in MOOD_TAGS.values() for word in words]
        assert len(words) == len(set(words))

    @pytest.mark.parametrize(
        ("tag", "mood"),
        [("Chill-Out", 3), ("happy music", 0), ("SAD", 2), ("aggressive", 1), ("sad songs", 2)],
    )
    def test_spellings(self, tag, mood):
        assert mood_of_tag(tag) == mood

    @pytest.mark.parametrize("tag", ["dark", "music", "happy hardcore", "not sad", "rock", ""])
    def test_what_tells_of_no_mood(self, tag):
        assert mood_of_tag(tag) == -1

    def test_taggings_are_counted_by_artist_and_mood(self):
        counts = count_mood_tags(
            np.array([0, 0, 2, 2]), np.array([0, 1, 2, 0]), ["happy", "chillout", "rock"], 3
        )
        assert counts.tolist() == [[1, 0, 0, 1], [0, 0, 0, 0], [1, 0, 0, 0]]
        assert leading_moods(counts).tolist() == [-1, -1, 0]


class TestCatalogue:
    def test_shares_of_the_quadrants_sum_to_one(self):
        shares = quadrant_shares(np.random.default_rng(0).random((50, 2)))
        assert np.allclose(shares.sum(axis=1), 1)
        assert quadrant_shares(np.array([[0.1, 0.9]])).argmax() == QUADRANTS.index("angry")

    def test_items_of_one_name_share_its_songs_and_those_without_are_left_out(self):
        shares = np.array([[1.0, 0, 0, 0], [0.0, 0, 0, 1], [0.0, 0, 0, 1]])
        made = make_catalogue(
            np.array([0, 1, -1]), shares, np.array([0, 2, 0, 1]), np.zeros((4, 4), dtype=np.int64)
        )
        assert made.items.tolist() == [0, 2, 3]
        assert (made.match[0] == made.match[1]).all()
        assert made.match.argmax(axis=1).tolist() == [0, 0, 3]
        assert (made.told == -1).all()

    def test_many_songs_tell_more_than_one(self):
        shares = np.array([[1.0, 0, 0, 0]] * 9 + [[0.0, 0, 1, 0]])
        keys = np.array([0] * 8 + [1, 2])
        made = make_catalogue(keys, shares, np.arange(3), np.zeros((3, 4), dtype=np.int64))
        assert made.match[0, 0] > made.match[1, 0] > made.match[2, 0]


class TestOrder:
    @pytest.mark.parametrize("scale", SCALES)
    @given(values=arrays.arrays(np.float64, (2, 7), elements=st.floats(-5, 5)))
    def test_a_scale_keeps_the_order(self, scale, values):
        scores = put_on_scale(values, scale)
        for row, scored in zip(values, scores, strict=True):
            assert len(set(scored.tolist())) == 7
            assert row[np.argsort(-scored)].tolist() == sorted(row, reverse=True)

    def test_normal_scores_are_a_fifth_of_normal_quantiles(self):
        from scipy.stats import norm

        values = np.arange(1000.0)[None]
        exact = norm.ppf((np.arange(1000) + 0.5) / 1000)
        assert np.allclose(4.91 * put_on_scale(values, "normal_score")[0], exact, atol=0.08)

    def test_a_pool_holds_the_best_matches(self):
        assert best_matches(np.array([0.2, 0.9, 0.5, 0.9]), 2).tolist() == [1, 3]
        assert best_matches(np.array([0.2, 0.9]), None).tolist() == [0, 1]

    @pytest.mark.parametrize("scale", SCALES)
    def test_the_ends_are_mood_alone_and_taste_alone(self, scale):
        rng = np.random.default_rng(3)
        scores, match = rng.random((4, 60)).astype(np.float32), rng.random(60)
        scores[0, np.argmax(match)] = -np.inf  # heard
        lists = list(order_pool(scores, match, None, scale))
        assert len(lists) == len(TASTES)
        assert lists[0][1].tolist() == np.argsort(-match)[:10].tolist()
        assert lists[0][0].tolist() == np.argsort(-match)[1:11].tolist()
        assert lists[-1].tolist() == np.argsort(-scores, axis=1)[:, :10].tolist()

    def test_nothing_outside_the_pool_or_heard_is_listed(self):
        scores = np.ones((1, 30), dtype=np.float32)
        scores[0, :3] = -np.inf
        for lists in order_pool(scores, np.linspace(1, 0, 30), 8, "percentile"):
            assert sorted(lists[0].tolist()) == [-1] * 5 + [3, 4, 5, 6, 7]


class TestTallies:
    def test_a_list_by_hand(self):
        catalogue = Catalogue(
            np.arange(4),
            np.array([[7, 1, 1, 1], [6, 2, 1, 1], [1, 1, 7, 1], [1, 1, 1, 7]]) / 10,
            np.array([0, 2, -1, 0]),
        )
        relevant = find_relevant(matrix([[0, 1, 0, 1]]), catalogue)
        lists = np.full((1, 10), -1)
        lists[0, :3] = [0, 1, 2]
        tally = tally_lists(lists, 0, relevant, catalogue)[0]
        ideal = 1 + 1 / np.log2(3)
        assert tally[MEASURES.index("ndcg@10")] == pytest.approx([(1 / np.log2(3)) / ideal, 1])
        # of the held-out artists only the last is told to be happy, and it is not listed
        assert tally[MEASURES.index("mood_ndcg@10")].tolist() == [0, 1]
        assert tally[MEASURES.index("precision_by_tags")].tolist() == [1, 2]
        assert tally[MEASURES.index("precision_by_sound")].tolist() == [2, 3]

    def test_a_listener_with_nothing_held_out_has_no_say(self):
        catalogue = clear_catalogue()
        relevant = find_relevant(matrix(np.zeros((1, 40))), catalogue)
        tally = tally_lists(np.arange(10)[None], 0, relevant, catalogue)
        assert tally[0, :2].tolist() == [[0, 0], [0, 0]]

    def test_mood_alone_is_all_mood_and_taste_alone_all_taste(self):
        catalogue = clear_catalogue()
        held = np.zeros((6, 40))
        held[:, 30:34] = 1  # everybody goes on to relaxed artists
        score = lambda X: np.tile(held[0], (X.shape[0], 1)).astype(np.float32)  # noqa: E731
        kept = matrix(np.eye(6, 40))
        tally = tally_curve(score, kept, matrix(held), catalogue, orders=ORDERS)
        sums = tally.by_listener.sum(axis=2)
        ratio = sums[0, ..., 0] / np.maximum(sums[0, ..., 1], 1)
        tags = MEASURES.index("precision_by_tags")
        assert ratio[0, 1:, tags].tolist() == [1, 1, 1]
        assert ratio[0, 0, tags] == pytest.approx((9 * 6 + 0) / 60)  # one happy artist is heard
        assert ratio[-1, :, MEASURES.index("ndcg@10")].tolist() == [1, 1, 1, 1]
        # asked for relaxed, mood and taste want the same: nothing is lost at any t
        assert ratio[5, 3, MEASURES.index("ndcg@10")] == 1
        assert tally.by_artist[0].sum(axis=-1).tolist() == [[60] * 4] * len(TASTES)

    def test_blocks_change_nothing(self, monkeypatch):
        rng = np.random.default_rng(1)
        kept, held = matrix(rng.random((7, 40)) < 0.2), matrix(rng.random((7, 40)) < 0.1)
        weights = rng.random((40, 40)).astype(np.float32)
        one = tally_order(lambda X: X @ weights, kept, held, clear_catalogue())
        monkeypatch.setattr("scripts.evaluation.mood_cost._BLOCK", 3)
        many = tally_order(lambda X: X @ weights, kept, held, clear_catalogue())
        assert (one.by_listener == many.by_listener).all()
        assert (one.by_artist == many.by_artist).all()


def small_report(n=12):
    catalogue = clear_catalogue()
    rng = np.random.default_rng(5)
    kept, held = matrix(rng.random((n, 40)) < 0.2), matrix(rng.random((n, 40)) < 0.2)
    weights = rng.random((40, 40)).astype(np.float32)
    tally = tally_curve(lambda X: X @ weights, kept, held, catalogue, orders=ORDERS)
    baseline = tally_order(lambda X: np.tile(X.sum(axis=0), (X.shape[0], 1)), kept, held, catalogue)
    draws = make_draws(n, catalogue)
    return (
        {
            "model": "ease",
            "seeds": 1,
            "history": {"listeners": n},
            "coverage": {"artists": 40, "artists_with_mood_tags": 40},
            "moods": tell_moods(catalogue),
            "baselines": {"random": tell_order(baseline, draws)},
            "orders": tell_curves(tally, tally, draws, orders=ORDERS, program=0.7),
        },
        tally,
        draws,
    )


class TestReport:
    def test_every_value_lies_in_its_interval_and_in_range(self):
        report, _, _ = small_report()
        for order in report["orders"]:
            assert [point["taste"] for point in order["curve"]] == list(TASTES)
            for point in order["curve"]:
                for name in MEASURES:
                    low, high = point[name]["interval"]
                    assert -1e-9 <= low <= point[name]["value"] <= high <= 1 + 1e-9

    def test_taste_alone_changes_nothing_against_itself(self):
        report, tally, draws = small_report()
        order = report["orders"][0]
        points = order["curve"]
        change = order["change_from_taste_alone"]["mood_alone"]
        for name in MEASURES:
            gain = points[0][name]["value"] - points[-1][name]["value"]
            assert change[name]["value"] == pytest.approx(gain, abs=2e-4)
        assert change["precision_by_tags"]["value"] > 0.3
        heard_out = tally._replace(by_listener=tally.by_listener[0, 0])
        # some of the ten artists of a mood are heard, so others fill the list
        assert mean_of_tally(heard_out, draws.moods)[MEASURES.index("precision_by_tags")] > 0.7

    def test_the_best_point_of_the_validation_is_chosen(self):
        _, tally, draws = small_report()
        points = [tally._replace(by_listener=part) for part in tally.by_listener[0]]
        wanted = [
            mean_of_tally(point, draws.moods)[MEASURES.index("mood_ndcg@10")] for point in points
        ]
        assert choose_taste(points, draws.moods) == int(np.argmax(wanted))

    def test_the_programs_point_is_held_against_the_chosen_one_under_every_order(self):
        report, _, _ = small_report()
        rows = tell_choice(report["orders"])
        assert [(row["pool"], row["scale"]) for row in rows] == [
            ("all", "normal_score"),
            (8, "percentile"),
        ]
        for row, order in zip(rows, report["orders"], strict=True):
            chosen = order["curve"][find_place(row["chosen_taste"])]["mood_ndcg@10"]
            program = order["curve"][7]["mood_ndcg@10"]
            assert order["change_from_taste_alone"]["program"]["taste"] == 0.7
            assert row["at_chosen"] == chosen
            apart = row["program_less_chosen"]
            assert apart["value"] == pytest.approx(program["value"] - chosen["value"], abs=2e-4)
            assert apart["interval"][0] <= apart["value"] <= apart["interval"][1]
            # validation and test are the same here, so no other point is above the chosen one
            assert apart["value"] <= 0
            assert max(order["validation"].values()) == pytest.approx(chosen["value"], abs=1e-4)

    def test_moods_of_few_artists_are_in_no_mean(self):
        told = np.concatenate([np.zeros(40), np.full(5, 1), np.full(40, 2), [-1]]).astype(np.int64)
        catalogue = Catalogue(np.arange(86), np.full((86, 4), 0.25), told)
        assert list_moods(catalogue) == [0, 2]
        assert tell_moods(catalogue)["in_means"] == ["happy", "sad"]
        assert list_moods(clear_catalogue(2)) == [0, 1, 2, 3]  # all are few


class TestPlot:
    def test_the_same_report_gives_the_same_file(self, tmp_path):
        report, _, _ = small_report()
        first = draw_mood_cost(tmp_path / "a.png", report).read_bytes()
        assert draw_mood_cost(tmp_path / "b.png", report).read_bytes() == first
        assert first.startswith(b"\x89PNG")

    def test_a_place_that_cannot_be_written(self, tmp_path):
        (tmp_path / "file").write_text("")
        with pytest.raises(SettingsError, match=r"--plot .*cannot be written"):
            draw_mood_cost(tmp_path / "file" / "a.png", small_report()[0])


def write_hetrec(folder, *, tags=True, n_listeners=24):
    """Listeners who each love the artists of one mood; tags say which these are."""
    folder.mkdir()
    moods = list(CLEAR_SONGS)
    artists = [f"{mood.title()} Artist {letter}" for mood in moods for letter in "ABCDE"]
    header = "id\tname\turl\tpictureURL"
    rows = [f"{k}\t{name}\tu\tp" for k, name in enumerate([*artists, "Nobody's Songs"], start=1)]
    (folder / "artists.dat").write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    plays = ["userID\tartistID\tweight"]
    for user in range(1, n_listeners + 1):
        loved = 5 * (user % 4)
        plays += [f"{user}\t{loved + k}\t{10 * k}" for k in range(1, 6)] + [f"{user}\t21\t3"]
        plays.append(f"{user}\t{1 + (loved + user) % 20}\t1")
    (folder / "user_artists.dat").write_text("\n".join(dict.fromkeys(plays)) + "\n")
    if tags:
        named = [f"{k}\t{mood}" for k, mood in enumerate(moods, start=1)]
        (folder / "tags.dat").write_text("\n".join(["tagID\ttagValue", *named]) + "\n")
        given_ = [f"1\t{k + 1}\t{1 + k // 5}\t1\t4\t2009" for k in range(20)]
        told = ["userID\tartistID\ttagID\tday\tmonth\tyear", *given_]
        (folder / "user_taggedartists.dat").write_text("\n".join(told) + "\n")
    return folder


def run_check(*arguments):
    parser = argparse.ArgumentParser()
    check.add_parser(parser.add_subparsers())
    options = parser.parse_args(["mood_cost", *map(str, arguments)])
    return options.check(options)


class TestCheck:
    @pytest.fixture(autouse=True)
    def few_orders(self, monkeypatch):
        """Two orders and a hundred draws: the same steps in less time."""
        monkeypatch.setattr(check, "ORDERS", ORDERS)
        monkeypatch.setattr("scripts.evaluation.mood_cost_report.N_DRAWS", 100)

    def test_the_document(self, tmp_path, tiny_songs):
        history = write_hetrec(tmp_path / "hetrec")
        plot = tmp_path / "plot.png"
        told = run_check("--history", history, "--songs", tiny_songs, "--seeds", 2, "--plot", plot)
        assert told["coverage"]["artists"] == 20
        assert told["coverage"]["share_of_artists"] == pytest.approx(20 / 21, abs=1e-3)
        assert told["moods"]["sound_agrees_with_tags"] == 1
        assert told["moods"]["by_chance"] == 0.25
        assert told["mood_words"]["angry"] == {"angry": 5}
        first = told["orders"][0]
        assert first["curve"][0]["precision_by_sound"]["value"] <= 1
        change = first["change_from_taste_alone"]["mood_alone"]
        assert change["ndcg@10"]["value"] < 0
        assert set(told["baselines"]) == {"random", "popularity"}
        assert told["program_taste"] == TASTE
        assert len(told["choice"]) == len(ORDERS)
        assert plot.stat().st_size > 10_000

    def test_the_same_input_gives_the_same_document(self, tmp_path, tiny_songs):
        history = write_hetrec(tmp_path / "hetrec")
        arguments = ("--history", history, "--songs", tiny_songs, "--seeds", 1)
        assert repr(run_check(*arguments)) == repr(run_check(*arguments))

    def test_no_tags_of_moods(self, tmp_path, tiny_songs):
        history = write_hetrec(tmp_path / "hetrec", tags=False)
        with pytest.raises(DataError, match="no artist that has songs has a mood tag"):
            run_check("--history", history, "--songs", tiny_songs)

    def test_songs_of_other_artists(self, tmp_path, tiny_songs):
        history = write_hetrec(tmp_path / "hetrec")
        with tiny_songs.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        other = tmp_path / "other.csv"
        with other.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(row | {"artists": f"Unheard {n}"} for n, row in enumerate(rows))
        with pytest.raises(DataError, match=r"other\.csv: none of the 21 artists"):
            run_check("--history", history, "--songs", other)

    @pytest.mark.parametrize("seeds", [0, 51])
    def test_too_few_or_too_many_seeds(self, tiny_songs, seeds):
        with pytest.raises(SettingsError, match=rf"--seeds {seeds}: give a number from 1 to 50"):
            run_check("--history", "nowhere", "--songs", tiny_songs, "--seeds", seeds)

    def test_real_histories_meet_real_songs(self, shared_data):
        inputs = check.read_history_input(shared_data / "history", min_play_seconds=30.0)
        songs = [shared_data / "songs" / "spotify_songs.csv"]
        catalogue, coverage = check.read_catalogue(inputs, songs)
        assert coverage["share_of_listens"] > coverage["share_of_artists"] > 0.05
        told = tell_moods(catalogue)
        assert told["sound_agrees_with_tags"] > told["by_chance"]
