"""What every mirror does alike: each training once and as it is, whatever happened before."""

from dataclasses import replace

import numpy as np
import pytest

from interplay.errors import StudyError
from interplay.identity import same_as
from interplay.results.results import Results
from interplay.study.settings import Tracking
from interplay.table.arrow import rows_of, rows_table
from interplay.table.ledger import Ledger
from interplay.tracking import MIRRORS
from interplay.tracking.attach import trackers_of
from interplay.tracking.content import CellSoFar
from interplay.tracking.copying import Copy
from tests.tracking.conftest import METRICS


@pytest.fixture(params=MIRRORS.names)
def mirror(request, tmp_path):
    """Its name, its address, and what our reader of it reads."""
    if request.param == "tensorboard":
        return request.param, str(tmp_path / "logs"), str(tmp_path / "logs/run")
    store = request.getfixturevalue("mlflow_store")
    return request.param, store, store


def test_every_mirror_has_a_key_in_the_study_and_says_what_is_no_address():
    assert {*MIRRORS.names, "experiment"} == {*Tracking.model_fields}


def cells_of(results):
    """By cell and seed what became of it."""
    ends = {name.rpartition(".")[2]: name for name in map(str, results.frame)}
    columns = [ends[n] for n in ("hidden_size", "dropout")]
    seed = results.table.one("seed")
    rows = results.frame[[*columns, seed, "status"]].itertuples(index=False)
    return {tuple(map(float, row[:3])): row[3] for row in rows}


def test_members_that_failed_and_are_trained_anew_take_their_own_place(tracked_run, mirror):
    name, address, source = mirror
    assert tracked_run({name: address}, dies=lambda member: member.seed == 1).failed == 4
    read = cells_of(Results.load(source))
    assert {at: status == "failed" for at, status in read.items()} == {
        (size, dropout, seed): seed == 1
        for size in (4, 8)
        for dropout in (0, 0.5)
        for seed in (0, 1)
    }
    tracked_run({name: address})
    again = Results.load(source)
    assert len(again.frame) == 8
    assert set(again.frame["status"]) == {"complete"}


def test_how_each_training_ended_is_read_back(tracked_run, mirror, tmp_path):
    name, address, source = mirror
    tracked_run({})
    ledger = Ledger.open(tmp_path / "run")
    rows = rows_of(ledger.rows())
    ends = ["complete", "stopped", "diverged", "failed"] * 2
    ledger.append([replace(row, status=end) for row, end in zip(rows, ends, strict=True)])
    copy = Copy(ledger, MIRRORS.get(name).build(address))
    copy.catch_up()
    copy.mirror.close(whole=True)
    asked = cells_of(Results.load(tmp_path / "run"))
    assert cells_of(Results.load(source)) == asked
    assert set(asked.values()) == set(ends)


def test_another_run_of_the_study_is_another(tracked_run, mirror):
    name, address, source = mirror
    tracked_run({name: address})
    tracked_run({name: address}, out="other")
    source = source.replace("/run", "") if name == "tensorboard" else source
    assert len(Results.load(source).frame) == 16


def test_more_seeds_come_to_those_that_are_there(tracked_run, mirror):
    name, address, source = mirror
    tracked_run({name: address})
    tracked_run({name: address}, study={"seeds": 3})
    assert len(Results.load(source).frame) == 12


def test_rows_are_the_same_again(tracked_run, tmp_path):
    tracked_run({}, dies=lambda member: member.seed == 1)
    table = Ledger.open(tmp_path / "run").rows()
    rows = rows_of(table)
    assert same_as([vars(row) for row in rows_of(rows_table(rows))]) == same_as(
        [vars(row) for row in rows]
    )
    assert {row.status: bool(row.curves) for row in rows} == {"complete": True, "failed": False}
    assert rows_table(rows).select(table.column_names).equals(table.combine_chunks())


def test_a_cells_figures_are_those_of_its_members_with_a_result():
    cell = CellSoFar("a", "d", {}, 1, {"a": {"acc": 0.5}, "b": {"acc": 0.8}, "c": {}})
    assert cell.figures() == {
        "n": 2, "acc_mean": pytest.approx(0.65), "acc_sd": pytest.approx(np.std([0.5, 0.8], ddof=1))
    }  # fmt: skip
    cell.last = {"a": {"acc": 0.5}}
    assert cell.figures() == {"n": 1, "acc_mean": 0.5}


@pytest.mark.parametrize(
    ("key", "address", "said"),
    [
        ("mlflow", "mlruns", "sqlite:///mlflow.db"),
        ("mlflow", "file:///tmp/mlruns", "MLflow writes no more"),
        ("mlflow", "C:\\mlruns", "sqlite:///mlflow.db"),
        ("mlflow", "htp://host:5000", "http://"),
        ("mlflow", "http://", "no host"),
        ("mlflow", "http://host:port", "no address"),
        ("mlflow", "http://me:secret@host:5000", "MLFLOW_TRACKING_PASSWORD"),
        ("mlflow", "postgresql://me:secret@host/db", "environment"),
        ("mlflow", "sqlite://", "nothing follows"),
        ("tensorboard", "s3://bucket/logs", "folder"),
        ("tensorboard", "", "folder"),
        ("tensorboard", __file__, "a file, and no folder"),
    ],
)
def test_what_is_no_address_is_said_before_anything_trains(make_study, key, address, said):
    study = make_study(tracking={key: address})
    with pytest.raises(StudyError, match=f"tracking.{key}") as error:
        trackers_of(study)
    assert said in str(error.value)


def test_all_addresses_that_are_none_are_said_at_once(make_study):
    study = make_study(tracking={"mlflow": "mlruns", "tensorboard": "s3://bucket"})
    with pytest.raises(StudyError) as error:
        trackers_of(study)
    assert len(error.value.mistakes) == 2


def test_tracking_is_no_part_of_what_is_trained(tracked_run, tmp_path):
    tracked_run({"experiment": "of mine"})
    again = tracked_run({"tensorboard": str(tmp_path / "logs")})
    assert (again.tried, again.changed) == (0, [])
    assert len(Results.load(str(tmp_path / "logs")).frame) == 8


def test_a_metric_that_combines_others_is_tracked_too(tracked_run, mirror, tmp_path):
    name, address, source = mirror
    search = {"metric": ["accuracy", "valid_loss"], "multi_score": "harmonic"}
    results = tracked_run({name: address}, study={"search": search}).results
    metric = results.study["metric"]
    read = Results.load(source)
    (column,) = set(read.table.of("metric")) - {
        f"{'metrics.' if name == 'mlflow' else ''}{metric}" for metric in METRICS
    }
    assert np.allclose(sorted(read.frame[column]), sorted(results.frame[metric]), rtol=1e-6)
