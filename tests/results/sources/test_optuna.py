"""Storages that Optuna wrote, read: everything as its own interface says."""

import importlib.util
import math
import shutil
import sqlite3
from contextlib import closing, suppress

import numpy as np
import optuna
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import TrialState, create_trial
from typer.testing import CliRunner

from interplay.cli.app import app
from interplay.errors import BudgetError, InterplayError, TableError, as_flag
from interplay.results.importing import import_source
from interplay.results.question import Question
from interplay.results.results import Results
from interplay.results.sources.optuna import table_of
from tests.examples import examples

optuna.logging.set_verbosity(optuna.logging.ERROR)
WORDS = {"COMPLETE": "complete", "PRUNED": "stopped", "FAIL": "failed"}
STEPS = 4


def call(*arguments):
    return CliRunner().invoke(app, list(map(str, arguments)))


def journal(path):
    return JournalStorage(JournalFileBackend(str(path)))


def accuracy(trial, step):
    act, width = trial.params["act"], trial.params["width"]
    best = 0.5 + 0.2 * (act == "tanh") + width / 100 + 0.01 * trial.params["seed"]
    return best * (1 - 0.5 ** (step + 1))


def objective(trial):
    trial.suggest_categorical("act", ["tanh", "relu"])
    trial.suggest_int("width", 8, 24, step=8)
    trial.suggest_int("seed", 0, 1)
    trial.set_user_attr("note", f"trial {trial.number}")
    for step in range(STEPS):
        trial.report(accuracy(trial, step), step)
        if trial.should_prune():
            raise optuna.TrialPruned
    return accuracy(trial, STEPS - 1)


GRID = {"act": ["tanh", "relu"], "width": [8, 16, 24], "seed": [0, 1]}


@pytest.fixture(scope="module")
def pruned(tmp_path_factory):
    """A study with a pruner, in sqlite: its file, and what Optuna says of it."""
    file = tmp_path_factory.mktemp("optuna") / "sweep.db"
    study = optuna.create_study(
        storage=f"sqlite:///{file}",
        study_name="digits",
        direction="maximize",
        sampler=optuna.samplers.GridSampler(GRID, seed=0),
        pruner=optuna.pruners.SuccessiveHalvingPruner(reduction_factor=2),
    )
    study.optimize(objective, n_trials=12)
    states = study.trials_dataframe()["state"]
    assert {"PRUNED", "COMPLETE"} == set(states)
    return file, study


def test_every_trial_is_as_optuna_has_it(pruned):
    file, study = pruned
    before = file.read_bytes()
    results = Results.load(f"sqlite:///{file}")
    own = study.trials_dataframe()
    frame = results.frame
    assert results.name == "digits"
    assert frame["number"].tolist() == own["number"].tolist()
    assert frame["status"].tolist() == own["state"].map(WORDS).tolist()
    assert frame["value"].tolist() == own["value"].tolist()
    assert frame["seconds"].tolist() == own["duration"].dt.total_seconds().tolist()
    for name in ("act", "width", "seed"):
        assert frame[name].tolist() == own[f"params_{name}"].tolist()
    assert frame["note"].tolist() == own["user_attrs_note"].tolist()
    columns = results.table.columns
    assert results.varied == ("act", "width")
    assert columns["act"].order == ("tanh", "relu")
    assert columns["width"].order == (8, 16, 24)
    assert (columns["value"].mode, columns["act"].log, columns["width"].log) == ("max", None, False)
    assert results.table.one("seed") == "seed"
    assert columns["seed"].sure == "guessed"
    assert (columns["note"].role, columns["number"].role) == ("bookkeeping", "bookkeeping")
    curves = [
        (trial.number, step + 1, value)
        for trial in study.get_trials()
        for step, value in sorted(trial.intermediate_values.items())
    ]
    assert list(results.curves.itertuples(index=False, name=None)) == curves
    assert frame["steps"].tolist() == [len(t.intermediate_values) for t in study.get_trials()]
    assert file.read_bytes() == before
    assert [f.name for f in file.parent.iterdir()] == ["sweep.db"]


