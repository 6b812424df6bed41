"""Other tools' results as a folder of ours: the same answers, and one origin a map."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from interplay.cli.app import app
from interplay.errors import InterplayError, LedgerError, TableError
from interplay.results.importing import import_source
from interplay.results.question import Question
from interplay.results.results import Results
from interplay.table.folder import IMPORTED
from interplay.table.ledger import Ledger
from tests.results.test_foreign import CASES
from tests.results.test_results import X, Y, make_run


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def bring(source, folder, names=None, **options):
    return import_source(str(source), folder, map=names or {}, **options)


def answers(results, question):
    """All that is computed, without the columns' names."""
    cells, found = results.judged(question)
    record = found.to_json() if found else {}
    numbers = {key: record.get(key) for key in ("anova", "box", "effect", "interaction")}
    return json.dumps(
        [
            cells.mean.tolist(), cells.sd.tolist(), cells.best, cells.x.labels, cells.y.labels,
            [cells.stopped.tolist(), cells.failed.tolist()], numbers, found and found.ridge.rows,
        ],
        default=str,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("file", "x", "y", "metric", "options"),
    [
        ("ray_stopped.csv", "lr", "hidden_size", "accuracy", {"where": {"training_iteration": 20}}),
        ("optuna_states.csv", None, None, None, {}),
        ("none.csv", None, None, None, {}),
        ("lists.csv", None, None, None, {}),
        ("wide_folds.csv", None, None, None, {}),
        ("nl.csv", None, None, None, {}),
        ("one_exploded.csv", "lr", "model", "val_loss", {}),
    ],
)
def test_what_was_imported_answers_as_its_source_does(tmp_path, file, x, y, metric, options):
    source = Results.load(CASES / file)
    bring(CASES / file, tmp_path / "runs")
    ours = Results.load(tmp_path / "runs")
    assert len(ours.frame) == len(source.frame)
    x, y = (x, y) if x else source.varied[:2]
    metric = metric or source.table.of("metric")[0]
    mode = source.table.columns[metric].mode or "min"
    question = Question(x, y, metric, mode, over="mean", **options)
    where = {"epochs_run": 20} if options else {}
    x, y = ours.varied[:2] if file != "ray_stopped.csv" else (x, y)
    metric = ours.table.of("metric")[0] if file != "ray_stopped.csv" else metric
    asked = replace(question, x=x, y=y, metric=metric, where=where)
    assert answers(ours, asked) == answers(source, question)


def frame(lr=(0.01, 0.1), shift=0.0, **more):
    rows = [
        {"config/lr": r, "config/units": u, "seed": s, "acc": 0.5 + r + u / 100 + s / 1000 + shift}
        for r in lr
        for u in (8, 16)
        for s in range(3)
    ]
    return pd.DataFrame(rows).assign(**more)


@pytest.fixture
def two(tmp_path):
    """A folder with rows of two origins, in which the same seed gives other numbers."""
    for name, shift in (("mine", 0.0), ("theirs", 0.2)):
        frame(shift=shift).to_csv(tmp_path / f"{name}.csv", index=False)
        bring(tmp_path / f"{name}.csv", tmp_path / "runs")
    return tmp_path / "runs"


def test_rows_of_two_origins_are_never_one_map(two):
    results = Results.load(two)
    assert len(results.frame) == 24
    question = Question("lr", "units", "acc")
    for ask in (results.cells, results.analyse, lambda q: results.ranked(q.metric)):
        with pytest.raises(TableError, match="2 origins, mine, theirs: other code"):
            ask(question)
    means = {}
    for name in ("mine", "theirs"):
        cells = results.cells(replace(question, where={"origin": name}))
        assert (cells.n == 3).all()
        means[name] = cells.mean
    assert means["theirs"] - means["mine"] == pytest.approx(np.full((2, 2), 0.2))
    said = run("heatmap", two, "--x", "lr", "--y", "units", "--metric", "acc")
    assert said.exit_code == 2
    assert "--where origin=mine" in " ".join(said.output.split())


