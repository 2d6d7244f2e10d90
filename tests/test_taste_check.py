"""The check ``taste`` on a small collection whose right answer anyone can see, and its parts."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from scripts.checks import taste
from scripts.checks.taste_inputs import read_history_input, read_split_input
from scripts.checks.taste_side import find_families, make_side_source, tell_block_coverage
from scripts.errors import DataError, SettingsError
from scripts.evaluation import taste_contenders
from scripts.evaluation.taste_contenders import (
    Contender,
    fit_contender,
    fit_remembered,
    hide,
    merge_settings,
)
from scripts.evaluation.taste_metrics import ACCURACY, SPREAD
from scripts.evaluation.taste_splits import split_by_chance, to_matrix
from scripts.evaluation.taste_trial import choose_settings, run_trial
from scripts.evaluation.taste_tuning_grid import BLOCKS, PURE, list_contenders, list_needed
from scripts.learning.taste_als import REQUIREMENT
from scripts.store.writing import to_json
from scripts.text.names import artist_key

CAMPS, EACH, LISTENERS = 4, 15, 80
TAGS = ("metal", "jazz", "folk", "techno", "loud", "quiet")


def write_rows(path: Path, header: str, rows: list[tuple[int, ...]]) -> Path:
    lines = [header, *("\t".join(map(str, row)) for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def hetrec(tmp_path_factory) -> Path:
    """Listeners of four camps who play and tag their camp's artists alone."""
    folder = tmp_path_factory.mktemp("hetrec")
    rng = np.random.default_rng(0)
    plays, tagged = [], []
    for listener in range(LISTENERS):
        camp = listener % CAMPS
        for artist in np.sort(rng.choice(EACH, 10, replace=False)).tolist():
            number = 100 + camp * EACH + artist
            plays.append((listener + 1, number, int(rng.integers(1, 500))))
            if rng.random() < 0.5:
                for tag in (camp + 1, 5 + camp % 2):
                    tagged.append((listener + 1, number, tag, 1, 4, 2009))
    write_rows(folder / "user_artists.dat", "userID\tartistID\tweight", plays)
    write_rows(
        folder / "user_taggedartists.dat", "userID\tartistID\ttagID\tday\tmonth\tyear", tagged
    )
    artists = [(100 + i, f"Artist {i}", "u", "p") for i in range(CAMPS * EACH)]
    write_rows(folder / "artists.dat", "id\tname\turl\tpictureURL", artists)
    write_rows(folder / "tags.dat", "tagID\ttagValue", list(enumerate(TAGS, 1)))
    return folder


@pytest.fixture(scope="module")
def split(hetrec, tmp_path_factory) -> tuple[Path, Path]:
    """A fifth of each listener's rows as the test, beside the companions."""
    header, *rows = (hetrec / "user_artists.dat").read_text(encoding="utf-8").splitlines()
    held = {10 * i + place for i in range(LISTENERS) for place in (i % 10, (i + 3) % 10)}
    train = [row for i, row in enumerate(rows) if i not in held]
    test = [row for i, row in enumerate(rows) if i in held]
    folder = tmp_path_factory.mktemp("split")
    for name in ("artists.dat", "tags.dat", "user_taggedartists.dat"):
        (folder / name).write_bytes((hetrec / name).read_bytes())
    (folder / "train.dat").write_text("\n".join([header, *train]) + "\n", encoding="utf-8")
    (folder / "test.dat").write_text("\n".join([header, *test]) + "\n", encoding="utf-8")
    return folder / "train.dat", folder / "test.dat"


def parse(*told: object) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    taste.add_parser(parser.add_subparsers(required=True))
    return parser.parse_args(["taste", *map(str, told)])


def check(*told: object) -> dict:
    options = parse(*told)
    return options.check(options)


@pytest.fixture(scope="module")
def report(split) -> dict:
    train, test = split
    models = "random,popularity,item-knn,ease,ease+side"
    return check("--train", train, "--test", test, "--models", models, "--full")