def test_what_a_pruner_stopped_is_compared_at_equal_steps_only(pruned):
    file, study = pruned
    results = Results.load(file)
    asked = Question("act", "width")
    with pytest.raises(BudgetError) as caught:
        results.cells(asked)
    least = min(t.last_step for t in study.get_trials()) + 1
    assert f"`--at-epoch {least}`" in caught.value.said(as_flag)
    found = results.cells(Question("act", "width", at_epoch=least))
    assert found.x.labels == ("tanh", "relu")
    for column, act in enumerate(found.x.values):
        for row, width in enumerate(found.y.values):
            mine = [
                t.intermediate_values[least - 1]
                for t in study.get_trials()
                if (t.params["act"], t.params["width"]) == (act, width)
            ]
            assert found.mean[row, column] == pytest.approx(np.mean(mine))
            assert found.n[row, column] == len(mine) == 2
    told = call("heatmap", file, "--x", "act", "--y", "width")
    assert told.exit_code == 2
    assert f"--at-epoch {least}" in told.stderr


def test_all_ways_to_name_a_storage_give_one_table(pruned, tmp_path):
    file, _ = pruned
    folder = tmp_path / "a #1 ü{x}%20"
    folder.mkdir()
    copy = shutil.copy(file, folder / "of study#2.sqlite3")
    optuna.copy_study(
        from_study_name="digits",
        from_storage=f"sqlite:///{file}",
        to_storage=journal(tmp_path / "journal.log"),
    )
    whole = Results.load(file).frame
    for source in (
        copy,
        f"{copy}#digits",
        f"sqlite:///{copy}",
        f"sqlite+pysqlite:///{copy}?timeout=3#digits",
        tmp_path / "journal.log",
        f"{tmp_path / 'journal.log'}#digits",
    ):
        pd.testing.assert_frame_equal(Results.load(source).frame, whole)
    assert sorted(f.name for f in tmp_path.iterdir()) == [folder.name, "journal.log"]


def test_a_server_is_read_and_nothing_in_it_unpickled(redis):
    import redis as client
    from optuna.storages.journal import JournalRedisBackend

    store = JournalStorage(JournalRedisBackend(redis))
    study = optuna.create_study(storage=store, study_name="far")
    study.add_trial(create_trial(value=0.5))
    with client.Redis.from_url(redis) as server:
        server.set(":snapshot", b"cos\n_exit\n(I1\ntR.")  # ends the process that loads it
        keys = {key: server.get(key) for key in server.scan_iter()}
        results = Results.load(f"{redis}#far")
        assert {key: server.get(key) for key in server.scan_iter()} == keys
    assert results.frame["value"].tolist() == [0.5]


def mixed():
    """A study in memory of trials that ended in every way."""
    study = optuna.create_study(study_name="mixed")

    def fit(trial):
        kind = trial.suggest_categorical("kind", ["svc", "mlp"])
        trial.suggest_categorical("data", ["small"])
        trial.suggest_categorical("depth", [None, 3, 10])
        trial.suggest_categorical("sizes", [[8], [16, 8]])
        trial.suggest_categorical("norm", [True, False])
        trial.suggest_float("lr", 1e-4, 1e-1, log=True)
        if kind == "mlp":
            trial.suggest_int("layers", 1, 3)
        if trial.number == 2:
            trial.set_user_attr("error", "out of memory")
            raise RuntimeError("out of memory")
        if trial.number == 3:
            raise optuna.TrialPruned
        trial.set_user_attr("val_accuracy", 0.5 + trial.number / 100)
        trial.set_user_attr("latency", trial.number / 10)
        trial.set_user_attr("fold", trial.number % 2)
        return math.inf if trial.number == 4 else 1 / (trial.number + 1)

    study.sampler = optuna.samplers.RandomSampler(seed=1)
    study.optimize(fit, n_trials=12, catch=RuntimeError)
    study.ask()
    study.enqueue_trial({"kind": "svc"})
    return study


