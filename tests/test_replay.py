"""The replay of simulated listeners: who must win and lose, and that it repeats."""

from __future__ import annotations

import argparse
import json

import numpy as np
import pytest

from scripts.checks.feedback import add_parser, read_pools
from scripts.errors import SettingsError
from scripts.evaluation import replay as module
from scripts.evaluation import taste_tuning
from scripts.evaluation.regret_plot import draw_regret
from scripts.evaluation.replay import (
    POLICIES,
    PROTOCOLS,
    draw_listener,
    greedy_at_its_best,
    judge_gap,
    make_pools,
    play,
    replay,
)
from scripts.evaluation.taste_tuning import tune
from scripts.evaluation.turnover import LIST_LENGTH, WORDS, measure_turnover
from scripts.feedback import bandit as taste
from scripts.feedback.bandit import scaling_of, song_numbers, taste_scores
from scripts.moods.features import FEATURES
from scripts.playlists.variety import pool_size, relevances
from scripts.store.layout import SONG_MOOD
from scripts.store.reading import open_set


@pytest.fixture(scope="module")
def pools(sample_set):
    trained = open_set(str(sample_set))
    yield read_pools(trained)
    trained.close()


@pytest.fixture(scope="module")
def report(pools):
    return replay(pools, n_listeners=20, n_rounds=50)


def test_random_is_worst_and_the_oracle_misses_nothing(report):
    for protocol in PROTOCOLS:
        regret = report[protocol]["regret"]
        assert list(regret) == list(POLICIES)
        assert regret["oracle"] == {"mean": 0.0, "low": 0.0, "high": 0.0}
        for policy in ("greedy", "greedy_tuned", "bandit"):
            assert regret[policy]["low"] > 0
            assert regret[policy]["mean"] < regret["random"]["low"]


def test_curves_grow_to_the_total_within_their_bands(report):
    for protocol in PROTOCOLS:
        curve = report[protocol]["curve"]
        assert curve["round"][0] == 1
        assert curve["round"][-1] == report["n_rounds"]
        for policy in POLICIES:
            mean, low, high = (np.array(curve[policy][name]) for name in ("mean", "low", "high"))
            assert mean[-1] == report[protocol]["regret"][policy]["mean"]
            assert np.all(np.diff(mean) >= 0)
            assert np.all((low <= mean) & (mean <= high))


def test_the_same_seed_gives_the_same_report_and_another_other_listeners(pools, report):
    assert replay(pools, n_listeners=20, n_rounds=50) == report
    assert replay(pools, n_listeners=20, n_rounds=50, seed=1) != report
    json.dumps(report, allow_nan=False)


def test_regret_is_never_negative_and_counts_chances_not_luck(pools):
    listener = draw_listener(pools, 30, 0, 0, 3)
    for policy in POLICIES:
        for n_shown in PROTOCOLS.values():
            assert np.all(play(listener, policy, n_shown=n_shown) >= -1e-12)
    first = listener.chances.max() - listener.chances[0]
    # the first list of all is that of the best match
    assert play(listener, "bandit")[0] == pytest.approx(first)
    assert play(listener, "greedy")[0] == pytest.approx(first)


def test_without_a_draw_the_bandit_is_greedy(pools):
    listener = draw_listener(pools, 40, 0, 0, 5)
    assert play(listener, "bandit", exploration=0.0).tolist() == play(listener, "greedy").tolist()


def test_the_replay_plays_what_the_program_would(pools):
    """The program's own scores, from events, choose the very song that the replay played."""
    listener = draw_listener(pools, 12, 0, 0, 1)
    plain = ([0.0] * 9, [1.0] * 9)  # the pool's features are standardised already
    songs = [
        {"song_id": str(i), **dict(zip(FEATURES, row[1:-1], strict=True))}
        for i, row in enumerate(listener.songs.tolist())
    ]
    told = relevances(pools[listener.mood][:, -1].tolist())
    judged, played = [], []
    for t, (luck, _) in enumerate(listener.luck):
        scores = taste_scores(judged, songs, told, plain, listener.seed + t)
        best = int(np.argmax(scores))
        played.append(listener.chances.max() - listener.chances[best])
        word = "like" if luck < listener.chances[best] else "skip"
        judged.append({"event": word, **songs[best]})
    assert play(listener, "bandit").tolist() == pytest.approx(played)