class TestDocument:
    def test_scores_are_plain_numbers_with_intervals(self, report):
        told = json.loads(to_json(report))
        assert list(told["models"]) == ["random", "popularity", "item-knn", "ease", "ease+side"]
        for scores in told["models"].values():
            for metric in ACCURACY:
                low, high = scores[f"{metric}_interval"]
                assert 0 <= low <= scores[metric] <= high <= 1
            assert set(SPREAD) <= set(scores)
            assert scores["calibration@10"] >= 0

    def test_models_of_taste_are_above_guessing_and_listeners_stay_in_their_camp(self, report):
        models = report["models"]
        assert models["ease"]["recall@20"] == 1, "a camp has five unheard artists"
        assert models["ease"]["ndcg@10"] > 2 * models["popularity"]["ndcg@10"]
        assert models["ease"]["calibration@10"] < models["random"]["calibration@10"]
        assert models["random"]["against_baseline"]["verdict"].startswith("significantly below")

    def test_the_baseline_is_the_best_of_those_that_know_histories_alone(self, report):
        name = report["baseline"]["model"]
        best = max(report["models"][one]["ndcg@10"] for one in PURE if one in report["models"])
        assert report["models"][name]["ndcg@10"] == best
        assert "against_baseline" not in report["models"][name]

    def test_the_question_has_a_row_for_each_block_there_is(self, report):
        assert list(report["question"]) == ["cf", "+genres", "+tags", "+all"]
        assert report["question"]["cf"]["ndcg@10"] == report["models"]["ease"]["ndcg@10"]
        for row in ("+genres", "+tags", "+all"):
            assert "verdict" in report["question"][row]["ndcg@10_against_cf"]
        assert report["side"]["coverage"]["tags"]["artists"] > 0.9

    def test_pure_models_get_no_verdict_and_each_group_its_own_baseline(self, report):
        """That the best of some models is above the others is no finding."""
        tables = [(report["baseline"]["model"], report["models"])]
        for told in report["groups"].values():
            assert told["what"]
            tables.append((told["baseline"], told["models"]))
        for baseline, models in tables:
            assert baseline in PURE
            for name in set(PURE) & set(models) - {baseline}:
                row = models[name]["against_baseline"]
                assert "p_holm" not in row
                assert np.isnan(row["difference"]) or row["difference"] <= 0
            for name in set(models) - set(PURE):
                assert "against_baseline" in models[name]

    def test_a_group_of_a_few_listeners_gets_no_verdict(self, report):
        group = report["groups"]["history_of_1"]
        assert group["n_listeners"] < 30
        for told in group["models"].values():
            verdict = told.get("against_baseline", {}).get("verdict", "too few to tell")
            assert verdict.startswith("too few to tell")

    def test_findings_name_what_is_shown_and_how_far_ease_comes(self, report):
        text = "\n".join(report["findings"])
        assert "side information added to EASE" in text
        assert "+tags" in text
        assert "artists a listener are held out" in report["reach"]["text"]
        assert report["reach"]["held_out_per_listener"] == 2
        assert report["reach"]["ease"] == report["models"]["ease"]["ndcg@10"]

    def test_settings_are_told_as_chosen_or_shipped(self, report):
        models = report["models"]
        assert models["ease"]["settings_are"] == "chosen on the validation part"
        assert "not tuned" in models["popularity"]["settings_are"]
        row = models["ease"]
        for key in row["at_edge_of_grid"]:
            values = [tried["settings"][key] for tried in row["validation"][0]]
            assert row["settings"][0][key] in (min(values), max(values))

    def test_without_full_a_given_split_is_scored_once(self, split, report):
        train, test = split
        models = "random,popularity,item-knn,ease,ease+side"
        told = check("--train", train, "--test", test, "--models", models)
        assert to_json(told["models"]) == to_json(report["models"])
        assert not [name for name in told["groups"] if name.startswith("history_")]

    def test_cut_histories_rise_with_what_is_known(self, report):
        cuts = [report["groups"][f"history_of_{n}"]["models"]["ease"]["ndcg@10"] for n in (1, 5)]
        alone = report["groups"]["history_of_1"]["models"]
        assert cuts[0] <= cuts[1] + 0.1
        assert alone["ease"]["ndcg@10"] > alone["popularity"]["ndcg@10"]

    def test_the_same_input_gives_the_same_bytes(self, split, report):
        train, test = split
        models = "random,popularity,item-knn,ease,ease+side"
        again = check("--train", train, "--test", test, "--models", models, "--full")
        assert to_json(again) == to_json(report)

    def test_a_person_reads_the_verdicts_on_standard_error(self, split, capsys):
        train, test = split
        check("--train", train, "--test", test, "--models", "popularity,item-knn")
        out, err = capsys.readouterr()
        assert out == ""
        assert "popularity: ndcg@10 0." in err
        assert "below item-knn" in err or "not shown to be above item-knn" in err

    def test_histories_are_divided_anew_by_each_seed(self, hetrec, tmp_path):
        plot = tmp_path / "scores.png"
        told = check(
            *("--history", hetrec, "--seeds", 2, "--models", "popularity,ease", "--plot", plot)
        )
        assert told["split"]["seeds"] == [0, 1]
        first, second = told["models"]["ease"]["ndcg@10_by_split"]
        assert first != second
        assert told["models"]["ease"]["ndcg@10_sd"] > 0
        assert plot.read_bytes().startswith(b"\x89PNG")