@pytest.mark.filterwarnings("ignore:Choices for a categorical")
def test_trials_that_ended_in_every_way():
    study = mixed()
    own = study.trials_dataframe()
    results = Results(table_of(study, study.get_trials(), "mixed"))
    frame, columns = results.frame, results.table.columns
    assert own["state"].value_counts().to_dict() == {
        "COMPLETE": 10,
        "FAIL": 1,
        "PRUNED": 1,
        "RUNNING": 1,
        "WAITING": 1,
    }
    assert frame["status"].tolist() == [WORDS.get(s, "unfinished") for s in own["state"]]
    assert frame.loc[frame["error"].notna(), ["number", "error"]].values.tolist() == [
        [2, "out of memory"]
    ]
    assert frame["value"].equals(own["value"])
    for name in ("kind", "norm", "lr", "layers"):
        ours, theirs = frame[name], own[f"params_{name}"]
        assert ours.isna().tolist() == theirs.isna().tolist()
        assert ours.dropna().tolist() == theirs.dropna().tolist()
    assert set(frame["sizes"].dropna()) == {"[8]", "[16, 8]"} == set(columns["sizes"].order)
    assert columns["depth"].order == (None, 3, 10)
    assert columns["layers"].order == (1, 2, 3)
    assert (columns["lr"].log, columns["lr"].order) == (True, ())
    # Trials that wait, or run, have no settings: that of all others does not vary.
    assert set(results.varied) == {"kind", "depth", "sizes", "norm", "lr", "layers"}
    assert columns["val_accuracy"].role == "metric"
    assert (columns["latency"].role, columns["latency"].sure) == ("bookkeeping", "guessed")
    assert results.table.one("fold") == "fold"
    assert results.table.one("budget") is None
    for metric, mode in ((None, "min"), ("val_accuracy", "max"), ("latency", "min")):
        given = mode if metric == "latency" else None
        asked = Question("kind", "norm", metric, given, over="mean")
        found = results.cells(asked)
        assert found.mode == mode
        assert found.stopped.sum() == 1
    asked = results.cells(Question("kind", "norm", over="mean"))
    assert (asked.x.labels, asked.y.labels) == (("svc", "mlp"), ("false", "true"))
    assert (asked.diverged.sum(), asked.failed.sum()) == (1, 1)
    layers = results.cells(Question("layers", "kind", over="mean"))
    assert layers.x.labels == ("1", "2", "3", "not there")
    assert layers.y.labels == ("svc", "mlp")
    assert (layers.n[:, 3] > 0).tolist() == [True, False]
    assert layers.n[0, :3].tolist() == [0, 0, 0]


@pytest.mark.filterwarnings("ignore:Choices for a categorical")
def test_a_database_holds_all_that_memory_does(tmp_path):
    study = mixed()
    study.add_trials([reported({0: 0.5, 3: math.inf}), reported({0: math.nan}, TrialState.PRUNED)])
    store = f"sqlite:///{tmp_path / 'x.db'}"
    optuna.copy_study(from_study_name="mixed", from_storage=study._storage, to_storage=store)
    read, own = Results.load(store), Results(table_of(study, study.get_trials(), "mixed"))
    pd.testing.assert_frame_equal(read.frame, own.frame)
    pd.testing.assert_frame_equal(read.curves, own.curves)
    assert read.table.columns == own.table.columns


def test_a_study_is_one_source_however_it_is_typed(pruned, tmp_path, monkeypatch):
    file, study = pruned
    shutil.copy(file, tmp_path / "sweep.db")
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path)
    optuna.copy_study(
        from_study_name="digits",
        from_storage=study._storage,
        to_storage=journal("sweep.log"),
    )
    absolute = tmp_path / "sweep.db"
    for forms in (
        ("sweep.db", "./sweep.db", "sqlite:///sweep.db", f"sqlite:///{absolute}", absolute,
         "sqlite:///below/../sweep.db#digits", "sqlite+pysqlite:///sweep.db?timeout=3"),
        ("sweep.log", tmp_path / "sweep.log", "./sweep.log#digits"),
    ):  # fmt: skip
        for form in forms:
            brought, _ = import_source(form, "runs")
            assert Results.load(brought.source).frame.equals(Results.load(form).frame)
    origins = Results.load("runs").study["origins"]
    assert [one["name"] for one in origins] == ["digits", "digits 2"]
    place = tmp_path.resolve()
    assert [one["source"] for one in origins] == [
        f"{place / 'sweep.db'}#digits",
        f"{place / 'sweep.log'}#digits",
    ]
    study = optuna.create_study(
        storage=journal("sweep.log"), study_name="other", direction="maximize"
    )
    study.optimize(lambda trial: trial.suggest_float("a", 0, 1), n_trials=2)
    import_source("sweep.log#other", "more")
    import_source("sweep.log#digits", "more")
    assert len(Results.load("more").study["origins"]) == 2, "two studies are two sources"


