"""MLflow: databases, folders and servers that MLflow itself wrote, against what its client says."""

import contextlib
import math
import os
import shutil
import sqlite3
import threading
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from interplay.errors import TableError
from interplay.results.importing import import_source
from interplay.results.question import Question
from interplay.results.results import Results
from interplay.results.sources.mlflow import valued
from interplay.table.statuses import status_of

EPOCHS = 3
ASKED = Question("lr", "width", "val_acc")


def write(uri):
    """A search with a run above its trainings, an experiment of folds, and one without runs."""
    from mlflow import MlflowClient
    from mlflow.entities import Metric, Param, RunTag

    client = MlflowClient(tracking_uri=uri)

    def run(experiment, params=(), tags=(), curves=(), status="FINISHED"):
        run_id = client.create_run(experiment, start_time=run.clock).info.run_id
        run.clock += 1000
        metrics = [
            Metric(name, value, run.clock + i, step)
            for name, values in dict(curves).items()
            for i, (step, value) in enumerate(values)
        ]
        client.log_batch(
            run_id,
            metrics,
            [Param(key, str(value)) for key, value in dict(params).items()],
            [RunTag(key, str(value)) for key, value in dict(tags).items()],
        )
        if status != "RUNNING":
            client.set_terminated(run_id, status)
        return run_id

    run.clock = 1_700_000_000_000
    search = client.create_experiment("search")
    above = run(search, {"n_trials": 16, "best_lr": 0.1}, curves={"best_acc": [(0, 0.99)]})
    for lr in (0.01, 0.1):
        for width in (8, 16):
            for seed in (0, 1):
                acc = 0.5 + lr + width / 100 + seed / 1000
                values = [(step, acc + step / 50) for step in range(EPOCHS)]
                run(
                    search,
                    {"lr": lr, "width": width, "dropout": None, "nesterov": True},
                    {"mlflow.parentRunId": above, "seed": seed, "who": "me"},
                    {"val_acc": values, "Loss/train": values, "test_acc": [(0, acc)]},
                )
    below = {"mlflow.parentRunId": above, "seed": 2}
    odd = {"Loss/train": [(0, math.nan), (1, math.inf), (1, 2.0)]}
    small, large = ({"lr": 0.1, "width": width, "nesterov": True} for width in (8, 16))
    run(search, small, below, odd, "KILLED")
    run(search, large, below, {}, "FAILED")
    run(search, small, below, {"val_acc": [(0, 0.1)]}, "RUNNING")
    client.delete_run(run(search, {"lr": 77}, below))

    folds = client.create_experiment("of folds")
    for lr in (0.01, 0.1):
        for width in (8, 16):
            parent = run(folds, {"lr": lr, "width": width}, curves={"acc": [(0, 0.5)]})
            for fold in range(3):
                run(
                    folds,
                    {"fold": fold},
                    {"mlflow.parentRunId": parent},
                    {"acc": [(0, lr + width / 100 + fold / 1000)]},
                )
    return client


@pytest.fixture(scope="module")
def stores(tmp_path_factory):
    """The address of each kind of store with the same runs, and MLflow's own client of it."""
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    folder = tmp_path_factory.mktemp("mlflow")
    with contextlib.chdir(folder):  # where MLflow makes a folder for what a run keeps
        database = f"sqlite:///{folder / 'ml flow.db'}"
        found = {"database": (database, write(database))}
        found["folder"] = (str(folder / "runs"), write(str(folder / "runs")))
    return found


@pytest.fixture(params=["database", "folder"])
def store(request, stores):
    return stores[request.param]


def check_against(client, results, experiment):
    """Each row as MLflow's client has it."""
    from mlflow.entities import ViewType

    number = client.get_experiment_by_name(experiment).experiment_id
    runs = {
        r.info.run_id: r for r in client.search_runs([number], run_view_type=ViewType.ACTIVE_ONLY)
    }
    above = {r.data.tags.get("mlflow.parentRunId") for r in runs.values()}
    frame = results.frame.set_index("run_id")
    assert set(frame.index) == set(runs) - above
    curves = results.curves
    for member, run_id in enumerate(results.frame["run_id"]):
        run, row = runs[run_id], frame.loc[run_id]
        assert row["status"] == run.info.status
        got = row[[name for name in frame if name.startswith("metrics.")]].dropna()
        own = {f"metrics.{name}": v for name, v in run.data.metrics.items() if not math.isnan(v)}
        assert dict(got) == own
        for name in ("val_acc", "Loss/train"):
            history = {p.step + 1: p.value for p in client.get_metric_history(run_id, name)}
            curve = curves[curves["member"] == member].set_index("epoch")[f"metrics.{name}"]
            pd.testing.assert_series_equal(
                curve[curve.index.isin(history)], pd.Series(history, dtype=float),
                check_names=False, check_index_type=False,
            )  # fmt: skip
        for name, text in run.data.params.items():
            value = row[f"params.{name}"]
            assert pd.isna(value) if text == "None" else str(value) == text


