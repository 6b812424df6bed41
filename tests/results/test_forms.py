"""A run's table in any tool's form gives the run's own answers: cells, verdict and warnings."""

import json
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from interplay.errors import BudgetError, InterplayError, TableError
from interplay.results.question import Question
from interplay.results.results import Results
from tests.examples import examples
from tests.results.made import EPOCHS, FILES, FORMS, WITH_FOLDS, Made, as_run
from tests.results.made_folders import FOLDERS

AXES = {
    "lr": [[1e-4, 1e-3, 1e-2], [0.05, 0.5], [0.1, 0.2, 0.3]],
    "hidden_size": [[8, 16, 32], [8, 64, 1000, 4096]],
    "max_depth": [[5, 10, None]],
    "norm": [["none", "batch"], ["layer", "batch", "group"]],
    "layers": [[[64, 32], [128, 64, 32]]],
    "bias": [[False, True]],
    "encoder": [["resnet18", "resnet101"]],
    "shift": [[-2, -0.5, 1]],
}
FOREIGN_ALONE = "taken by their names: "
"""How the warning begins that a run needs not, whose columns are known."""


@st.composite
def grids(draw, endings=("complete",), names=2, least=1, folds=False):
    chosen = draw(st.permutations(sorted(AXES)))[:names]
    axes = {name: draw(st.sampled_from(AXES[name])) for name in chosen}
    repeats, noise = draw(st.integers(least, 4)), draw(st.sampled_from([0, 0.01, 0.1]))
    number = np.random.default_rng(draw(st.integers(0, 9)))
    crossed = draw(st.sampled_from([0, 0.2]))
    rows = []
    for place in np.ndindex(*map(len, axes.values())):
        setting = {name: axes[name][i] for name, i in zip(axes, place, strict=True)}
        for repeat in range(repeats):
            score = 0.5 + 0.05 * place[0] - 0.03 * place[1] + crossed * (place[0] == place[1])
            score = round(min(max(score + noise * number.normal(), 0.01), 0.99), 4)
            # Elsewhere what failed may have had no settings yet: none is a level of others alone.
            status = "complete" if None in setting.values() else draw(st.sampled_from(endings))
            epochs = {"failed": 0, "stopped": EPOCHS - 1}.get(status, EPOCHS)
            ran = {"status": status, "epochs": epochs, "score": score}
            rows.append(setting | {"replicate": repeat} | ran)
    return Made(axes, rows, folds)


@st.composite
def samples(draw):
    number = np.random.default_rng(draw(st.integers(0, 9)))
    rows = [
        {
            "lr": float(f"{10 ** number.uniform(-5, -1):.6g}"),
            "units": int(number.integers(-40, 200)) if draw(st.booleans()) else int(number.integers(8, 200)),
            "replicate": 0, "status": "complete", "epochs": EPOCHS, "score": round(number.random(), 6),
        }
        for _ in range(40)
    ]  # fmt: skip
    return Made({"lr": [], "units": []}, rows, logs={"lr": True, "units": False})


FORM, FOLDED = st.sampled_from(sorted(FORMS)), st.sampled_from(sorted(WITH_FOLDS))
FILE = st.sampled_from([*FILES, "frame"])


def both(made, form, file, **options):
    """What a run answers, and what its table in a form does, under the run's names."""
    metric = form.metric if form.mode else "accuracy"
    mode = "max" if form.mode else None
    where = form.where | {n: EPOCHS for n in form.budget if "stopped" in made.endings}
    asked = Question(*list(made.axes)[:2], form.metric, mode, where=where, **options)
    frame = form.frame(made)

    def table(folder):
        if file == "frame":
            return Results.from_frame(frame, "s")
        FILES[file](frame, folder / f"s.{file}")
        return Results.load(folder / f"s.{file}")

    return compared(made, form, metric, asked, table, **options)


def compared(made, form, metric, asked, table, **options):
    """What a run answers, and what `table` does, made in a folder, to what is asked."""
    with tempfile.TemporaryDirectory() as folder:
        run = as_run(made, Path(folder) / "run", metric)
        own = {f"model.{name}": name for name in made.axes} | {metric: "METRIC"}
        names = {form.setting.format(name): name for name in made.axes}
        names |= {form.metric: "METRIC"}
        where = {"epochs_run": EPOCHS} if "stopped" in made.endings else {}
        found = answers(table(Path(folder)), asked, names)
        return answers(run, replace(Question(), where=where, **options), own), found


def both_of_folder(made, form, **options):
    """As `both`, of a folder that a tool leaves."""
    assume(all(type(row[name]) in form.holds for row in made.rows for name in made.axes))

    def table(folder):
        (folder / "s").mkdir()
        form.write(made, folder / "s")
        return Results.load(folder / "s")

    asked = Question(*list(made.axes)[:2], form.metric, **options)
    return compared(made, form, "accuracy", asked, table, **options)


def answers(results, question, names):
    """Everything that is said of a table, as text under plain names, or how it is refused."""
    found = {}
    try:
        cells = results.cells(question)
        foreign = (FOREIGN_ALONE, *results.table.notes)
        warnings = [text for text in cells.warnings if not text.startswith(foreign)]
        cells = replace(cells, warnings=tuple(warnings))
        found = {name: plain_of(value) for name, value in vars(cells).items()}
        where = {f"{name} = {value}" for name, value in question.where.items()}
        found["title_notes"] = [note for note in cells.title_notes if note not in where]
        said = results.analyse(question).to_json()
        said["warnings"] = [
            warning for warning in said["warnings"] if not warning["message"].startswith(foreign)
        ]
        found |= {f"analysis {name}": value for name, value in said.items()}
    except InterplayError as error:
        found["refused"] = f"{type(error).__name__}: {error}"
    return {name: _renamed(json.dumps(value, default=str), names) for name, value in found.items()}