def test_several_objectives_are_metrics_with_their_directions(tmp_path):
    store = f"sqlite:///{tmp_path / 'two.db'}"
    grid = optuna.samplers.GridSampler({"width": [1, 2], "rate": [0, 0.5, 1]}, seed=0)
    study = optuna.create_study(storage=store, directions=["maximize", "minimize"], sampler=grid)

    def both(trial):
        width = trial.suggest_int("width", 1, 2)
        return width + trial.suggest_float("rate", 0, 1, step=0.5), 1 / width

    study.optimize(both, n_trials=6)
    results = Results.load(store)
    own = study.trials_dataframe()
    for name, mode in (("values_0", "max"), ("values_1", "min")):
        assert results.frame[name].tolist() == own[name].tolist()
        assert results.table.columns[name].mode == mode
    assert results.table.columns["rate"].order == (0, 0.5, 1)
    assert results.name == "two"  # nobody named the study
    with pytest.raises(TableError, match=r"which metric.*values_0, values_1"):
        results.cells(Question("width", "rate"))
    study.set_metric_names(["accuracy", "width"])
    results = Results.load(store)
    # A name that an objective has is another's with Optuna's prefix.
    assert results.frame["width"].tolist() == own["values_1"].tolist()
    assert results.frame["params_width"].tolist() == own["params_width"].tolist()
    assert results.cells(Question("width", "rate", "width")).x.name == "params_width"


def made(*trials, **options):
    study = optuna.create_study(**options)
    study.add_trials(trials)
    return Results(table_of(study, study.get_trials(), "made"))


def reported(values, state=TrialState.COMPLETE, **params):
    kinds = {name: CategoricalDistribution([0, 1]) for name in params}
    last = values[max(values)] if values else None
    value = last if state == TrialState.COMPLETE or (last is not None and last == last) else None
    return create_trial(
        state=state, value=value, params=params, distributions=kinds, intermediate_values=values
    )


@pytest.mark.parametrize(
    ("steps", "epochs"),
    [((0, 1, 2), (1, 2, 3)), ((1, 2, 3), (1, 2, 3)), ((100, 200), (100, 200)), ((0, 5), (1, 6))],
)
def test_an_epoch_is_the_step_reported_counted_from_one(steps, epochs):
    longest = reported({step: step / 10 for step in steps})
    # Another's first step may be later: what counts is how the study counts.
    results = made(longest, reported({steps[-1]: 0.5}))
    assert results.curves["epoch"].tolist() == [*epochs, epochs[-1]]
    assert results.frame["steps"].tolist() == [epochs[-1]] * 2


def test_values_that_are_none_and_trials_that_said_nothing():
    nan, stop = math.nan, TrialState.PRUNED
    rows = [
        reported({1: 0.5, 2: 0.6}, a=0, b=0),
        reported({1: 0.5, 2: math.inf}, a=0, b=1),
        reported({1: 0.5, 2: nan}, stop, a=1, b=0),
        reported({}, stop, a=1, b=1),
        reported({1: 0.5, 2: 0.8}, a=1, b=1),
    ]
    results = made(*rows)
    assert results.frame["status"].tolist() == [
        "complete", "complete", "stopped", "unfinished", "complete",
    ]  # fmt: skip
    found = results.cells(Question("a", "b"))
    assert found.diverged.tolist() == [[0, 1], [1, 0]]
    assert found.mean[1, 1] == 0.8
    # Who reports nothing is known at no epoch.
    silent = create_trial(value=0.1, params={"a": 0, "b": 0}, distributions=rows[0].distributions)
    results = made(*rows, silent)
    with pytest.raises(BudgetError, match=r"steps = 0 in 1 row, 2 in 2 rows.*at_epoch=2"):
        results.cells(Question("a", "b"))
    cells = results.cells(Question("a", "b", at_epoch=2))
    assert any("2 of 6 rows did not reach epoch 2" in warning for warning in cells.warnings)


