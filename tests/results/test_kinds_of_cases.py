"""Of each kind of table in `tests/cases` three more, with what is right."""

import json

import numpy as np
import pandas as pd
import pytest

from interplay.errors import BudgetError, InterplayError
from interplay.results.question import Question
from interplay.results.results import Results


def grid(a, b, score, repeats=1, **more):
    """A row for each pair of values and repeat."""
    rows = [
        {"a": one, "b": other, "seed": seed, "accuracy": score(one, other, seed)}
        for one in a
        for other in b
        for seed in range(repeats)
    ]
    return pd.DataFrame(rows).assign(**more)


def asked(frame, *names, **options):
    return Results.from_frame(frame).cells(Question(*(names or ("a", "b", "accuracy")), **options))


def best(found):
    row, column = found.best
    return found.x.values[column], found.y.values[row]


@pytest.mark.parametrize(
    ("named", "ran", "way"),
    [
        ("epochs", [9, 9, 1, 1] * 2, 9),  # one value of b was stopped everywhere
        ("global_step", [500] * 7 + [20], 500),  # a single row was
        ("config/max_epochs", [3, 27, 9, 1, 27, 27, 3, 9], 27),  # hyperband's brackets
    ],
)
def test_stopped_trials_are_refused_and_the_way_out_works(named, ran, way):
    given = grid([1, 2], [3, 4], lambda a, b, s: a * b / 10 + s / 99, 2, **{named: ran})
    with pytest.raises(BudgetError, match=named) as refused:
        asked(given)
    assert "at_epoch" not in str(refused.value)  # there are no curves
    found, left = asked(given, where={named: way}), given[given[named] == way]
    assert found.complete.sum() == len(left)
    # Also where it is all of a value of b, they are no holes.
    assert found.stopped.sum() == (given[named] < way).sum()


@pytest.mark.parametrize(
    ("column", "words", "counts"),
    [
        ("State", ["finished", "crashed", "finished", "running"], (2, 1, 0, 1)),
        ("trial_status", ["TERMINATED", "ERROR", "PAUSED", "TERMINATED"], (2, 1, 0, 1)),
        ("state", ["TrialState.COMPLETE", "TrialState.PRUNED", "TrialState.FAIL", "RUNNING"], (1, 1, 1, 1)),
    ],
)  # fmt: skip
def test_what_did_not_come_to_its_end_takes_no_place_from_what_did(column, words, counts):
    given = grid([1, 2], [3, 4], lambda a, b, s: 0.9 if s else 0.1, 2)
    whole = given.assign(accuracy=0.5 + given["a"] / 10 + given["b"] / 100)
    ended = pd.Series(["finished" if "nished" in words[0] else words[0]] * len(given))
    first = given["seed"] == 0
    ended[first] = words
    found = asked(whole.assign(**{column: ended}))
    sums = [getattr(found, n).sum() for n in ("complete", "failed", "stopped", "unfinished")]
    assert sums == [counts[0] + 4, *counts[1:]]
    assert found.diverged.sum() == 0
    assert best(found) == (2, 4)


@pytest.mark.parametrize(
    ("metric", "mode"),
    [("eval/RMSE", "min"), ("metrics.validation-error", "min"), ("neg_log_loss", "max")],
)
def test_losses_are_not_maximised(metric, mode):
    given = grid([1, 2], [3, 4], lambda a, b, s: a * b * (1 if mode == "min" else -1))
    found = asked(given.rename(columns={"accuracy": metric}), "a", "b", metric)
    assert (found.mode, best(found)) == (mode, (1, 3))


@pytest.mark.parametrize(
    ("values", "labels"),
    [
        ([None, 0.1, 0.5], ("0.1", "0.5", "none")),
        (["None", 64, 8], ("8", "64", "none")),
        (["null", "batch", "layer"], ("null", "batch", "layer")),
    ],
)
def test_none_is_a_level(values, labels, tmp_path):
    given = grid(
        values, [1, 2], lambda a, b, s: 0.9 if a in (None, "None", "null") else 0.5 + b / 99
    )
    given["accuracy"] += given["b"] / 50
    found = asked(given.astype({"a": object}))
    assert (found.x.labels, found.n.sum()) == (labels, 6)
    assert best(found) == (
        found.x.values[labels.index(labels[-1] if "none" in labels else "null")],
        2,
    )
    given.to_csv(tmp_path / "t.csv", index=False)
    if "null" not in labels:
        saved = Results.load(tmp_path / "t.csv").cells(Question("a", "b", "accuracy"))
        assert saved.x.labels == labels


