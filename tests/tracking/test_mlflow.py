"""MLflow: a server of its own with a SQLite store, killed amid a study; every call that may fail."""

import os
import shutil
import signal
import socket
import threading
import time
import urllib.request

import numpy as np
import pandas as pd
import pytest

from interplay.results.results import Results
from interplay.table.ledger import Ledger
from interplay.tracking import tracker as tracker_module
from interplay.tracking.attach import trackers_of
from interplay.tracking.copying import Copy, keep_files
from interplay.tracking.mlflow import MLflow, _legal
from interplay.tuning.execute import Interrupted
from tests.tracking.conftest import METRICS, curves


class Server:
    """What `mlflow server` runs once there are its tables: uvicorn with MLflow's application."""

    def __init__(self, start, folder, store):
        self.start, self.folder = start, folder
        shutil.copy(store, folder / "mlflow.db")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}"
        self.database = f"sqlite:///{(folder / 'mlflow.db').as_posix()}"
        self.go()

    def go(self):
        environment = {
            "_MLFLOW_SERVER_FILE_STORE": self.database,
            "_MLFLOW_SERVER_ARTIFACT_ROOT": "mlflow-artifacts:/",
            "_MLFLOW_SERVER_SERVE_ARTIFACTS": "true",
            "_MLFLOW_SERVER_ARTIFACT_DESTINATION": (self.folder / "artifacts").as_posix(),
            "MLFLOW_DISABLE_TELEMETRY": "true",
        }
        arguments = ("--host", "127.0.0.1", "--port", str(self.port), "--log-level", "warning")
        self.process = self.start(
            "uvicorn", *arguments, "mlflow.server.fastapi_app:app", cwd=self.folder, **environment
        )
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            try:
                with urllib.request.urlopen(f"{self.address}/health", timeout=5):
                    return
            except OSError:
                time.sleep(0.1)
        raise AssertionError(self.process.communicate()[1])

    def kill(self):
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait(30)


@pytest.fixture(scope="module")
def server(start, tmp_path_factory, empty_store):
    server = Server(start, tmp_path_factory.mktemp("server"), empty_store)
    yield server
    server.kill()


@pytest.fixture
def soon(monkeypatch):
    """A mirror that failed is tried again at once."""
    monkeypatch.setattr(tracker_module, "FIRST_WAIT", 0.02)
    monkeypatch.setattr(tracker_module, "LONGEST_WAIT", 0.2)


def runs_of(address, experiment):
    """All runs of an experiment by their place: the study's, cells', members'."""
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=address)
    number = client.get_experiment_by_name(experiment).experiment_id
    found = {"study": [], "cell": [], "member": []}
    for run in client.search_runs([number], max_results=1000):
        found[run.data.tags["interplay.kind"]].append(run)
    return client, found


def check(results, address, experiment="small"):
    """That the experiment holds each member of the run once, below its cell, and nothing else."""
    client, found = runs_of(address, experiment)
    (study,) = found["study"]
    frame, varied = results.frame, ["model.hidden_size", "model.dropout"]
    asked = {tuple(row) for row in frame[[*varied, "seed"]].astype(float).to_numpy().tolist()}
    members = {}
    for run in found["member"]:
        at = tuple(float(run.data.params[name]) for name in [*varied, "seed"])
        assert at not in members
        members[at] = run
    assert members.keys() == asked
    cells = {run.info.run_id: run for run in found["cell"]}
    means = frame.groupby(varied)["accuracy"].agg(["mean", "std", "count"])
    assert len(cells) == len(means)
    for run in cells.values():
        assert run.data.tags["mlflow.parentRunId"] == study.info.run_id
        mean, sd, n = means.loc[tuple(float(run.data.params[name]) for name in varied)]
        assert run.data.metrics["accuracy_mean"] == pytest.approx(mean, rel=1e-12)
        assert run.data.metrics["accuracy_sd"] == pytest.approx(sd, rel=1e-12)
        assert run.data.metrics["n"] == n
        assert run.info.status == "FINISHED"
    values = {tuple(map(float, row[:3])): row[3] for row in
              frame[[*varied, "seed", "accuracy"]].itertuples(index=False)}  # fmt: skip
    for at, run in members.items():
        assert run.info.status == "FINISHED"
        parent = cells[run.data.tags["mlflow.parentRunId"]]
        assert all(parent.data.params[name] == run.data.params[name] for name in varied)
        history = client.get_metric_history(run.info.run_id, "accuracy")
        assert [point.step for point in history] == [1, 2, 3]
        assert history[-1].value == values[at]
    assert study.info.status == "FINISHED"
    return client, found