def test_a_source_imported_again_takes_its_own_place(two):
    frame(lr=(0.01,)).to_csv(two.parent / "mine.csv", index=False)
    bring(two.parent / "mine.csv", two)
    results = Results.load(two)
    assert results.frame["origin"].value_counts().to_dict() == {"theirs": 12, "mine": 6}
    assert len(list((two / IMPORTED).glob("*.parquet"))) == 2


def test_a_source_is_the_same_however_it_is_typed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    make_run(tmp_path / "own")
    for typed in ("own", "own/", "./own", tmp_path / "own", "~/own"):
        bring(typed, "~/runs")
    (one,) = Results.load("runs").study["origins"]
    assert one["source"] == str(tmp_path.resolve() / "own")
    (tmp_path / "elsewhere" / "own").mkdir(parents=True)
    shutil.copytree(tmp_path / "own", tmp_path / "elsewhere" / "own", dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path / "elsewhere")
    bring("own", tmp_path / "runs")
    assert len(Results.load(tmp_path / "runs").study["origins"]) == 2


def test_a_folder_does_not_come_into_itself(two, monkeypatch):
    monkeypatch.chdir(two.parent)
    for typed in ("runs", "./runs/", two):
        with pytest.raises(TableError, match="is the folder itself"):
            bring(typed, two)
    assert len(Results.load(two).frame) == 24