def test_names_that_several_things_have():
    kinds = {name: IntDistribution(0, 9) for name in ("value", "status", "params_value", "lr")}
    params = dict.fromkeys(kinds, 3)
    attrs = {"lr": 0.5, "number": "one", "seconds": 7}
    trial = create_trial(value=1.5, params=params, distributions=kinds, user_attrs=attrs)
    row = made(trial).frame.iloc[0]
    assert (row["value"], row["params_value"], row["params_params_value"]) == (1.5, 3, 3)
    assert (row["status"], row["params_status"]) == ("complete", 3)
    assert (row["lr"], row["user_attrs_lr"], row["user_attrs_number"]) == (3, 0.5, "one")
    assert row["user_attrs_seconds"] == 7


def test_an_objective_called_error_stays_beside_why_trials_failed():
    study = optuna.create_study()
    study.set_metric_names(["error"])
    attrs = {"fail_reason": "no memory"}
    study.add_trials(
        [create_trial(value=0.5), create_trial(state=TrialState.FAIL, system_attrs=attrs)]
    )
    frame = table_of(study, study.get_trials(), "made").frame
    assert frame["error"].tolist()[0] == 0.5
    assert frame["trial_error"].tolist()[1] == "no memory"


KINDS = {
    "rate": (FloatDistribution(1e-5, 1, log=True), st.floats(1e-5, 1)),
    "part": (FloatDistribution(0, 1, step=0.25), st.sampled_from([0, 0.25, 0.5, 0.75, 1.0])),
    "width": (IntDistribution(1, 512, log=True), st.integers(1, 512)),
    "norm": (CategoricalDistribution([None, True, "batch", 3, 0.5]),
             st.sampled_from([None, True, "batch", 3, 0.5])),
}  # fmt: skip


@st.composite
def trials(draw):
    names = draw(st.sets(st.sampled_from(sorted(KINDS))))
    state = draw(st.sampled_from(list(TrialState)))
    value = draw(st.floats(allow_nan=False)) if state == TrialState.COMPLETE else None
    steps = st.dictionaries(st.integers(0, 30), st.floats(), max_size=4)
    return create_trial(
        state=state,
        value=value,
        params={name: draw(KINDS[name][1]) for name in names},
        distributions={name: KINDS[name][0] for name in names},
        intermediate_values=draw(steps),
        user_attrs=draw(st.dictionaries(st.sampled_from(["seed", "tag"]), st.integers(0, 3))),
    )


@pytest.fixture(scope="module")
def shelf(tmp_path_factory):
    """A journal that takes one study after another; sqlite takes seconds for as many."""
    path = tmp_path_factory.mktemp("shelf") / "all.jsonl"
    return path, journal(path)


@given(rows=st.lists(trials(), min_size=1, max_size=6))
@examples(40)
def test_what_goes_into_a_storage_comes_out_of_it(shelf, rows):
    path, store = shelf
    study = optuna.create_study(storage=store)
    study.add_trials(rows)
    results = Results.load(f"{path}#{study.study_name}")
    frame = results.frame
    assert frame["status"].tolist() == [ended(row, rows) for row in rows]
    pd.testing.assert_series_equal(
        frame["value"],
        pd.Series([math.nan if r.value is None else r.value for r in rows], name="value"),
    )
    for name in {name for row in rows for name in row.params}:
        # None is a word where other trials do not have it at all.
        none = "none" if results.table.columns[name].absent else None
        assert [None if pd.isna(v) else v for v in frame[name]] == [
            none if row.params.get(name, 0) is None else row.params.get(name) for row in rows
        ]
        assert [type(v) for v in frame[name] if isinstance(v, bool)] == [
            bool for row in rows if isinstance(row.params.get(name), bool)
        ]
    for name in {name for row in rows for name in row.user_attrs}:
        assert [None if pd.isna(v) else v for v in frame[name]] == [
            row.user_attrs.get(name) for row in rows
        ]
    if any(row.intermediate_values for row in rows):
        first = min(step for row in rows for step in row.intermediate_values)
        for member, row in enumerate(rows):
            own = results.curves[results.curves["member"] == member]
            epochs = [step + (first == 0) for step in sorted(row.intermediate_values)]
            assert own["epoch"].tolist() == epochs
            np.testing.assert_array_equal(
                own["value"], [v for _, v in sorted(row.intermediate_values.items())]
            )
            assert frame["steps"][member] == max(epochs, default=0)