@pytest.mark.slow
def test_a_server_killed_and_restarted_amid_a_study(tracked_run, server, soon, capsys, tmp_path):
    """Killed while members are logged, and back when half of the others are trained."""
    came = []

    def ends(rows):
        came.append(len(rows))
        if len(came) == 2:
            deadline = time.monotonic() + 60
            while time.monotonic() < deadline:  # it hears of a study while that goes on
                try:
                    if runs_of(server.address, "small")[1]["member"]:
                        break
                except AttributeError:
                    pass  # no experiment yet
                time.sleep(0.01)
            server.kill()
        if len(came) == 4:
            time.sleep(0.3)  # so that it is missed
            server.go()

    study = {"seeds": 3, "resources": {"workers": 1}}
    results = tracked_run({"mlflow": server.address}, ends=ends, study=study, workers=1).results
    assert len(came) > 4
    assert len(results.frame) == 12
    check(results, server.address)
    said = capsys.readouterr().err
    assert said.count("training goes on") == 1
    assert "lacks" not in said

    # The store and the server read back as the same table, parents no rows of it.
    keys = ["model.hidden_size", "model.dropout", "seed"]
    ours = results.frame[[*keys, *METRICS, "epochs_run"]].sort_values(keys, ignore_index=True)
    for source in (server.database, server.address):
        read = Results.load(f"{source}#small")
        assert read.varied == ("params.model.dropout", "params.model.hidden_size")
        theirs = read.frame.rename(
            columns=lambda n: n.removeprefix("params.").removeprefix("metrics.")
        )
        theirs = theirs[ours.columns].sort_values(keys, ignore_index=True)
        pd.testing.assert_frame_equal(theirs, ours, check_dtype=False, rtol=1e-12)
        assert np.allclose(
            np.sort(read.curves["metrics.accuracy"]), np.sort(results.curves["accuracy"])
        )

    # Later nothing is missing, and files and folders come to the study's run.
    ledger = Ledger.open(tmp_path / "run")
    copy = Copy(ledger, MLflow(server.address))
    copy.catch_up()
    assert (copy.there, copy.logged) == (12, 0)
    model = tmp_path / "model"
    model.mkdir()
    (model / "card.md").write_text("a model", encoding="utf-8")
    paths = {"model": model, "study.json": tmp_path / "run" / "study.json"}
    keep_files(ledger, MLflow(server.address), paths)
    client, found = check(results, server.address)
    (study,) = found["study"]
    kept = {file.path for file in client.list_artifacts(study.info.run_id)}
    assert kept == {"model", "study.json"}


def test_a_server_that_is_not_there_stops_nothing_and_is_caught_up_with(tracked_run, soon, capsys):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{probe.getsockname()[1]}"
    assert tracked_run({"mlflow": address}).trained == 8
    first, *_, last = capsys.readouterr().err.splitlines()
    assert first.startswith(f"mlflow {address}: fails; training goes on")
    assert "`interplay track" in last
    assert f"--mlflow {address}`" in last


class Broken:
    """MLflow's client, of which one call fails: before it is done, or after (its answer is lost)."""

    def __init__(self, client, at, after):
        self.client, self.at, self.after, self.calls = client, at, after, 0

    def __getattr__(self, name):
        method = getattr(self.client, name)

        def call(*args, **kwargs):
            self.calls += 1
            if self.calls != self.at:
                return method(*args, **kwargs)
            if self.after:
                method(*args, **kwargs)
            raise ConnectionError("the server went away")

        return call


