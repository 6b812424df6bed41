"""`interplay interaction` and `Results.interaction`, on a run folder and on other people's tables."""

import json

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from interplay.cli.app import app
from interplay.errors import BudgetError
from interplay.results.results import Results
from tests.analysis.grids import grid, warpbreaks
from tests.results.made import Made, as_run
from tests.results.test_results import make_run

SHIFTING = 0.5 - 0.1 * np.abs(np.subtract.outer(np.arange(4), np.arange(4)))


def call(*arguments):
    return CliRunner().invoke(app, ["interaction", *map(str, arguments)])


def refused(*arguments):
    """The message of a call that must end with 2 and without a traceback."""
    result = call(*arguments)
    assert result.exit_code == 2, result.output
    assert "Traceback" not in result.output
    assert not result.stdout
    return result.stderr


@pytest.fixture
def table(tmp_path):
    frame = grid(SHIFTING, noise=0.01, seed_sd=0.01)
    frame = frame.rename(columns={"x": "net.width", "y": "net.rate", "m": "accuracy"})
    file = tmp_path / "sweep.csv"
    frame.assign(epochs_run=20).to_csv(file, index=False)
    return file


def test_json_of_a_csv(table):
    asked = ("--x", "width", "--y", "rate", "--metric", "accuracy", "--seed", "seed")
    answer = json.loads(call(table, *asked, "--json").stdout)
    assert (answer["x"], answer["y"]) == ("net.width", "net.rate")
    assert answer["interaction"] == {"claimed": True, "removable": False}
    assert answer["shift"]["claimed"]
    assert [row["best_y"] for row in answer["ridge"]] == [0, 1, 2, 3]
    assert answer["transformed"]["scale"] == "logit"
    # A column called seed is the seed, and that it was taken so is said.
    guessed = json.loads(call(table, *asked[:6], "--json").stdout)
    extra = [w for w in guessed["warnings"] if w not in answer["warnings"]]
    assert [w["code"] for w in extra] == ["guessed_columns"]
    assert "seed as the seed" in extra[0]["message"]
    assert {**guessed, "warnings": 0} == {**answer, "warnings": 0}


def test_a_page_to_read(table):
    page = call(
        table, "--x", "width", "--y", "rate", "--metric", "accuracy", "--seed", "seed"
    ).stdout
    flat = " ".join(page.split())
    assert flat.startswith("width and rate interact (F(9, 60) = ")
    assert "the best rate shifts from 0 at width = 0 to 3 at width = 3" in flat
    for words in ("width × rate", "partial ω²", "not clearly worse", "p by seed strata", "Box"):
        assert words in page
    assert "nan" not in page
    assert "None" not in page