def test_a_pool_is_the_best_matches_of_a_mood_in_the_bandit_s_numbers():
    rng = np.random.default_rng(0)
    X, match = rng.random((40, 9)) * 9, rng.random(40)
    moods = ["sad" if i % 2 else "happy" for i in range(40)]
    means, scales = rng.random(9), rng.random(9) + 0.5
    pools = make_pools(X, match, moods, (means, scales), size=7)
    assert sorted(pools) == ["happy", "sad"]
    best = sorted(range(1, 40, 2), key=lambda i: -match[i])[:7]
    told = relevances([match[i] for i in best])
    for row, i, relevance in zip(pools["sad"], best, told, strict=True):
        song = dict(zip(FEATURES, X[i], strict=True))
        assert row[:-1].tolist() == pytest.approx(song_numbers(song, relevance, (means, scales)))
        assert row[-1] == match[i]


def test_songs_of_one_match_all_lead():
    pools = make_pools(np.ones((3, 9)), np.full(3, 0.5), ["sad"] * 3, ([0] * 9, [1] * 9), size=3)
    assert pools["sad"][:, -2].tolist() == [0.5] * 3
    assert relevances([0.5] * 3) == [1.0] * 3


def test_listeners_of_the_report_and_of_the_tuning_never_meet(pools, monkeypatch):
    drawn = []

    def record(*arguments):
        listener = draw_listener(*arguments)
        drawn.append(listener.seed)
        return listener

    for room in (module, taste_tuning):
        monkeypatch.setattr(room, "draw_listener", record)
    monkeypatch.setattr(taste_tuning, "TRIED_WIDTHS", (0.2,))
    monkeypatch.setattr(taste_tuning, "TRIED_SCALES", (0.0, 1.0))
    replay(pools, n_listeners=10, n_rounds=2)
    rows = tune(pools, n_listeners=10, n_rounds=20)
    assert len(set(drawn)) == 20
    for tried in rows.values():
        totals = [sum(row[name]["mean"] for name in PROTOCOLS) for row in tried]
        assert totals == sorted(totals)
    (still,) = [row for row in rows["bandit"] if row["exploration"] == 0.0]
    (same,) = [
        row
        for row in rows["greedy"]
        if (row["feature_sd"], row["lead_mean"]) == (0.2, taste.LEAD_MEAN)
    ]
    assert all(still[name] == same[name] for name in PROTOCOLS)


def test_greedy_s_own_prior_is_one_of_those_that_were_tried():
    assert list(module.GREEDY_PRIORS) == list(PROTOCOLS)
    for prior in module.GREEDY_PRIORS.values():
        assert prior["feature_sd"] in taste_tuning.TRIED_GREEDY_WIDTHS
        assert prior["lead_mean"] in taste_tuning.TRIED_GREEDY_LEADS


def test_the_report_plays_greedy_with_its_own_prior(pools, report):
    listeners = [draw_listener(pools, 50, 0, 0, i) for i in range(20)]
    for protocol, n in PROTOCOLS.items():
        prior = module.GREEDY_PRIORS[protocol]
        played = [play(one, "greedy", n_shown=n, **prior).sum() for one in listeners]
        mean = report[protocol]["regret"]["greedy_tuned"]["mean"]
        assert mean == pytest.approx(np.mean(played), abs=5e-4)


def test_a_word_moves_a_list_gently(pools):
    """One like leaves the list mostly as it was, and the liked song on it."""
    told = measure_turnover(pools)
    assert list(told) == list(WORDS)
    assert told["one_like"]["replaced"] < 0.25
    assert told["one_like"]["kept"] > 0.9
    assert told["one_skip"]["replaced"] < 0.55
    assert told["one_skip"]["replaced"] < told["three_skips"]["replaced"] < 0.65
    assert told["three_skips"]["kept"] < told["one_skip"]["kept"] < told["one_like"]["kept"]


