"""The choice from a table: the best, the cheapest of what ties, the simplest; and what is said."""

import pandas as pd
import pytest

from interplay.errors import InterplayError
from interplay.results.results import Results


def frame(**changes):
    """Width × dropout × 3 seeds: width 64 is best, 32 ties with it, 8 does not."""
    rows = [
        {
            "width": width,
            "act": act,
            "seed": seed,
            "accuracy": {8: 0.5, 32: 0.90, 64: 0.905}[width]
            + 0.01 * seed
            + 0.03 * ((seed * 7 + width * 5 + len(act)) % 3),
            "parameters": width * 10,
            "seconds": 100 / width + len(act),
        }
        for width in (8, 32, 64)
        for act in ("relu", "tanh")
        for seed in range(3)
    ]
    return pd.DataFrame(rows).assign(**changes)


def results(table=None, **options):
    params = ["width", "act"]
    return Results.from_frame(frame() if table is None else table, params=params, **options)


def test_the_best_and_what_ties():
    choice = results().best(metric="accuracy")
    assert choice.cell["width"] == 64
    assert choice.taken == 0
    assert set(choice.tied["width"]) == {32, 64}
    assert len(choice.table) == 6
    assert choice.to_json()["best"]["setting"] == choice.cell


@pytest.mark.parametrize(
    ("by", "width"),
    [("parameters", 32), ("seconds", 64), ("width", 32), ("-width", 64), (["width"], 32)],
)
def test_among_ties_the_cheapest_or_the_simplest(by, width):
    choice = results().best(metric="accuracy", by=by)
    assert choice.cell["width"] == width
    assert choice.table["tied"].iloc[choice.taken]


def test_the_second_name_decides_between_equals():
    one = results().best(metric="accuracy", by=["width", "seconds"])
    assert one.cell == {"width": 32, "act": "relu"}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"by": "depth"}, "depth"),
        ({"by": "act"}, "have no order"),
        ({"by": "parameters"}, "no numbers in a column parameters"),
        ({"within": "2se"}, "allowed: ties, 1se"),
        ({"where": {"width": 9}}, "width = 9 does not occur"),
        ({"metric": "loss"}, "loss"),
    ],
)
def test_mistakes_say_a_way_out(options, words):
    table = frame()
    if options.get("by") == "parameters":
        table = table.drop(columns="parameters")
    with pytest.raises(InterplayError, match=words):
        results(table).best(**{"metric": "accuracy", **options})


def test_one_training_a_cell_is_said_to_tell_nothing():
    table = frame()
    choice = results(table[table["seed"] == 0]).best(metric="accuracy")
    assert any("nobody can tell" in note for note in choice.notes)
    assert choice.table["tied"].all()


def test_where_chooses_among_the_rest():
    choice = results().best(metric="accuracy", where={"width": 8})
    assert choice.names == ("act",)
    assert len(choice.table) == 2


def test_what_nobody_measured_is_no_cost():
    """As of a function of one's own, of whose parameters nothing is known."""
    unknown = pd.Series([pd.NA] * 18, dtype="Int64")
    choice = results(frame(parameters=unknown)).best(metric="accuracy")
    assert "parameters" not in choice.table
    assert "seconds" in choice.table
    with pytest.raises(InterplayError, match="no numbers in a column parameters"):
        results(frame(parameters=unknown)).best(metric="accuracy", by="parameters")


def test_compared_is_what_came_to_its_end():
    table = frame(status="complete")
    table.loc[table["width"] == 8, "status"] = "stopped"
    table.loc[(table["width"] == 32) & (table["act"] == "relu"), "status"] = "diverged"
    choice = results(table).best(metric="accuracy")
    assert (len(choice.table), choice.compared) == (6, 3)