def test_seeds_and_folds_are_told_apart_and_what_to_buy(tmp_path):
    g = np.random.default_rng(0)
    cell, seed, fold = np.indices((6, 3, 4)).reshape(3, -1)
    own = 0.03 * g.normal(size=(6, 4))[cell, fold] + 0.01 * g.normal(size=len(cell))
    score = 0.5 + 0.05 * (fold == 2) + own
    frame = pd.DataFrame(
        {"x": cell % 3, "y": cell // 3, "seed": seed, "fold": fold, "score": score}
    )
    frame.to_csv(tmp_path / "cv.csv", index=False)
    asked = (tmp_path / "cv.csv", "--x", "x", "--y", "y", "--metric", "score", "--mode", "max")
    found = json.loads(call(*asked, "--json").stdout)["components"]
    assert (found["seeds"], found["folds"], found["overlap"]) == (3, 4, 1 / 3)
    assert found["own"]["fold"] < found["cell"]["fold"]  # fold 2 is kinder to all cells
    assert found["buy"] == "folds"
    page = " ".join(call(*asked).stdout.split())
    told = f"folds {found['own']['fold'] ** 0.5:.2g}, rest {found['own']['rest'] ** 0.5:.2g}"
    assert "spread (sd) of a cell's score: seeds" in page
    assert f"not alike in all cells: seeds {found['own']['seed'] ** 0.5:.2g}, {told}" in page
    assert f"standard error of a cell beside others: {found['error']:.2g}; " in page
    assert "buy folds (more repeats of them) first" in page
    assert "folds share training rows, so cells are held against" in page
    # Of seeds alone, or folds alone, there is nothing to tell apart.
    frame[frame["seed"] == 0].to_csv(tmp_path / "cv.csv", index=False)
    assert json.loads(call(*asked, "--json").stdout)["components"] is None
    assert "spread (sd)" not in call(*asked).stdout


def test_repeats_of_folds_share_as_much_as_one_cross_validation(tmp_path):
    """A run says into how many parts its rows were cut; the table alone would say six."""
    rows = [
        {"a": a, "b": b, "replicate": fold, "status": "complete", "epochs": 4, "score": a + b * fold}
        for a in (1, 2) for b in (1, 2, 3) for fold in range(6)
    ]  # fmt: skip
    as_run(Made({"a": [1, 2], "b": [1, 2, 3]}, rows, folds=True), tmp_path / "run")
    file = tmp_path / "run" / "study.json"
    study = json.loads(file.read_text(encoding="utf-8"))
    for folds, times in ((3, 4.0), (None, 2.2)):
        file.write_text(json.dumps({**study, "folds": folds}), encoding="utf-8")
        found = Results.load(tmp_path / "run").interaction()
        assert found.tests.anova.inflation == pytest.approx(times)


def test_values_that_would_tear_the_page_apart_are_signs_on_it(tmp_path):
    frame = grid(SHIFTING, noise=0.01)
    frame["y"] = frame["y"].map(lambda level: f"two\nlines\t{level}\x1b[2J\u202e")
    frame.to_csv(tmp_path / "t.csv", index=False)
    page = call(tmp_path / "t.csv", "--x", "x", "--y", "y", "--metric", "m", "--mode", "max").stdout
    assert "two↵lines⇥0U+001B[2JU+202E" in page
    assert "\x1b" not in page
    assert "lines" not in {line.strip()[:5] for line in page.splitlines()}


def test_published_numbers_reach_the_page(tmp_path):
    warpbreaks().to_csv(tmp_path / "w.csv", index=False)
    page = call(
        tmp_path / "w.csv", "--x", "wool", "--y", "tension", "--metric", "breaks", "--mode", "max"
    ).stdout
    assert "4.189" in page
    assert "0.021" in page


def test_a_run_knows_its_own_question(tmp_path):
    results = make_run(tmp_path / "run")
    found = results.interaction()
    assert (found.x.name, found.metric, found.n_seeds) == ("model.hidden_size", "accuracy", 3)
    assert found.blocks
    assert Results.load(tmp_path / "run").interaction("dropout", "hidden_size").y.values == (8, 16)
    answer = json.loads(call(tmp_path / "run", "--json").stdout)
    assert answer["metric"] == "accuracy"
    assert found.to_json() == answer
    lower = json.loads(call(tmp_path / "run", "--metric", "valid_loss", "--json").stdout)
    assert lower["mode"] == "min"


def test_unequal_budgets_are_refused_and_at_epoch_is_the_way_out(tmp_path):
    short = make_run(tmp_path / "run", lambda config, seed: 2 if config["model.dropout"] else 4)
    with pytest.raises(BudgetError):
        short.interaction()
    assert "--at-epoch" in refused(tmp_path / "run")
    assert call(tmp_path / "run", "--at-epoch", "2").exit_code == 0


def test_mistakes_are_told_in_a_line(table, tmp_path):
    named = ("--y", "rate", "--metric", "accuracy")
    assert "did you mean 'net.width'" in refused(table, "--x", "net.widht", *named)
    assert "which two?" in refused(table, "--metric", "accuracy")
    assert "which metric?" in refused(table, "--x", "width", "--y", "rate")
    frame = grid(np.eye(4))
    frame[frame["x"] == frame["y"]].to_csv(tmp_path / "d.csv", index=False)
    assert "disconnected" in refused(
        tmp_path / "d.csv", "--x", "x", "--y", "y", "--metric", "m", "--mode", "max"
    )
    samples = frame.assign(x=np.random.default_rng(0).random(len(frame)))
    samples.to_csv(tmp_path / "s.csv", index=False)
    assert "no grid" in refused(
        tmp_path / "s.csv", "--x", "x", "--y", "y", "--metric", "m", "--mode", "max"
    )


@pytest.mark.parametrize(("name", "separator"), [("t.tsv", "\t"), ("t.csv", ";")])
def test_other_separators_are_read(table, tmp_path, name, separator):
    import pandas as pd

    pd.read_csv(table).to_csv(tmp_path / name, index=False, sep=separator)
    asked = ("--x", "width", "--y", "rate", "--metric", "accuracy", "--seed", "seed")
    assert call(tmp_path / name, *asked).stdout == call(table, *asked).stdout
    again = ("--x", "width", "--y", "rate", "--metric", "accuracy", "--seed", "width")
    assert "`--seed width`: that is an axis already" in refused(table, *again)