def test_a_pool_as_long_as_the_list_is_never_replaced(pools):
    short = {mood: songs[:LIST_LENGTH] for mood, songs in pools.items()}
    for shares in measure_turnover(short).values():
        assert shares == {"replaced": 0.0, "kept": 1.0}


@pytest.mark.parametrize(
    ("bandit", "greedy", "told"),
    [
        ((1, 2), (2.1, 3), "the bandit beats greedy at its best"),
        ((2.1, 3), (1, 2), "greedy at its best beats the bandit"),
        ((1, 2), (2, 3), "touch"),
        ((1, 4), (2, 3), "no gain is shown"),
    ],
)
def test_the_verdict_follows_the_intervals(bandit, greedy, told):
    def interval(low, high):
        return {"low": low, "mean": (low + high) / 2, "high": high}

    best, worse = interval(*greedy), interval(8, 9)
    for names in (("greedy", "greedy_tuned"), ("greedy_tuned", "greedy")):
        regret = dict(zip(names, (best, worse), strict=True)) | {"bandit": interval(*bandit)}
        assert greedy_at_its_best(regret) == best
        assert told in judge_gap(regret)


@pytest.mark.slow
def test_song_by_song_the_bandit_beats_greedy(pools):
    listeners = [draw_listener(pools, 200, 7, 0, i) for i in range(200)]
    told = module.replay_protocol(listeners, "song_a_round")
    assert told["verdict"].startswith("the bandit beats greedy at its best")
    assert told["greedy_minus_bandit"]["low"] > 0
    assert told["greedy_tuned_minus_bandit"]["low"] > 0


def test_too_few_listeners_are_refused(pools):
    with pytest.raises(SettingsError, match="--listeners 10 or more"):
        replay(pools, n_listeners=9)
    with pytest.raises(SettingsError, match="--rounds 1 or more"):
        replay(pools, n_rounds=0)


def run_check(*words):
    parser = argparse.ArgumentParser()
    add_parser(parser.add_subparsers())
    options = parser.parse_args(["feedback", *words])
    return options.check(options)


def test_the_check_reads_a_trained_set_and_draws(sample_set, tmp_path, monkeypatch):
    plot = tmp_path / "regret.png"
    small = ("--output", str(sample_set), "--listeners", "10", "--rounds", "5", "--seed", "2")
    report = run_check(*small, "--plot", str(plot))
    assert report["n_listeners"] == 10
    assert report["seed"] == 2
    assert "spoken" not in report["pools"]
    assert max(report["pools"].values()) == pool_size(10)
    assert list(report["turnover"]) == list(WORDS)
    first = plot.read_bytes()
    assert first.startswith(b"\x89PNG")
    draw_regret(plot, report)
    assert plot.read_bytes() == first
    monkeypatch.setattr(taste_tuning, "TRIED_SCALES", (0.25,))
    tuning = run_check(*small, "--tune")["tuning"]
    assert len(tuning["bandit"]) == len(taste_tuning.TRIED_WIDTHS)


def test_pools_hold_the_catalogue_s_best_matches_in_their_order(sample_set, pools):
    trained = open_set(str(sample_set))
    names = ", ".join(f"s.{name}" for name in FEATURES)
    row = trained.catalogue.execute(
        f"SELECT {names} FROM songs s JOIN moods m ON s.mood_id = m.mood_id "
        "WHERE m.name = 'sad' ORDER BY s.rank LIMIT 1"
    ).fetchone()
    scaling = scaling_of(trained.models[SONG_MOOD])
    trained.close()
    x = song_numbers(dict(zip(FEATURES, row, strict=True)), 1.0, scaling)
    assert pools["sad"][0, :-1].tolist() == pytest.approx(x)
    assert np.all(np.diff(pools["sad"][:, -1]) <= 0)