def ended(row, rows):
    silent = any(r.intermediate_values for r in rows) and not row.intermediate_values
    if row.state == TrialState.PRUNED and silent:
        return "unfinished"
    return WORDS.get(row.state.name, "unfinished")


def test_a_storage_of_several_studies_asks_which(tmp_path):
    path = tmp_path / "many.log"
    for name, value in (("digits", 0.5), ("fashion", 0.7)):
        study = optuna.create_study(storage=journal(path), study_name=name)
        study.add_trial(create_trial(value=value))
    optuna.create_study(storage=journal(path), study_name="new one")
    for name, value in (("digits", 0.5), ("fashion", 0.7)):
        results = Results.load(f"{path}#{name}")
        assert (results.name, results.frame["value"].tolist()) == (name, [value])
    for source, message in (
        (
            path,
            f"holds 3 studies: digits, fashion, new one. Which? Name it behind a #, as in '{path}#digits'",
        ),
        (f"{path}#digit", "did you mean 'digits'?"),
        (f"{path}#new one", "study 'new one' of"),
    ):
        told = call("columns", source)
        assert (told.exit_code, told.stdout) == (2, "")
        assert message in " ".join(told.stderr.split())


def test_what_cannot_be_read_is_one_message(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, tables in (("other.db", ("runs",)), ("torn.db", ("studies", "trials"))):
        with closing(sqlite3.connect(name)) as store:
            for table in tables:
                store.execute(f"CREATE TABLE {table} (id)")
            store.commit()
    (tmp_path / "empty.db").touch()
    (tmp_path / "broken.log").write_text('{"op_code": 0, "worker_id": "a"}\n{}\n')
    (tmp_path / "deep.log").write_text("[" * 2**16)
    optuna.storages.RDBStorage("sqlite:///no_study.db")
    there = {f.name: f.read_bytes() for f in tmp_path.iterdir()}
    for source, message in (
        ("none.db", "there is no file none.db"),
        ("sqlite:///none.db", "there is no file none.db"),
        ("sqlite:///none.db#digits", "there is no file none.db"),
        ("other.db", "cannot be read; what can: "),
        ("sqlite:///other.db", "cannot be read; what can: "),
        ("empty.db", "cannot be read; what can: "),
        ("torn.db", "torn.db cannot be reached: (sqlite3.OperationalError) no such table"),
        ("broken.log", "broken.log cannot be"),
        ("deep.log", "cannot be read; what can: "),
        ("sqlite:///no_study.db", "sqlite:///no_study.db holds no study"),
        ("redis://me:secret@127.0.0.1:1", "redis://me:…@127.0.0.1:1 cannot be reached"),
        ("postgresql://me:secret@127.0.0.1:1/mlflow", "If it is MLflow's, start `mlflow server`"),
        ("mongodb://me:secret@host/x", "mongodb://me:…@host/x cannot be read; what can"),
    ):
        told = call("columns", source)
        assert (told.exit_code, told.stdout) == (2, ""), (source, told.exception)
        assert message in " ".join(told.stderr.split()), source
        assert "search.storage" not in told.stderr
    assert {f.name: f.read_bytes() for f in tmp_path.iterdir()} == there


def test_a_storage_of_an_older_optuna_says_how_to_upgrade(pruned, tmp_path):
    copy = shutil.copy(pruned[0], tmp_path / "old.db")
    with closing(sqlite3.connect(copy)) as store:
        store.execute("UPDATE alembic_version SET version_num = 'v2.4.0.a'")
        store.commit()
    with pytest.raises(InterplayError, match="optuna storage upgrade"):
        Results.load(copy)


def test_without_optuna_it_says_how_to_get_it(pruned, monkeypatch):
    there = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *a: None if name == "optuna" else there(name, *a)
    )
    told = call("columns", pruned[0])
    assert told.exit_code == 2
    assert "pip install optuna" in told.stderr


