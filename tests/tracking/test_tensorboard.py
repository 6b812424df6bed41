"""TensorBoard: what its own readers find in what was written, and what ours does."""

import numpy as np
import pandas as pd
import pytest

from interplay.results.results import Results
from interplay.table.ledger import Ledger
from interplay.tracking.copying import Copy
from interplay.tracking.tensorboard import TensorBoard
from tests.tracking.conftest import METRICS


def events(folder):
    return {path: path.read_bytes() for path in folder.rglob("events.*")}


def groups(folder):
    """What TensorBoard's HParams page asks its backend for."""
    from tensorboard.backend.event_processing import data_provider, plugin_event_multiplexer
    from tensorboard.context import RequestContext
    from tensorboard.plugins import base_plugin
    from tensorboard.plugins.hparams import api_pb2, backend_context, list_session_groups

    multiplexer = plugin_event_multiplexer.EventMultiplexer()
    multiplexer.AddRunsFromDirectory(str(folder))
    multiplexer.Reload()
    provider = data_provider.MultiplexerDataProvider(multiplexer, str(folder))
    context = backend_context.Context(base_plugin.TBContext(data_provider=provider))
    found = context.hparams_metadata(RequestContext(), "e")
    experiment = context.experiment_from_metadata(RequestContext(), "e", True, found, None)
    asked = api_pb2.ListSessionGroupsRequest(
        allowed_statuses=[api_pb2.STATUS_SUCCESS, api_pb2.STATUS_FAILURE],
        aggregation_type=api_pb2.AGGREGATION_AVG,
        slice_size=100,
    )
    handler = list_session_groups.Handler(RequestContext(), context, "e", asked)
    return experiment, handler.run().session_groups


def test_its_hparams_page_has_a_session_group_a_cell(tracked_run, tmp_path):
    results = tracked_run({"tensorboard": str(tmp_path / "logs")}).results
    experiment, found = groups(tmp_path / "logs/run")
    domains = {
        info.name: [value.number_value for value in info.domain_discrete.values]
        for info in experiment.hparam_infos
    }
    assert domains == {"model.hidden_size": [4, 8], "model.dropout": [0, 0.5]}
    assert {info.name.tag for info in experiment.metric_infos} == set(METRICS)
    assert experiment.metric_infos[0].name.tag == "accuracy"
    means = results.pivot("hidden_size", "dropout", "accuracy")
    assert len(found) == 4
    for group in found:
        assert len(group.sessions) == 2
        size, dropout = (
            group.hparams[f"model.{name}"].number_value for name in ("hidden_size", "dropout")
        )
        assert group.name == f"hidden_size={size:.0f}, dropout={dropout}"
        (mean,) = [m.value for m in group.metric_values if m.name.tag == "accuracy"]
        assert mean == pytest.approx(means.loc[dropout, size], rel=1e-6)


def test_its_event_reader_and_ours_find_the_same_cells_seeds_and_curves(tracked_run, tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    results = tracked_run({"tensorboard": str(tmp_path / "logs")}).results
    one = next((tmp_path / "logs/run").glob("hidden_size=4*/seed_0*"))
    accumulator = EventAccumulator(str(one)).Reload()
    scalars = {tag: accumulator.Scalars(tag) for tag in accumulator.Tags()["scalars"]}
    assert set(scalars) == set(METRICS)
    assert all([event.step for event in own] == [1, 2, 3] for own in scalars.values())

    read = Results.load(str(tmp_path / "logs/run"))
    assert read.varied == ("hparams/model.dropout", "hparams/model.hidden_size")
    assert set(read.frame["status"]) == {"complete"}
    keys = ["model.hidden_size", "model.dropout", "seed"]
    ours = results.frame[[*keys, *METRICS, "epochs_run"]].sort_values(keys, ignore_index=True)
    theirs = read.frame.rename(columns=lambda name: name.removeprefix("hparams/"))
    theirs = theirs[ours.columns].sort_values(keys, ignore_index=True)
    pd.testing.assert_frame_equal(theirs, ours, check_dtype=False, rtol=1e-6)
    for name in METRICS:
        assert np.allclose(np.sort(read.curves[name]), np.sort(results.curves[name]), rtol=1e-6)


def test_written_again_nothing_is_doubled_and_what_was_broken_off_is_whole(tracked_run, tmp_path):
    root = tmp_path / "logs"
    tracked_run({"tensorboard": str(root)})
    before = events(root)
    assert len(before) == 8 + 1
    again = tracked_run({"tensorboard": str(root)})
    assert (again.tried, events(root)) == (0, before)
    lost, halved, *_ = [path for path in before if "seed" in str(path)]
    lost.unlink()
    halved.with_name(".half").write_bytes(before[halved][:100])
    halved.unlink()
    copy = Copy(Ledger.open(tmp_path / "run"), TensorBoard(str(root)))
    copy.catch_up()
    assert (copy.there, copy.logged) == (6, 2)
    assert events(root).keys() == before.keys()
    assert len(Results.load(str(root / "run")).frame) == 8


def test_words_and_truth_values_stay_what_they_are(tracked_run, tmp_path):
    root = tmp_path / "logs"
    study = {
        "model": {"norm": ["none", "batch"], "hidden_size": 4, "dropout": 0.0},
        "optimizer": {"name": "sgd", "momentum": 0.9, "nesterov": [True, False]},
    }
    tracked_run({"tensorboard": str(root)}, study=study)
    experiment, found = groups(root / "run")
    domains = {info.name: info.domain_discrete.values for info in experiment.hparam_infos}
    assert [value.string_value for value in domains["model.norm"]] == ["none", "batch"]
    assert [value.bool_value for value in domains["optimizer.nesterov"]] == [True, False]
    assert len(found) == 4
    read = Results.load(str(root / "run"))
    assert sorted(set(read.frame["hparams/optimizer.nesterov"])) == [False, True]
    assert read.varied == ("hparams/model.norm", "hparams/optimizer.nesterov")


@pytest.mark.slow
def test_on_ray_the_driver_writes_what_its_workers_know_nothing_of(
    ray_running, make_study, tmp_path
):
    from interplay.tracking.attach import run

    study = make_study(epochs=2, tracking={"tensorboard": str(tmp_path / "logs")})
    results = run(study, tmp_path / "run", progress=False)
    read = Results.load(str(tmp_path / "logs/run"))
    assert len(events(tmp_path / "logs")) == 8 + 1
    assert np.allclose(np.sort(read.frame["accuracy"]), np.sort(results.frame["accuracy"]))