class TestInputs:
    def test_what_the_test_cannot_be_asked_is_counted(self, split, tmp_path, capsys):
        train, test = split
        header, *rows = test.read_text(encoding="utf-8").splitlines()
        repeated = train.read_text(encoding="utf-8").splitlines()[1]
        lines = [header, *rows, repeated, "999\t100\t5", "1\t9999\t5"]
        odd = tmp_path / "odd.dat"
        odd.write_text("\n".join(lines) + "\n", encoding="utf-8")
        companions = [
            part
            for option, name in (
                ("--artists", "artists.dat"),
                ("--tags", "tags.dat"),
                ("--tagged", "user_taggedartists.dat"),
            )
            for part in (option, train.parent / name)
        ]
        told = check("--train", train, "--test", odd, "--models", "popularity,ease", *companions)
        assert told["data"]["test_listeners_not_in_train"] == 1
        assert told["data"]["test_artists_not_in_train"] == 1
        assert told["split"]["facts"] == [
            {
                "test_pairs_in_train": 1,
                "test_pairs_of_listeners_without_history": 1,
                "test_listeners_without_history": 1,
            }
        ]
        err = capsys.readouterr().err
        assert "test pairs in train: 1" in err
        assert "test listeners without history: 1, told as new_listeners" in err
        new = told["groups"]["new_listeners"]
        assert new["n_listeners"] == 1
        scores = new["models"]
        assert scores["ease"]["ndcg@10"] == scores["popularity"]["ndcg@10"]
        assert told["split"]["listeners_tested"] == LISTENERS

    def test_new_listeners_are_in_no_mean(self, split, tmp_path):
        train, test = split
        more = tmp_path / "more.dat"
        text = test.read_text(encoding="utf-8")
        more.write_text(text + "999\t100\t5\n999\t101\t5\n", encoding="utf-8")
        told = [check("--train", train, "--test", one, "--models", "ease") for one in (test, more)]
        first, second = (one["models"]["ease"] for one in told)
        for metric in ACCURACY:
            assert first[metric] == second[metric]
        assert "new_listeners" not in told[0]["groups"]

    def test_every_artist_of_the_file_of_artists_is_a_candidate(self, split, tmp_path):
        train, test = split
        wider = tmp_path / "artists.dat"
        names = (train.parent / "artists.dat").read_text(encoding="utf-8")
        wider.write_text(names + "7777\tNobody's Band\tu\tp\n", encoding="utf-8")
        inputs = read_split_input(train, test, {"artists": str(wider)})
        assert inputs.X.shape[1] == CAMPS * EACH + 1
        assert inputs.item_keys[-1] == artist_key("Nobody's Band")
        assert "file of artists" in inputs.facts["candidates"]
        bare = read_split_input(train, test, {})
        assert bare.X.shape[1] == CAMPS * EACH
        assert "no file of artists" in bare.facts["candidates"]

    def test_a_test_that_is_the_train_file_is_refused_as_that(self, split):
        train, _ = split
        n = len(train.read_text(encoding="utf-8").splitlines()) - 1
        with pytest.raises(DataError, match=f"all {n} pairs .* are in --train too"):
            check("--train", train, "--test", train, "--models", "ease")

    def test_two_files_of_different_listeners_are_refused(self, split, tmp_path):
        other = write_rows(tmp_path / "other.dat", "userID\tartistID\tweight", [(999, 100, 3)])
        with pytest.raises(DataError, match="none of its 1 listeners"):
            read_split_input(split[0], other, {})

    def test_one_listener_is_not_enough(self, tmp_path):
        rows = [(1, artist, 3) for artist in range(9)]
        path = write_rows(tmp_path / "alone.dat", "userID\tartistID\tweight", rows)
        with pytest.raises(DataError, match="give histories of many"):
            check("--history", path)

    def test_timed_histories_are_divided_at_two_moments(self, tmp_path):
        """Last.fm 1K: each listener meets an artist a day."""
        lines = []
        for listener in range(12):
            for day in range(20):
                artist = (listener % 3) * 20 + (day * 7 + listener) % 20
                lines.append(
                    f"user_{listener:06d}\t2009-01-{day + 1:02d}T12:00:00Z\t\tBand {artist}\t\tSong"
                )
        path = tmp_path / "userid-timestamp.tsv"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        told = check("--history", path, "--models", "popularity,item-knn")
        assert told["split"]["seeds"] == [0], "moments are divided once"
        facts = told["split"]["facts"][0]
        assert facts["train_until"] < facts["test_from"]
        assert "at two moments" in told["split"]["how"]