@pytest.mark.filterwarnings("ignore:Choices for a categorical")
@pytest.mark.parametrize("form", ["csv", "frame", "levels"])
def test_its_data_frames_are_taken_for_what_they_are(form, tmp_path):
    study = mixed()
    study.set_metric_names(["val_loss"])
    frame = study.trials_dataframe(multi_index=form == "levels")
    if form == "csv":
        frame.to_csv(tmp_path / "t.csv", index=False)
    results = Results.load(tmp_path / "t.csv") if form == "csv" else Results.from_frame(frame)
    table = results.table
    assert table.one("fold") in ("user_attrs_fold", "user_attrs/fold")
    assert table.one("status") == "state"
    assert {n.replace("/", "_") for n in results.varied} == {
        f"params_{name}" for name in ("kind", "depth", "sizes", "norm", "lr", "layers")
    }
    assert {n.replace("/", "_") for n in table.of("metric")} == {
        "val_loss",
        "user_attrs_val_accuracy",
    }
    known = Results(table_of(study, study.get_trials(), "mixed"))
    ours, theirs = (
        source.pivot("kind", "norm", source.table.of("metric")[0], over="mean")
        .sort_index(axis=0)
        .sort_index(axis=1)
        for source in (known, results)
    )
    np.testing.assert_allclose(theirs.to_numpy(), ours.to_numpy())


@pytest.mark.parametrize("form", ["csv", "frame", "levels"])
@pytest.mark.parametrize(
    ("names", "found"),
    [
        (None, ["value"]),
        (["latency"], ["latency"]),
        (["seed"], ["seed"]),
        (["epoch"], ["epoch"]),
        (["loss", "val acc/top 1"], ["loss", "val acc/top 1"]),
    ],
)
@pytest.mark.filterwarnings("ignore:optuna.study.study.Study.set_metric_names")
def test_objectives_of_its_data_frames_are_called_as_the_study_calls_them(
    tmp_path, form, names, found
):
    study = optuna.create_study(directions=["minimize"] * len(found))
    if names:
        study.set_metric_names(names)
    study.optimize(lambda t: [t.suggest_int("seed", 0, 9)] * len(found), n_trials=3)
    frame = study.trials_dataframe(multi_index=form == "levels").iloc[::-1]
    if form == "csv":
        frame.to_csv(tmp_path / "t.csv", index=False)
    results = Results.load(tmp_path / "t.csv") if form == "csv" else Results.from_frame(frame)
    table = results.table
    assert list(table.of("metric")) == found
    assert [table.find(name, "metric") for name in found] == found
    assert table.default.metric == (found[0] if len(found) == 1 else None)
    assert table.one("seed") in ("params_seed", "params/seed")
    assert results.frame["number"].tolist() == [0, 1, 2]
    # In a search it is told how long each cell took.
    left = [column for column in frame if "duration" in column]
    without = Results.from_frame(frame.drop(columns=left))
    assert (table.ordered, without.table.ordered) == (True, False)


def test_the_order_of_trials_is_a_search(pruned, tmp_path):
    file, study = pruned
    frame = study.trials_dataframe()
    frame.to_csv(tmp_path / "t.csv", index=False)
    ended = [t for t in study.get_trials() if t.state == TrialState.COMPLETE]
    for results in (
        Results.load(file),
        Results.load(tmp_path / "t.csv"),
        Results.from_frame(frame),
    ):
        tried = results.progress(mode="max")
        assert tried["number"].tolist() == list(range(1, len(tried) + 1))
        first = [t for t in study.get_trials() if t.params["seed"] is not None]
        cells = list(dict.fromkeys((t.params["act"], t.params["width"]) for t in first))
        assert list(map(tuple, tried[list(results.varied)].to_numpy())) == cells
        states = {cell: set() for cell in cells}
        for t in first:
            states[t.params["act"], t.params["width"]].add(t.state.name)
        assert tried["stopped"].tolist() == ["PRUNED" in states[cell] for cell in cells]
        seconds = sum(t.duration.total_seconds() for t in study.get_trials())
        assert tried["seconds"].iloc[-1] == pytest.approx(seconds)
        whole = [cell for cell in cells if states[cell] == {"COMPLETE"}]
        means = {
            cell: np.mean([t.value for t in ended if (t.params["act"], t.params["width"]) == cell])
            for cell in whole
        }
        if means:
            assert tried["best"].iloc[-1] == pytest.approx(max(means.values()))
    for source in (file, tmp_path / "t.csv"):
        told = call("table", source, "--progress", "--mode", "max", "--csv")
        assert told.exit_code == 0, told.stderr
        assert len(told.stdout.splitlines()) == 1 + len(cells)
        picture = tmp_path / "search.png"
        told = call("table", source, "--progress", "--mode", "max", "-o", picture)
        assert (told.exit_code, told.stdout.strip()) == (0, str(picture))
        assert picture.stat().st_size > 5000
        picture.unlink()
    assert "which way is value better" in call("table", tmp_path / "t.csv", "--progress").stderr
    assert "-o draws --progress" in call("table", file, "-o", picture).stderr


