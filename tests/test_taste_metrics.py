"""Scores of full rankings beside those of independent libraries, divisions of histories, tests."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix
from sklearn.metrics import ndcg_score

from scripts.evaluation.taste_metrics import (
    average_precision_at,
    describe_lists,
    gini,
    mark_hits,
    ndcg_at,
    rank_listeners,
    recall_at,
    score_calibration,
    score_lists,
    top_lists,
)
from scripts.evaluation.taste_splits import (
    cut_histories,
    is_in,
    split_by_chance,
    split_by_time,
    split_given,
    split_listeners,
)
from scripts.evaluation.taste_tests import (
    compare_with,
    correct_by_holm,
    flip_signs,
    interval_of_mean,
    pool_splits,
)

N, M = 40, 60


def some_histories(seed: int, density: float = 0.15, shape: tuple[int, int] = (N, M)) -> csr_matrix:
    rng = np.random.default_rng(seed)
    return csr_matrix((rng.random(shape) < density) * rng.integers(1, 9, shape), dtype=np.float32)


def some_scores(seed: int, shape: tuple[int, int] = (N, M)) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


@pytest.fixture
def judged() -> tuple[np.ndarray, csr_matrix, np.ndarray]:
    """Scores without ties, what is relevant, and the lists."""
    scores, relevant = some_scores(1), some_histories(2)
    return scores, relevant, top_lists(scores, 20)


class TestAgainstOtherLibraries:
    """Each metric beside an independent program; listeners without a relevant item aside."""

    def test_ndcg_is_that_of_scikit_learn(self, judged):
        scores, relevant, lists = judged
        gains = (relevant.toarray() > 0).astype(float)
        ours = score_lists(lists, relevant)["ndcg@10"]
        for row in np.flatnonzero(gains.any(axis=1)):
            theirs = ndcg_score(gains[[row]], scores[[row]], k=10, ignore_ties=True)
            assert ours[row] == pytest.approx(theirs, abs=1e-12)

    def test_all_three_are_those_of_trec_eval(self, judged):
        pytrec_eval = pytest.importorskip(
            "pytrec_eval", reason="compares the metrics with trec_eval's"
        )
        scores, relevant, lists = judged
        rows = np.flatnonzero(np.diff(relevant.indptr)).tolist()
        truth = {str(row): {str(item): 1 for item in relevant[row].indices} for row in rows}
        told = {
            str(row): {str(item): float(scores[row, item]) for item in range(M)} for row in rows
        }
        measures = {"ndcg_cut_10", "recall_20", "map_cut_10"}
        theirs = pytrec_eval.RelevanceEvaluator(truth, measures).evaluate(told)
        ours = score_lists(lists, relevant)
        for row in rows:
            their = theirs[str(row)]
            assert ours["ndcg@10"][row] == pytest.approx(their["ndcg_cut_10"], abs=1e-12)
            assert ours["recall@20"][row] == pytest.approx(their["recall_20"], abs=1e-12)
            # trec_eval divides by all relevant items, so a list of ten cannot reach 1 beyond ten
            n = len(truth[str(row)])
            assert ours["map@10"][row] * min(n, 10) / n == pytest.approx(
                their["map_cut_10"], abs=1e-12
            )

    def test_ndcg_and_map_are_those_of_implicit(self, judged):
        evaluation = pytest.importorskip(
            "implicit.evaluation", reason="compares the metrics with those of the extra taste"
        )
        _, relevant, lists = judged

        class Fixed:
            """Recommends the given lists; all that the evaluation asks of a model."""

            def recommend(self, users, _histories, N):
                return lists[users, :N].astype(np.int32), None

        empty = csr_matrix(relevant.shape, dtype=np.float32)
        theirs = evaluation.ranking_metrics_at_k(
            Fixed(), empty, relevant, K=10, show_progress=False
        )
        ours = score_lists(lists, relevant)
        assert np.nanmean(ours["ndcg@10"]) == pytest.approx(theirs["ndcg"], abs=1e-6)
        assert np.nanmean(ours["map@10"]) == pytest.approx(theirs["map"], abs=1e-6)


class TestLists:
    def test_ties_go_by_number_and_what_is_forbidden_is_none(self):
        scores = np.array([[1, 2, 2, -np.inf, 2], [0, 0, 0, 0, 0]], dtype=np.float32)
        assert top_lists(scores, 3).tolist() == [[1, 2, 4], [0, 1, 2]]
        assert top_lists(scores, 5).tolist() == [[1, 2, 4, 0, -1], [0, 1, 2, 3, 4]]
        assert top_lists(scores, 6)[1].tolist() == [0, 1, 2, 3, 4, -1]

    @settings(max_examples=40, deadline=None)
    @given(st.integers(0, 10_000), st.integers(1, 12), st.integers(1, 4))
    def test_lists_are_those_of_a_full_sort(self, seed, k, n_values):
        """Many equal scores, so that ties are met at the cut too."""
        scores = np.random.default_rng(seed).integers(0, n_values, (6, 9)).astype(np.float32)
        full = np.argsort(-scores, axis=1, kind="stable")[:, : min(k, 9)]
        assert np.array_equal(top_lists(scores, k)[:, :9], full)

    def test_seen_items_are_on_no_list_and_blocks_change_nothing(self):
        X = some_histories(3, 0.5)
        scores = some_scores(4)
        answers = {row.tobytes(): scores[i] for i, row in enumerate(X.toarray())}

        def score(block: csr_matrix) -> np.ndarray:
            return np.stack([answers[row.tobytes()] for row in block.toarray()])

        cold = np.arange(M) % 7 == 0
        whole = rank_listeners(score, X, X, among={"cold": cold})
        small = rank_listeners(score, X, X, among={"cold": cold}, block=7)
        seen = X.toarray() > 0
        for name in ("all", "cold"):
            assert np.array_equal(whole[name], small[name])
            assert not mark_hits(whole[name], X).any()
        listed = whole["cold"][whole["cold"] >= 0]
        assert cold[listed].all()
        unseen_cold = (~seen & cold).sum(axis=1)
        assert np.array_equal((whole["cold"] >= 0).sum(axis=1), np.minimum(unseen_cold, 20))

    def test_ranking_leaves_the_scores_of_a_model_alone(self):
        X, scores = some_histories(3), some_scores(4)
        before = scores.copy()
        rank_listeners(lambda block: scores, X, X)
        assert np.array_equal(scores, before)


class TestScores:
    def test_a_perfect_list_scores_one_and_nobody_relevant_scores_none(self):
        relevant = csr_matrix(np.array([[1, 1, 0, 0], [0, 0, 0, 0]], dtype=np.float32))
        lists = np.array([[0, 1, 2] + [-1] * 17, [0, 1, 2] + [-1] * 17])
        for values in score_lists(lists, relevant).values():
            assert values[0] == 1
            assert np.isnan(values[1])

    @settings(max_examples=40, deadline=None)
    @given(st.integers(0, 10_000), st.floats(0.02, 0.9))
    def test_scores_are_shares_and_a_hit_moved_up_never_harms(self, seed, density):
        relevant, scores = some_histories(seed, density, (5, 30)), some_scores(seed, (5, 30))
        lists = top_lists(scores, 20)
        told = score_lists(lists, relevant)
        best = score_lists(top_lists(scores + 99 * (relevant.toarray() > 0), 20), relevant)
        for name, values in told.items():
            known = ~np.isnan(values)
            assert ((values[known] >= 0) & (values[known] <= 1 + 1e-12)).all()
            assert (best[name][known] >= values[known] - 1e-12).all()
            if name != "recall@20":
                assert best[name][known] == pytest.approx(1.0)

    def test_values_worked_out_by_hand(self):
        hits = np.array([[True, False, False, True]])
        n = np.array([3])
        assert ndcg_at(hits, n, 4)[0] == pytest.approx(
            (1 + 1 / np.log2(5)) / (1 + 1 / np.log2(3) + 1 / 2)
        )
        assert recall_at(hits, n, 4)[0] == pytest.approx(2 / 3)
        assert average_precision_at(hits, n, 4)[0] == pytest.approx((1 + 2 / 4) / 3)

    def test_lists_are_described(self):
        train = csr_matrix(np.array([[1, 1, 0, 0], [1, 0, 0, 0]], dtype=np.float32))
        told = describe_lists(np.array([[0, 1], [0, -1]]), train)
        assert told["coverage@10"] == 0.5
        # item 0 is known to both listeners (0 bits), item 1 to one of two (1 bit)
        assert told["novelty@10"] == pytest.approx(1 / 3)
        assert told["gini@10"] == pytest.approx(gini(np.array([2, 1, 0, 0])))
        # of four items item 0 beats three and ties with itself: 3.5 / 4; item 1: 2.5 / 4
        assert told["popularity@10"] == pytest.approx((3.5 + 3.5 + 2.5) / 12)

    def test_lists_of_one_item_for_all_are_the_most_unequal(self):
        assert gini(np.array([0, 0, 0, 0, 9])) == pytest.approx(0.8)
        assert gini(np.array([3, 3, 3])) == 0

    def test_a_list_like_the_history_is_calibrated(self):
        families = csr_matrix(np.array([[1, 0], [1, 0], [0, 1], [0, 1], [0, 0]], dtype=float))
        history = csr_matrix(np.array([[1, 0, 1, 0, 0]] * 3, dtype=np.float32))
        lists = np.array([[1, 3], [1, -1], [4, -1]])
        told = score_calibration(lists, history, families)
        assert told[0] == pytest.approx(0, abs=1e-12)
        # p = (1/2, 1/2), q = (1, 0): mixed (.995, .005)
        assert told[1] == pytest.approx(0.5 * np.log2(0.5 / 0.995) + 0.5 * np.log2(0.5 / 0.005))
        assert np.isnan(told[2]), "nothing is known of the list"


class TestSplits:
    @settings(max_examples=30, deadline=None)
    @given(st.integers(0, 10_000), st.floats(0.0, 0.6))
    def test_a_division_is_a_partition_with_both_sides(self, seed, density):
        X = some_histories(seed, density)
        held = split_listeners(X, seed=seed)
        assert (abs(held.kept + held.held - X)).nnz == 0
        assert not is_in(held.held, held.kept).any()
        n, kept, out = (np.diff(Z.indptr) for Z in (X, held.kept, held.held))
        assert (kept[n >= 1] >= 1).all()
        assert (out[n >= 2] >= 1).all()
        assert (out[n < 2] == 0).all()

    def test_the_same_seed_divides_alike_and_another_does_not(self):
        X = some_histories(5, 0.5)
        parts = [split_by_chance(X, seed=seed) for seed in (1, 1, 2)]
        assert (parts[0].test != parts[1].test).nnz == 0
        assert (parts[0].test != parts[2].test).nnz > 0

    def test_validation_is_apart_from_training_and_test(self):
        parts = split_by_chance(some_histories(6, 0.5), seed=0)
        for first, second in (
            (parts.validation, parts.train),
            (parts.test, parts.train),
            (parts.test, parts.fit),
            (parts.test, parts.validation),
        ):
            assert not is_in(first, second).any()
        assert (abs(parts.train + parts.validation - parts.fit)).nnz == 0

    def test_a_given_test_leaves_out_what_is_learned_from_and_counts_the_rest(self):
        fit = csr_matrix(np.array([[1, 2, 0, 0], [0, 0, 0, 0]], dtype=np.float32))
        test = csr_matrix(np.array([[0, 5, 1, 0], [0, 0, 0, 1]], dtype=np.float32))
        parts = split_given(fit, test, seed=0)
        # a pair that is learned from leaves; a listener without a history stays, to be told apart
        assert parts.test.toarray().tolist() == [[0, 0, 1, 0], [0, 0, 0, 1]]
        assert parts.facts == {
            "test_pairs_in_train": 1,
            "test_pairs_of_listeners_without_history": 1,
            "test_listeners_without_history": 1,
        }

    def test_by_time_nothing_is_learned_from_later(self):
        """Of one listener, item t is met at moment t."""
        items = np.arange(10, dtype=np.int64)
        rows = np.zeros(10, dtype=np.int64)
        parts = split_by_time(rows, items, items, (2, 10))
        assert parts.facts["train_until"] == 8
        assert parts.facts["test_from"] == 9
        assert parts.train.indices.tolist() == list(range(8))
        assert parts.validation.indices.tolist() == [8]
        assert parts.fit.indices.tolist() == list(range(9))
        assert parts.test.indices.tolist() == [9]
        assert set(parts.fit.data.tolist()) == {1.0}, "totals would tell of the future"

    def test_by_time_a_listener_without_a_past_is_not_tested(self):
        rows = np.array([0] * 9 + [1])
        items = np.array([*range(9), 0])
        times = np.array([*range(9), 100])
        parts = split_by_time(rows, items, times, (2, 9))
        assert parts.test.nnz == 0
        assert parts.facts["test_listeners_without_history"] == 1

    def test_pairs_without_a_time_take_no_part(self):
        never = np.array([-1, -1], dtype=np.int64)
        parts = split_by_time(np.array([0, 0]), np.array([0, 1]), never, (1, 2))
        assert parts.fit.nnz == parts.test.nnz == 0
        assert parts.facts["pairs_without_time"] == 2

    def test_shorter_cuts_are_part_of_longer_ones(self):
        X = some_histories(7, 0.5)
        short, long = (cut_histories(X, n, seed=3) for n in (2, 5))
        assert is_in(short, long).all()
        assert np.array_equal(np.diff(short.indptr), np.minimum(np.diff(X.indptr), 2))


class TestTests:
    def test_an_interval_covers_the_mean_of_all_about_as_often_as_it_says(self):
        rng = np.random.default_rng(0)
        found = [interval_of_mean(rng.normal(0.3, 1, 100), n_draws=300)[1] for _ in range(200)]
        covered = np.mean([low <= 0.3 <= high for low, high in found])
        assert 0.89 <= covered <= 0.99

    def test_p_values_of_no_difference_are_spread_evenly(self):
        rng = np.random.default_rng(1)
        p = [flip_signs(rng.normal(size=60), n_flips=400) for _ in range(300)]
        assert 0.02 <= np.mean(np.array(p) < 0.05) <= 0.09

    def test_flipping_signs_of_few_is_what_all_flips_give(self):
        """Of the 16 sign patterns of 1, 2, 3, 4 two reach a sum of 10: p = 1/8."""
        assert flip_signs(np.array([1.0, 2.0, 3.0, 4.0]), n_flips=20_000) == pytest.approx(
            0.125, abs=0.01
        )

    def test_holm_is_that_of_the_textbook(self):
        """By hand: sorted .005, .01, .03, .04 times 4, 3, 2, 1 -> .02, .03, .06, .06."""
        p = correct_by_holm([0.01, 0.04, 0.03, 0.005])
        assert p == pytest.approx([0.03, 0.06, 0.06, 0.02])

    def test_a_listener_of_several_splits_counts_once(self):
        values = [np.array([0.0, 1.0, np.nan]), np.array([1.0, 1.0, np.nan])]
        pooled = pool_splits(values)
        assert pooled[:2].tolist() == [0.5, 1.0]
        assert np.isnan(pooled[2])

    def test_verdicts_follow_the_differences(self):
        rng = np.random.default_rng(2)
        rival = rng.random(300)
        scores = {
            "rival": rival,
            "above": rival + 0.1,
            "below": rival - 0.1,
            "alike": rival + rng.normal(0, 0.01, 300) * rng.choice([-1, 1], 300),
        }
        told = compare_with(scores, "rival")
        assert told["above"]["verdict"] == "significantly above rival"
        assert told["below"]["verdict"] == "significantly below rival"
        assert told["alike"]["verdict"] == "not shown to be above rival"
        low, high = told["above"]["interval"]
        assert low == pytest.approx(0.1)
        assert high == pytest.approx(0.1)
        assert "rival" not in told