def test_another_source_of_the_same_name_has_a_name_of_its_own(two, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    frame().to_csv(tmp_path / "elsewhere" / "mine.csv", index=False)
    origin, _ = bring(tmp_path / "elsewhere" / "mine.csv", two)
    assert origin.name == "mine 2"
    assert set(Results.load(two).frame["origin"]) == {"mine", "theirs", "mine 2"}


def test_the_record_says_where_rows_come_from_and_what_read_them(two):
    first = Results.load(two).study["origins"][0]
    assert first["source"] == str(two.parent / "mine.csv")
    assert (first["tool"], first["rows"]) == ("files", 12)
    assert set(first["versions"]) >= {"interplay", "pandas", "pyarrow"}


def test_a_run_with_its_curves_comes_beside_another_origin(two, tmp_path):
    run = make_run(tmp_path / "own", epochs_run=lambda config, seed: 4 if config[Y] else 2)
    alone = tmp_path / "alone"
    for folder in (two, alone):
        bring(tmp_path / "own", folder, {"accuracy": "score"})
    pd.testing.assert_frame_equal(
        Results.load(alone).curves.rename(columns={"score": "accuracy"}), run.curves
    )
    asked = Question(X, Y, "accuracy", at_epoch=2)
    with pytest.raises(InterplayError, match="unequally long"):
        run.cells(replace(asked, at_epoch=None))
    for folder, where in ((alone, {}), (two, {"origin": "s"})):
        found = Results.load(folder).cells(replace(asked, metric="score", mode="max", where=where))
        assert found.mean.tolist() == run.cells(asked).mean.tolist()
    # Rows of the other origin have no curve, and so are at no epoch.
    with pytest.raises(TableError):
        Results.load(two).cells(
            Question("lr", "units", "acc", at_epoch=2, where={"origin": "mine"})
        )


def test_names_are_ours_or_as_they_are_told(tmp_path):
    frame(random_state=1).drop(columns="seed").assign(
        random_state=lambda t: range(len(t)), state="COMPLETE"
    ).to_csv(tmp_path / "t.csv", index=False)
    _, table = bring(tmp_path / "t.csv", tmp_path / "runs", {"units": "model.hidden_size"})
    assert set(table.varied) == {"lr", "model.hidden_size"}
    assert (table.one("seed"), table.one("status")) == ("seed", "status")
    assert set(table.frame["status"]) == {"complete"}
    with pytest.raises(InterplayError, match="nowhere"):
        bring(tmp_path / "t.csv", tmp_path / "other", {"nowhere": "a"})
    # The last one's short name would mean either.
    for names in ({"units": "acc"}, {"units": "a", "lr": "a"}, {"units": "lr"}):
        with pytest.raises(TableError, match=r"column (acc|a|config/lr) already"):
            bring(tmp_path / "t.csv", tmp_path / "other", names)
    assert not (tmp_path / "other").exists()


def test_a_direction_that_is_told_is_kept(tmp_path):
    frame().rename(columns={"acc": "quantity"}).to_csv(tmp_path / "t.csv", index=False)
    bring(tmp_path / "t.csv", tmp_path / "runs", metric="quantity", mode="min")
    results = Results.load(tmp_path / "runs")
    cells = results.cells(Question("lr", "units"))
    assert (cells.metric, cells.mode, cells.best) == ("quantity", "min", (0, 0))


def test_what_is_something_else_in_another_table_is_refused(two, tmp_path):
    rate = frame().rename(columns={"acc": "lr", "config/lr": "config/rate"})
    seeds = frame().rename(columns={"seed": "random_state"}).assign(seed=range(12))
    for name, other, told, says in (
        ("a", rate, {"metric": "lr"}, "lr is hyperparameter in .* and metric in a;"),
        ("b", seeds, {"seed": "random_state"}, "seed is seed in .* and hyperparameter in b;"),
    ):
        other.to_csv(tmp_path / f"{name}.csv", index=False)
        with pytest.raises(TableError, match=says):
            bring(tmp_path / f"{name}.csv", two, **told)
    assert len(Results.load(two).frame) == 24


def test_a_run_and_what_was_imported_keep_apart(two, tmp_path):
    with pytest.raises(LedgerError, match="imported from elsewhere"):
        Ledger(two).create()
    run_folder = tmp_path / "run"
    run_folder.mkdir()
    (run_folder / "study.json").write_text("{}", encoding="utf-8")
    with pytest.raises(LedgerError, match="is a run"):
        bring(tmp_path / "mine.csv", run_folder)
    (tmp_path / "things").mkdir()
    (tmp_path / "things" / "notes.txt").write_text("", encoding="utf-8")
    with pytest.raises(LedgerError, match=r"other things \(notes.txt"):
        bring(tmp_path / "mine.csv", tmp_path / "things")


def test_what_is_damaged_is_named(two):
    part = next((two / IMPORTED).glob("*.parquet"))
    part.write_bytes(b"PAR1")
    said = run("table", two)
    assert said.exit_code == 2
    assert part.name in said.output
    assert "import its source again" in " ".join(said.output.split())
    shutil.rmtree(two / IMPORTED)
    assert run("table", two).exit_code == 2


def test_any_value_comes_back_as_it_was(tmp_path):
    held = pd.DataFrame(
        {
            "lr": [0.1, 0.1, 0.2, 0.2],
            "mixed": [None, 1, "a", 2.5],
            "flag": [True, False, True, None],
            "when": pd.to_datetime(["2026-01-01"] * 4),
            "acc": [0.1, np.nan, np.inf, 0.4],
        }
    )
    from interplay.results.sources.forms import frame_of, table_of
    from interplay.table.imported import Origin, add_import, read_imported

    table = table_of("t", frame_of(held))
    add_import(tmp_path / "runs", table, Origin("t", "memory", "frame", {}, "2026-01-01", 4))
    back = read_imported(tmp_path / "runs")
    pd.testing.assert_frame_equal(back.frame[list(table.frame)], table.frame, check_dtype=False)
    assert back.varied == table.varied


def test_the_page_says_where_rows_come_from(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    frame().to_csv("mine.csv", index=False)
    said = run("import", "mine.csv", "--out", "runs/mine")
    assert said.exit_code == 0, said.output
    assert "--x lr --y units --metric acc" in said.output
    (tmp_path / "reports" / "mine").mkdir(parents=True)
    settings = 'x = "lr"\ny = "units"\nmetric = "acc"\n'
    (tmp_path / "reports" / "mine" / "report.toml").write_text(settings, encoding="utf-8")
    said = run("report", "runs/mine")
    assert said.exit_code == 0, said.output
    page = json.loads((tmp_path / "reports/mine/study.json").read_text(encoding="utf-8"))["page"]
    assert ["from", "mine: 12 rows of mine.csv (files), imported"] == [
        page["setup"][0][0], page["setup"][0][1][:-11]
    ]  # fmt: skip