def test_rows_are_what_mlflow_says_and_curves_its_histories(store):
    address, client = store
    results = Results.load(f"{address}#search")
    check_against(client, results, "search")
    assert results.name == "search"
    table = results.table
    assert table.varied == ("params.lr", "params.width")
    assert table.one("seed") == "tags.seed"
    assert table.one("budget") == "epochs_run"
    assert [status_of(word) for word in results.frame["status"]][-3:] == [
        "failed", "failed", "unfinished",
    ]  # fmt: skip
    assert table.notes == ("runs of MLflow's that have others below them, left out: 1 of 12",)
    # A number a hyperparameter, not a word that looks like one.
    assert results.frame["params.width"].dtype.kind == "i"
    assert results.frame["params.nesterov"].dropna().map(type).eq(bool).all()


def test_the_table_is_asked_as_any_other(store):
    results = Results.load(f"{store[0]}#search")
    found = results.cells(ASKED)
    assert found.n.tolist() == [[2, 2], [2, 2]]
    assert found.mean[0, 0] == pytest.approx(0.5 + 0.01 + 0.08 + 0.0005 + (EPOCHS - 1) / 50)
    early = results.cells(Question("lr", "width", "val_acc", at_epoch=1))
    assert early.mean[1, 1] == pytest.approx(0.5 + 0.1 + 0.16 + 0.0005)


def test_search_runs_as_a_csv_is_the_same_table_without_curves(stores, tmp_path):
    from mlflow.tracking.fluent import search_runs

    for address, client in stores.values():
        number = client.get_experiment_by_name("search").experiment_id
        with fluent_at(address):
            frame = search_runs([number])
        frame.to_csv(tmp_path / "runs.csv", index=False)
        own = Results.load(f"{address}#search")
        for results in (Results.load(tmp_path / "runs.csv"), Results.from_frame(frame)):
            assert results.table.notes == own.table.notes
            assert sorted(results.varied) == sorted(own.varied)
            assert [results.table.one(r) for r in ("seed", "status")] == ["tags.seed", "status"]
            found = results.cells(ASKED)
            assert found.x.values == (0.01, 0.1)
            np.testing.assert_allclose(found.mean, own.cells(ASKED).mean)


@contextlib.contextmanager
def fluent_at(address):
    """MLflow's functions, which know one address at a time."""
    import mlflow

    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(address)
    try:
        yield
    finally:
        mlflow.set_tracking_uri(before)


def test_folds_take_the_settings_of_the_run_above(store):
    results = Results.load(f"{store[0]}#of folds")
    table = results.table
    assert table.varied == ("params.lr", "params.width")
    assert (table.one("fold"), len(results.frame)) == ("params.fold", 12)
    found = results.cells(Question("lr", "width", "acc"))
    assert found.n.tolist() == [[3, 3], [3, 3]]
    assert found.mean[1, 0] == pytest.approx(0.01 + 0.16 + 0.001)


def test_an_experiment_is_named_where_there_are_several(store):
    address, client = store
    with pytest.raises(TableError, match=r"2 experiments: .*of folds.*search.*#"):
        Results.load(address)
    with pytest.raises(TableError, match=r"no experiment 'sarch'; it has .*search"):
        Results.load(f"{address}#sarch")
    with pytest.raises(TableError, match=r"experiment 'Default' of .* has no runs"):
        Results.load(f"{address}#Default")
    number = client.get_experiment_by_name("of folds").experiment_id
    assert Results.load(f"{address}#{number}").name == "of folds"