@pytest.mark.parametrize("column", ["number", "state", "value", "duration", "seconds", "params_lr"])
@pytest.mark.parametrize("odd", [1e308, np.inf, "x", None, True, "1 days", [1], b"x", 2**70])
def test_a_frame_of_odd_values_is_a_table_or_a_message(column, odd):
    trials = {"number": [0, 1], "state": ["COMPLETE", "PRUNED"], "value": [0.1, 0.2]}
    frame = pd.DataFrame(trials | {"duration": pd.Timedelta("1s"), "params_lr": [1, 2]})
    frame[column] = pd.Series([odd, odd], dtype=object)
    tried = None
    with suppress(InterplayError):
        tried = Results.from_frame(frame).progress(mode="min")
    assert tried is None or len(tried) <= 2


def test_trials_that_run_are_no_part_of_the_search_yet():
    results = made(
        reported({0: 0.5}, a=0),
        reported({}, TrialState.FAIL, a=1),
        reported({0: 0.9}, TrialState.RUNNING, a=1),
        direction="maximize",
    )
    tried = results.progress()
    assert tried["a"].tolist() == [0, 1]
    assert len(made(reported({0: 0.5}, seconds=1), direction="maximize").progress()) == 1
    assert (tried["unstable"].tolist(), tried["best"].tolist()) == ([False, True], [0.5, 0.5])


def test_what_pruners_and_samplers_note_is_no_metric(pruned):
    frame = pruned[1].trials_dataframe()
    noted = [name for name in frame if name.startswith("system_attrs_")]
    assert any("rung" in name for name in noted)
    table = Results.from_frame(frame).table
    assert table.of("metric") == ("value",)
    assert set(noted) <= set(table.of("bookkeeping"))
    assert table.one("seed") == "params_seed"


def test_only_what_a_grid_has_are_levels():
    space = {"layers": [2, 6], "act": ["relu", "elu"], "other": [None, "x"]}
    study = optuna.create_study(sampler=optuna.samplers.GridSampler(space, seed=0))

    def objective(trial):
        trial.suggest_categorical("act", ["elu", "tanh", "relu"])
        trial.suggest_categorical("other", ["y", "x", None])
        return trial.suggest_int("layers", 1, 9)

    study.optimize(objective, n_trials=8)
    results = Results(table_of(study, study.get_trials(), "grid"))
    orders = {name: results.table.columns[name].order for name in space}
    assert orders == {"layers": (2, 6), "act": ("elu", "relu"), "other": ("x", None)}
    cells = results.cells(Question("layers", "act", over="mean"))
    assert (cells.n > 0).all()


def test_none_is_told_from_what_is_not_there():
    kinds = {
        "kind": CategoricalDistribution(["a", "b"]),
        "w": CategoricalDistribution([None, 16, 8]),
    }

    def row(**params):
        return create_trial(
            value=1.0, params=params, distributions={name: kinds[name] for name in params}
        )

    rows = [row(kind="a", w=w) for w in (None, 8, 16)]
    results = made(*rows, row(kind="b"))
    assert results.ranked(where={"w": "none"})["kind"].tolist() == ["a"]
    assert results.ranked(where={"w": "not there"})["kind"].tolist() == ["b"]
    assert results.cells(Question("kind", "w")).y.labels == ("8", "16", "none", "not there")
    assert made(*rows).frame["w"].isna().sum() == 1