class TestSide:
    def test_tags_of_held_out_pairs_are_held_out(self, hetrec):
        """A tag that one listener alone gave to one artist is gone with the pair."""
        inputs = read_history_input(hetrec, min_play_seconds=30)
        tagging = inputs.tagging
        empty = csr_matrix(inputs.X.shape, dtype=np.float32)
        side_of = make_side_source(inputs, {}, empty)
        everything = side_of(empty)
        assert set(everything) == {"tags", "genres"}
        item = int(tagging.items[0])
        who = np.unique(tagging.listeners[tagging.items == item])
        pairs = (who, np.full(len(who), item))
        held = to_matrix(*pairs, np.ones(len(who), np.float32), inputs.X.shape)
        left = side_of(held)
        for name in ("tags", "genres"):
            assert everything[name][item].nnz > 0
            assert left[name][item].nnz == 0
            assert abs(left[name]).sum() > 0, "the others' tags stay"

    def test_families_are_shares_of_each_artist(self, hetrec):
        inputs = read_history_input(hetrec, min_play_seconds=30)
        families = find_families(inputs.tagging, inputs.X.shape[1])
        totals = np.asarray(families.sum(axis=1)).ravel()
        assert set(np.round(totals, 9).tolist()) <= {0.0, 1.0}
        assert families.shape[1] == len(TAGS)

    def test_coverage_counts_artists_pairs_and_listens(self):
        X = csr_matrix(np.array([[1, 9], [1, 0]], dtype=np.float32))
        told = tell_block_coverage({"tags": csr_matrix(np.array([[1.0], [0.0]]))}, X)
        assert told["tags"] == {"columns": 1, "artists": 0.5, "pairs": 0.6667, "listens": 0.1818}

    def test_without_side_information_its_models_are_left_out_and_named(self, tmp_path, hetrec):
        bare = tmp_path / "bare.dat"
        bare.write_bytes((hetrec / "user_artists.dat").read_bytes())
        told = check("--history", bare, "--seeds", 1, "--models", "ease,ease+side")
        assert list(told["models"]) == ["ease"]
        assert "--songs or --lyrics" in told["left_out"]["ease+side"]
        assert "question" not in told