@pytest.mark.parametrize(
    ("name", "low", "high", "log"),
    [("weight_decay", 1e-6, 1e-2, True), ("opt.eta", 1e-3, 1e-1, True), ("dropout", 0.05, 0.6, False)],
)  # fmt: skip
def test_samples_of_rates_are_binned_by_decades(name, low, high, log):
    place = np.random.default_rng(1).uniform(size=60)
    drawn = low * (high / low) ** place if log else low + (high - low) * place
    given = pd.DataFrame({name: drawn, "b": [1, 2] * 30, "accuracy": place})
    found = asked(given, name, "b", "accuracy").x
    assert (found.binned, found.log) == (True, log)
    edges = np.array(found.edges)
    steps = np.diff(np.log(edges) if log else edges)
    np.testing.assert_allclose(steps, steps[0])


@pytest.mark.parametrize(
    ("values", "labels"),
    [
        ([(8, 8, 8), (8,), (16, 8)], ("[8]", "[8, 8, 8]", "[16, 8]")),
        (["vit-large-32", "vit-large-8", "vit-large-16"], ("vit-large-8", "vit-large-16", "vit-large-32")),
        (["10k", "2k", "100k"], ("2k", "10k", "100k")),
    ],
)  # fmt: skip
def test_lists_and_words_with_numbers_stand_in_natural_order(values, labels):
    assert asked(grid(values, [1, 2], lambda a, b, s: len(a) + b)).x.labels == labels


@pytest.mark.parametrize("scorer", ["score", "f1", "neg_mean_squared_error"])
def test_folds_beside_one_another_give_spread_and_n(scorer):
    number = np.random.default_rng(2)
    scores = number.uniform(-1, 1, size=(6, 5))
    given = pd.DataFrame(
        {"param_m__alpha": [0.1, 0.1, 1, 1, 10, 10], "param_m__fit": ["x", "y"] * 3}
        | {f"split{i}_test_{scorer}": scores[:, i] for i in range(5)}
        | {f"mean_test_{scorer}": scores.mean(axis=1), f"rank_test_{scorer}": range(6)}
    )
    found = asked(given, "alpha", "fit", f"mean_test_{scorer}")
    assert (found.n == 5).all()
    np.testing.assert_allclose(found.mean.T.ravel(), scores.mean(axis=1))
    np.testing.assert_allclose(found.sd.T.ravel(), scores.std(axis=1, ddof=1))
    analysed = Results.from_frame(given).analyse(Question("alpha", "fit", f"test_{scorer}"))
    assert analysed.blocks
    assert "one_row_a_cell" not in {caution.code for caution in analysed.cautions}


@pytest.mark.parametrize(
    "score",
    [
        lambda a, b, s: 0.0,
        lambda a, b, s: 0.1 + 0.2 if a == 1 else 0.3,  # but for rounding
        lambda a, b, s: 0.5 if s else 0.7,  # the seed alone does something
    ],
)
def test_where_all_is_equal_nothing_is_best(score):
    given = grid([1, 2], [3, 4], score, 2)
    assert asked(given).best is None


@pytest.mark.parametrize(
    "held",
    [np.array, tuple, lambda v: {"sizes": v, "act": None}],
    ids=["arrays", "tuples", "dicts"],
)
def test_values_of_many_parts_in_memory(held):
    sizes = [[8, 16], [8], []]
    rows = [{"lr": lr, "layers": held(s), "accuracy": lr + len(s)} for lr in (1, 2) for s in sizes]
    found = asked(pd.DataFrame(rows), "lr", "layers", "accuracy")
    assert (len(found.y), found.n.sum()) == (3, 6)
    assert best(found)[1] == found.y.values[found.y.labels.index(text(held([8, 16])))]


def text(value):
    return json.dumps(value.tolist() if isinstance(value, np.ndarray) else value)


@pytest.mark.parametrize(
    ("lines", "labels"),
    [
        ("lr;b;acc\n1e-3;1;,91\n1E-2;1;,93\n1e-3;2;+,5\n1e-2;2;1\n", ("1e-3", "0.01")),
        ("lr\tb\tacc\n0,5\t1\t0,91\n1\t1\t0,93\n0,5\t2\t0,5\n1\t2\t0,7\n", ("0.5", "1")),
        ('lr;b;acc\n"-0,5";1;"0,91"\n"0,5";1;"0,93"\n"-0,5";2;"0,5"\n"0,5";2;\n', ("-0.5", "0.5")),
    ],
)
def test_decimal_commas(lines, labels, tmp_path):
    (tmp_path / "t.csv").write_bytes(b"\xef\xbb\xbf" + lines.replace("\n", "\r\n").encode())
    found = Results.load(tmp_path / "t.csv").cells(Question("lr", "b", "acc"))
    assert found.x.labels == labels
    assert found.mean[0].tolist() == [0.91, 0.93]


def test_points_and_commas_in_one_file_are_a_message(tmp_path):
    (tmp_path / "t.csv").write_text("lr;b;acc\n0.5;1;0,91\n0.25;1;0,93\n", encoding="utf-8")
    with pytest.raises(InterplayError, match="decimal commas in 'acc' and with points in 'lr'"):
        Results.load(tmp_path / "t.csv")