@pytest.mark.parametrize("after", [False, True])
def test_whichever_call_fails_nothing_is_lost_and_nothing_doubled(
    tracked_run, mlflow_store, tmp_path, after
):
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=mlflow_store)
    model = {"hidden_size": 4, "dropout": 0.0}
    tracked_run({"experiment": f"calls {after}"}, study={"model": model, "seeds": 2}, out="run-0")

    def copied(folder, number):
        mirror = MLflow("")
        mirror._client = Broken(client, number, after)
        copy = Copy(Ledger.open(folder), mirror)
        copy.catch_up()
        mirror.close(whole=True)

    for number in range(1, 100):
        folder = tmp_path / f"run-{number}"
        (tmp_path / f"run-{number - 1}").rename(folder)
        try:
            copied(folder, number)
        except ConnectionError:
            copied(folder, 0)
        else:
            break
        experiment = client.get_experiment_by_name(f"calls {after}").experiment_id
        runs = client.search_runs([experiment], f"tags.`interplay.run` = '{folder.name}'")
        assert {run.info.status for run in runs} == {"FINISHED"}
        kinds = [run.data.tags["interplay.kind"] for run in runs]
        assert sorted(kinds) == ["cell", "member", "member", "study"]
        for run in runs:
            params, metrics = set(run.data.params), run.data.metrics
            if run.data.tags["interplay.kind"] == "cell":
                assert params >= {"model.dropout", "epochs"}
                assert metrics["n"] == 2
            if run.data.tags["interplay.kind"] == "member":
                assert params >= {"model.dropout", "epochs", "seed"}
                assert metrics.keys() >= {*METRICS, "seconds"}
    assert number > 12


def test_two_of_one_member_which_a_late_answer_leaves_become_one(tracked_run, mlflow_store):
    results = tracked_run({"mlflow": mlflow_store}).results
    client, found = runs_of(mlflow_store, "small")
    for run in [*found["member"][:2], found["cell"][0], found["study"][0]]:
        client.create_run(
            run.info.experiment_id,
            run.info.start_time - 1,
            {k: v for k, v in run.data.tags.items() if k != "mlflow.runName"},
        )
    tracked_run({"mlflow": mlflow_store})
    check(results, mlflow_store)


def test_a_study_broken_off_says_so_and_goes_on(tracked_run, mlflow_store):
    def interrupt(rows):
        raise KeyboardInterrupt

    tracking = {"mlflow": mlflow_store, "experiment": "broken off"}
    with pytest.raises(Interrupted):
        tracked_run(tracking, out="broken", workers=1, ends=interrupt)
    results = tracked_run(tracking, out="broken").results
    check(results, tracking["mlflow"], "broken off")


def test_a_slow_server_holds_no_training_up(make_study, quiet_run, mlflow_store, monkeypatch):
    """Training ends while the first request is still without an answer."""
    answer, trained = threading.Event(), []

    def slow(mirror, asked):
        assert answer.wait(60)
        return real(mirror, asked)

    real = MLflow.open
    monkeypatch.setattr(MLflow, "open", slow)

    class Last:
        name = "the last"

        def begin(self, ledger):
            pass

        def rows(self, rows):
            trained.extend(rows)

        def end(self, _):
            answer.set()

    study = make_study(
        epochs=3, engine="reference", tracking={"mlflow": mlflow_store, "experiment": "slow"}
    )
    outcome = quiet_run(study, gives=curves, listeners=[Last(), *trackers_of(study)])
    assert len(trained) == 8
    check(outcome.results, mlflow_store, "slow")


def test_names_that_mlflow_does_not_take_are_made_ones_that_it_does():
    from mlflow.utils.validation import _validate_metric_name, _validate_param_name

    names = ["acc%", "acc?", "a//b", "../x", "/x", ".", "harmonic(accuracy, 1/valid_loss)", "x" * 300,
             "x" * 299, "Größe", "model.hidden_size"]  # fmt: skip
    legal = _legal(names)
    assert len({*legal.values()}) == len(names)
    for name in legal.values():
        _validate_metric_name(name)
        _validate_param_name(name)
        assert len(name) <= 250
    assert legal["model.hidden_size"] == "model.hidden_size"