def camps_of(n_items: int) -> csr_matrix:
    return csr_matrix(np.eye(CAMPS, dtype=np.float32)[np.arange(n_items) // EACH])


class TestTrial:
    @pytest.fixture
    def parts(self, hetrec):
        return split_by_chance(read_history_input(hetrec, min_play_seconds=30).X, seed=0)

    def test_settings_are_chosen_without_the_test(self, parts):
        grid = tuple({"l2": l2} for l2 in (1.0, 50.0, 1000.0))
        contender = Contender("ease", "ease", grid)
        other = parts._replace(test=parts.test[::-1], fit=parts.fit[::-1])
        found = [
            choose_settings(contender, one, hide(lambda held: {}, one.validation), seed=0)
            for one in (parts, other)
        ]
        assert found[0] == found[1]
        settings, tried = found[0]
        assert settings in grid
        best = max(row["ndcg@10"] for row in tried)
        assert next(row for row in tried if row["settings"] == settings)["ndcg@10"] == best

    def test_groups_hold_the_listeners_they_name(self, parts):
        """Artists of the test that a sixth listener has are no cold items."""
        told = run_trial(
            [Contender("popularity", "popularity", ({},))],
            parts,
            lambda held: {},
            families=None,
            seed=0,
        )["popularity"]
        counts = np.bincount(parts.fit.indices, minlength=parts.fit.shape[1])
        cold_pairs = (counts <= 5)[parts.test.indices]
        rows = np.repeat(np.arange(parts.test.shape[0]), np.diff(parts.test.indptr))
        expected = np.zeros(parts.test.shape[0], dtype=bool)
        expected[rows[cold_pairs]] = True
        for group in ("cold_items", "cold_items_alone"):
            assert np.array_equal(~np.isnan(told.scores[group]["ndcg@10"]), expected)
        few = np.diff(parts.fit.indptr) <= 5
        assert np.array_equal(~np.isnan(told.scores["cold_listeners"]["ndcg@10"]), few)
        cut = told.scores["history_of_1"]["ndcg@10"]
        assert (~np.isnan(cut)).sum() == np.ceil(0.2 * LISTENERS)

    def test_settings_gather_the_weights_of_blocks(self):
        merged = merge_settings(
            [{"l2": 5, "weights": {"tags": 2.0}}, {"weights": {"audio": 1.0}}, {"l2": 7}]
        )
        assert merged == {"l2": 7, "weights": {"tags": 2.0, "audio": 1.0}}

    def test_whom_others_build_on_comes_first(self):
        wanted = list_needed(["als+side", "ease+side"])
        names = [one.name for one in list_contenders(wanted, BLOCKS)]
        assert names.index("ease") < names.index("ease+audio") < names.index("ease+side")
        assert names.index("als") < names.index("als+side")
        assert [one.name for one in list_contenders(["ease", "ease+side"], [])] == ["ease"]

    def test_bases_of_a_blend_are_chosen_too(self):
        needed = list_needed(["blend"])
        assert needed == ["item-knn", "als", "ease", "ease+side", "als+side", "blend"]
        found = {
            one.name: one
            for one in list_contenders(
                list_needed(["blend", "blend-cf"]), ("tags", "audio"), single_blends=True
            )
        }
        assert found["blend-cf"].bases == ("ease", "als", "item-knn")
        assert found["blend+tags"].bases == ("ease", "als", "item-knn", "ease+tags", "als+side")
        assert found["blend"].bases == ("ease", "als", "item-knn", "ease+side", "als+side")
        assert list(found)[-1] == "blend"
        assert list_contenders(list_needed(["ease+side"]), ("tags",))[0].name == "ease"

    def test_a_blend_uses_the_settings_its_bases_chose_and_fits_none_twice(
        self, parts, monkeypatch
    ):
        fits = []
        real = taste_contenders.make_model

        def count(name, **settings):
            fits.append(name)
            return real(name, **settings)

        monkeypatch.setattr(taste_contenders, "make_model", count)
        models = ["item-knn", "ease", "ease+side", "blend-cf", "blend"]
        side = {"camps": camps_of(parts.fit.shape[1])}
        listed = list_contenders(models, ())  # blocks are asked for by name: none here
        told = run_trial(
            [one._replace(grid=one.grid[:2]) for one in listed],
            parts,
            lambda held: side,
            families=None,
            seed=0,
            cut=False,
        )
        settings = told["blend-cf"].settings
        assert settings["bases"] == ["ease", "item-knn"]
        assert settings["settings"]["ease"] == told["ease"].settings
        # each base: two settings tried, one fit, and one without what the blend holds out
        assert fits.count("ease") == fits.count("item-knn") == 4

    def test_remembered_fits_give_the_scores_of_new_ones(self, parts):
        side = {"camps": camps_of(parts.fit.shape[1])}
        source = hide(lambda held: side, parts.test)
        blend = Contender(
            "blend", "blend", ({"seed": 0},), ("camps",), ("ease", "ease+side", "item-knn")
        )
        settings = {"bases": ["ease", "ease+side", "item-knn"], "settings": {}, "seed": 0}
        fitted = {}
        for name in ("ease", "ease+side"):
            one = Contender(name, name, ({},), ("camps",))
            fit_contender(one, {}, parts.fit, source, seed=0, fitted=fitted)
        told = [
            fit_contender(blend, settings, parts.fit, source, seed=0, fitted=kept)
            for kept in (fitted, None)
        ]
        assert len(fitted) == 6, "the two above, the third base, and the three of the inner fit"
        np.testing.assert_array_equal(*(model.scores(parts.fit) for model in told))

    def test_models_with_side_are_remembered_by_their_blocks(self, parts):
        fitted = {}
        for scale in (1.0, 2.0):
            blocks = {"camps": camps_of(parts.fit.shape[1]) * scale}
            for name in ("ease", "ease+side"):
                fit_remembered(fitted, name, {}, parts.fit, blocks)
        assert len(fitted) == 3


class TestOptions:
    @pytest.mark.parametrize(
        ("told", "says"),
        [
            ((), "give --history PATH, or --train FILE and --test FILE"),
            (("--train", "a.dat"), "give --test FILE as well"),
            (("--test", "a.dat"), "give --train FILE as well"),
            (("--history", "a", "--train", "b", "--test", "c"), "leave it out beside"),
            (("--train", "no.dat", "--test", "no.dat"), "--train no.dat: there is no such file"),
            (("--history", ".", "--seeds", "0"), "--seeds 0: give a whole number from 1"),
            (("--history", ".", "--seed", "-1"), "--seed -1: give a whole number of at least 0"),
            (("--history", ".", "--tags", "x"), "--tags belongs to --train"),
            (("--history", ".", "--models", "easy"), "'easy' is not known; choose among random"),
            (("--history", ".", "--models", ","), "no model is named"),
            (("--history", ".", "--share", "0.9"), "--share 0.9: give a number from 0.05 to 0.5"),
            (("--history", ".", "--plot", "a.jpg"), "a plot is a .png"),
        ],
    )
    def test_what_is_wrong_is_said(self, told, says):
        with pytest.raises(SettingsError, match=says.replace("(", r"\(")):
            check(*told)

    def test_a_companion_that_is_missing_is_named(self, split):
        train, test = split
        with pytest.raises(SettingsError, match=r"--tags no\.dat: there is no such file"):
            check("--train", train, "--test", test, "--tags", "no.dat")

    def test_guesses_alone_have_nothing_to_be_compared_with(self, hetrec):
        with pytest.raises(SettingsError, match="name one that can run here"):
            check("--history", hetrec, "--models", "random,popularity")

    def test_a_missing_package_leaves_its_models_out(self, hetrec, monkeypatch):
        for package in ("implicit", "implicit.cpu.als", "torch"):
            monkeypatch.setitem(sys.modules, package, None)  # found, and not to be imported
        told = check("--history", hetrec, "--seeds", 1, "--models", "popularity,als,ease,mult-vae")
        assert list(told["models"]) == ["popularity", "ease"]
        assert list(told["left_out"]) == ["als", "mult-vae"]
        assert REQUIREMENT in told["left_out"]["als"]
        assert "python -m pip install 'torch" in told["left_out"]["mult-vae"]


@pytest.mark.slow
def test_on_real_histories_ease_is_above_its_neighbours_and_popularity(shared_data):
    """EASE is not below item-kNN; the .22 that it was to reach with a fifth held out it does not.

    Of two fifths held out EASE has more than .22, as there are twice as many artists to find. The
    bounds are of a fifth, which the issue names, so .22 is none of them; the report says the same.
    """
    told = check(
        *("--history", shared_data / "history", "--seeds", 1),
        *("--models", "popularity,item-knn,ease"),
    )
    models = told["models"]
    assert models["ease"]["ndcg@10"] >= models["item-knn"]["ndcg@10"] > 0.15
    assert models["item-knn"]["ndcg@10"] > 2 * models["popularity"]["ndcg@10"]
    assert "below the 0.22 aimed at" in told["reach"]["text"]