def plain_of(value):
    if hasattr(value, "labels"):
        return [value.name, value.labels, value.values, value.binned, value.log, value.edges]
    if isinstance(value, np.ndarray):
        return (value if value.dtype == bool else np.round(value, 12)).tolist()
    return value


def _renamed(text, names):
    for name in sorted(names, key=len, reverse=True):
        text = text.replace(json.dumps(name)[1:-1], names[name])
    return text


@examples(8)
@given(grids(), FORM, FILE)
def test_a_grid_gives_its_runs_answers(made, form, file):
    wanted, found = both(made, FORMS[form], file)
    assert found == wanted


@examples(4)
@given(grids(("complete", "complete", "failed", "diverged")), FORM, FILE)
def test_so_it_does_where_trainings_failed_or_diverged(made, form, file):
    assume(made.endings <= {"complete", *FORMS[form].tells})
    wanted, found = both(made, FORMS[form], file)
    assert found == wanted


STOPPED = ("complete", "complete", "stopped")


@examples(6)
@given(grids(STOPPED), st.sampled_from(["plain", "dotted", "optuna", "optuna seed"]), FILE)
def test_so_it_does_where_trainings_were_stopped(made, form, file):
    """Where no budget is told apart, the form says of a trial that it was pruned."""
    assume("complete" in made.endings)
    wanted, found = both(made, FORMS[form], file)
    assert found == wanted


@examples(4)
@given(grids(least=2, folds=True), FOLDED, FILE)
def test_so_it_does_with_folds(made, form, file):
    wanted, found = both(made, WITH_FOLDS[form], file)
    assert found == wanted


@examples(4)
@given(grids(names=3), FORM, FILE, st.sampled_from([None, "mean", "best"]))
def test_so_it_does_with_a_third_hyperparameter(made, form, file, over):
    wanted, found = both(made, FORMS[form], file, over=over)
    if over is None:
        assert "besides" in wanted["refused"]
        found, wanted = ({"refused": _ways_apart(a["refused"])} for a in (found, wanted))
    assert found == wanted


def _ways_apart(refused):
    """Without the way out that only a guess has."""
    return refused.partition("; if these are no hyperparameters")[0].rstrip('"')


@examples(3)
@given(samples(), FORM, FILE)
def test_so_do_samples_in_bins(made, form, file):
    wanted, found = both(made, FORMS[form], file)
    assert found == wanted


FOLDER = st.sampled_from(sorted(FOLDERS))


@examples(8)
@given(grids(), FOLDER)
def test_a_folder_gives_its_runs_answers(made, form):
    wanted, found = both_of_folder(made, FOLDERS[form])
    assert found == wanted


@examples(8)
@given(grids(("complete", "complete", "failed", "diverged")), FOLDER)
def test_so_does_one_with_trainings_that_failed_or_diverged(made, form):
    assume({"complete"} <= made.endings <= {"complete", *FOLDERS[form].tells})
    wanted, found = both_of_folder(made, FOLDERS[form])
    assert found == wanted


@examples(6)
@given(grids(STOPPED))
def test_so_does_one_with_trainings_that_were_stopped(made):
    assume("complete" in made.endings)
    wanted, found = both_of_folder(made, FOLDERS["keras tuner"])
    assert found == wanted


@examples(8)
@given(grids(least=2, folds=True), FOLDER)
def test_so_does_one_with_folds(made, form):
    wanted, found = both_of_folder(made, FOLDERS[form])
    assert found == wanted


@examples(8)
@given(samples(), FOLDER)
def test_so_does_one_of_samples(made, form):
    wanted, found = both_of_folder(made, FOLDERS[form])
    assert found == wanted


@pytest.mark.parametrize("form", ["keras tuner", "hydra", "determined"])
def test_a_number_too_large_for_a_table_is_one_message(form, tmp_path):
    row = {"replicate": 0, "status": "complete", "epochs": EPOCHS, "score": 0.5}
    rows = [row | {"lr": lr, "units": units} for lr in (1, 10**400) for units in (4, 8)]
    FOLDERS[form].write(Made({"lr": [1], "units": [4, 8]}, rows), tmp_path)
    with pytest.raises(TableError, match="too large for a table"):
        Results.load(tmp_path)


@pytest.mark.parametrize("form", ["plain", "dotted", "ray", "wandb"])
def test_unequal_budgets_are_refused_as_a_runs_are(form, tmp_path):
    rows = [
        {"lr": lr, "units": units, "replicate": seed, "status": "complete", "score": lr * units,
         "epochs": 2 if lr * units == 8 else EPOCHS}
        for lr in (1, 2) for units in (4, 8) for seed in (0, 1)
    ]  # fmt: skip
    made = Made({"lr": [1, 2], "units": [4, 8]}, rows)
    said = []
    table = Results.from_frame(FORMS[form].frame(made))
    run = as_run(made, tmp_path / "run")
    for results, metric in ((run, "accuracy"), (table, FORMS[form].metric)):
        with pytest.raises(BudgetError) as refused:
            results.cells(Question("lr", "units", metric))
        said.append(str(refused.value).partition(" = ")[2].partition(". ")[0])
    assert said == ["2 in 4 rows, 4 in 4 rows"] * 2