def test_a_store_is_known_by_address_and_path(stores):
    address, folder = stores["database"][0], stores["folder"][0]
    path = address.removeprefix("sqlite:///")
    rows = len(Results.load(f"{address}#search").frame)
    for other in (path, folder, f"file://{folder}"):
        assert len(Results.load(f"{other}#search").frame) == rows


def test_an_experiment_is_one_source_however_it_is_typed(stores, tmp_path, monkeypatch):
    (address, client), folder = stores["database"], Path(stores["folder"][0])
    path = Path(address.removeprefix("sqlite:///"))
    monkeypatch.chdir(path.parent)
    number = client.get_experiment_by_name("search").experiment_id
    kinds = (
        (address, path, path.name, f"./{path.name}", f"sqlite:///{path.name}"),
        (folder, folder.name, f"{folder.name}/", folder.as_uri(), f"file:{folder.name}"),
    )
    for store in (store for kind in kinds for store in kind):
        for part in ("search", number) if store in (address, path.name) else ("search",):
            brought, _ = import_source(f"{store}#{part}", tmp_path / "runs")
            assert len(Results.load(brought.source).frame) == brought.rows
    origins = Results.load(tmp_path / "runs").study["origins"]
    places = [path.resolve(), folder.resolve()]
    assert [one["source"] for one in origins] == [f"{place}#search" for place in places]
    import_source(f"{path.name}#of folds", tmp_path / "runs")
    assert len(Results.load(tmp_path / "runs").study["origins"]) == 3, "another experiment"


def test_reading_changes_nothing(stores, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for address, _ in stores.values():
        Results.load(f"{address}#search")
    assert not list(tmp_path.iterdir())
    with pytest.raises(ValueError, match=r"nothing\.db"):
        Results.load("sqlite:///nothing.db#search")
    assert not list(tmp_path.iterdir())


def test_a_database_of_others_is_none_of_mlflows(tmp_path):
    path = tmp_path / "other.db"
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE studies (study_id INTEGER)")
    with pytest.raises(TableError, match="cannot be read"):
        Results.load(path)


def test_a_server_gives_what_its_database_holds(stores, monkeypatch):
    database, client = stores["database"]
    monkeypatch.setenv("_MLFLOW_SERVER_FILE_STORE", database)
    from mlflow.server import app
    from werkzeug.serving import make_server

    server = make_server("127.0.0.1", 0, app)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        results, again = (
            Results.load(f"http://127.0.0.1:{server.port}{end}#search") for end in ("", "/")
        )
    finally:
        server.shutdown()
        thread.join()
    check_against(client, results, "search")
    assert results.table.address == again.table.address == f"http://127.0.0.1:{server.port}#search"
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with pytest.raises(TableError, match=r"127\.0\.0\.1.* gives no runs"):
        Results.load(f"http://127.0.0.1:{server.port}#search")


def test_what_was_not_written_whole_is_a_message(stores, tmp_path):
    broken = tmp_path / "runs"
    shutil.copytree(stores["folder"][0], broken)
    metric = next(broken.rglob("metrics/test_acc"))
    metric.write_text("1700 not-a-number 0\n")
    with pytest.raises(TableError, match="'1700 not-a-number 0'"):
        Results.load(f"{broken}#search")
    metric.unlink()
    meta = metric.parent.parent / "meta.yaml"
    meta.write_text("")
    with pytest.raises(TableError, match=r"meta\.yaml does not say how its run ended"):
        Results.load(f"{broken}#search")
    meta.write_bytes(b"\xff\xfe")
    with pytest.raises(TableError, match="cannot be read"):
        Results.load(f"{broken}#search")

    whole = Path(stores["database"][0].removeprefix("sqlite:///")).read_bytes()
    path = tmp_path / "half.db"
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(TableError, match="cannot be read"):
        Results.load(path)


@pytest.mark.parametrize(
    ("texts", "values"),
    [
        (["1", "2"], [1, 2]),
        (["1e-3", ".5", "-2."], [0.001, 0.5, -2.0]),
        (["True", "false"], [True, False]),
        (["1", None, "None"], [1, None, None]),
        (["0.1", "auto"], ["0.1", "auto"]),
        (["1_000", "2"], ["1_000", "2"]),
        (["12345678901234567890"], [12345678901234567890.0]),
    ],
)
def test_text_is_a_number_only_where_all_of_it_is(texts, values):
    assert valued(texts) == values
