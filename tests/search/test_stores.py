"""Studies that several drivers share in an Optuna store; and stores that do not work."""

import subprocess

import optuna
import pytest

from interplay.errors import InterplayError
from interplay.identity import canonical
from interplay.search.optuna.stores import open_storage
from interplay.table.search_record import read
from tests.search.test_guided import STUDY, suggested, tune
from tests.tuning.fake import Kill

SHARED = STUDY.replace("trials = 16", "trials = 8")


def trials_in(url, name="killed"):
    return optuna.load_study(study_name=name, storage=open_storage(url)).get_trials()


def test_drivers_that_begin_at_once_make_one_database(tmp_path):
    """Each finds no tables and makes them; all but one meet tables that are there already."""
    from concurrent.futures import ThreadPoolExecutor
    from threading import Barrier

    for attempt in range(3):
        begin, url = Barrier(6), f"sqlite:///{tmp_path / f'{attempt}.db'}"

        def driver(begin=begin, url=url):
            begin.wait()
            return open_storage(url)

        with ThreadPoolExecutor(6) as pool:
            opened = [job.result() for job in [pool.submit(driver) for _ in range(6)]]
        optuna.create_study(storage=opened[0], study_name="s")
        assert [name for store in opened for name in [store.get_all_studies()[0].study_name]] == [
            "s"
        ] * 6


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["sqlite", "journal", "redis"])
def test_two_drivers_share_a_study(kind, start, folder, request):
    url = {"sqlite": f"sqlite:///{folder / 'shared.db'}", "journal": str(folder / "shared.log")}
    url = request.getfixturevalue("redis") if kind == "redis" else url[kind]
    (folder / "killed.toml").write_text(SHARED)
    store = f"search.storage={url}"
    drivers = [
        tune(start, folder, out, store, "resources.workers=1", slow="0.1") for out in ("a", "b")
    ]
    for driver in drivers:
        _, err = driver.communicate(timeout=150)
        assert driver.returncode == 0, err
    trials = trials_in(url)
    assert [trial.state.name for trial in trials] == ["COMPLETE"] * 16
    cells = {(canonical(t.params["trial.x"]), canonical(t.params["trial.y"])) for t in trials}
    assert len(cells) == 16
    own = [{(c["trial.x"], c["trial.y"]) for c in suggested(folder / out)} for out in ("a", "b")]
    assert own[0] | own[1] == cells
    assert not own[0] & own[1]


def test_a_driver_goes_on_from_what_another_put_into_the_store(quiet_run, make_search, tmp_path):
    """Twenty cells by one driver and four by another are the twenty-four of a single one: the
    second suggests what it does because it sees the first one's results."""
    alone = make_search(method="optuna", trials=24)
    quiet_run(alone, "alone")
    store = f"sqlite:///{tmp_path / 'store.db'}"
    options = {"method": "optuna", "storage": store, "study_name": "together"}
    quiet_run(make_search(**options, trials=20), "first")
    quiet_run(make_search(**options, trials=4), "second")
    together = suggested(tmp_path / "first") + suggested(tmp_path / "second")
    assert together == suggested(tmp_path / "alone")


def test_a_changed_search_tells_the_store_what_it_was_not_told_by_this_search(
    quiet_run, make_search, tmp_path
):
    """Numbers of the run's search before are not this one's."""
    url = f"sqlite:///{tmp_path / 'store.db'}"
    search = {"method": "optuna", "storage": url, "study_name": "s", "trials": 4}
    quiet_run(make_search(**search))
    changed = make_search(**search, seed=7, max_concurrent=2)

    def killed(rows):
        if len(rows) >= 6:  # amid its second round
            raise Kill

    with pytest.raises(Kill):
        quiet_run(changed, ends=killed)
    study = optuna.load_study(study_name="s", storage=open_storage(url))
    for trial in study.get_trials():
        if trial.user_attrs["interplay:search"] == read(tmp_path / "run").search:
            assert trial.state.name in ("RUNNING", "COMPLETE")
    quiet_run(changed)
    own = read(tmp_path / "run")
    told = {
        t.user_attrs["interplay:number"]
        for t in trials_in(url, "s")
        if t.user_attrs["interplay:search"] == own.search and t.state.name == "COMPLETE"
    }
    assert told >= set(range(own.suggested))


def test_a_study_that_optuna_made_is_taken_up(quiet_run, make_search, tmp_path):
    url = f"sqlite:///{tmp_path / 'made.db'}"
    subprocess.run(
        ["optuna", "create-study", "--study-name", "made", "--storage", url],
        check=True,
        capture_output=True,
        env=_with_scripts(),
    )
    search = {"method": "optuna", "storage": url, "study_name": "made"}
    quiet_run(make_search(**search, trials=4))
    assert len(trials_in(url, "made")) == 4
    with pytest.raises(InterplayError, match="has direction minimize; this one needs maximize"):
        quiet_run(make_search(**search, mode="max"), "other")


def _with_scripts():
    import os
    import sys
    from pathlib import Path

    return {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}


def test_a_study_of_another_space_is_refused(quiet_run, make_search, tmp_path):
    search = {"method": "optuna", "storage": str(tmp_path / "journal.log"), "trials": 2}
    quiet_run(make_search(**search))
    with pytest.raises(InterplayError, match=r"varies .*trial.width.*; this one varies"):
        quiet_run(make_search(**search, trial={"width": 8}), "other")
    with pytest.raises(InterplayError, match=r"in the store's study trial.x is .*high=1.0"):
        quiet_run(make_search(**search, trial={"x": {"low": 0.0, "high": 2.0}}), "third")


def test_a_trial_that_another_driver_is_amid_suggesting_is_no_other_space(
    quiet_run, make_search, tmp_path
):
    url = str(tmp_path / "journal.log")
    search = {"method": "optuna", "storage": url, "trials": 2}
    quiet_run(make_search(**search))
    study = optuna.load_study(study_name="quick", storage=open_storage(url))
    study.ask().suggest_float("trial.x", 0.0, 1.0)
    assert quiet_run(make_search(**search), "other").trained == 4


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("sqlite:////nowhere/at/all/store.db", "cannot be reached: .*unable to open database"),
        ("redis://127.0.0.1:1", "cannot be reached: .*refused"),
        ("postgresql://me:secret@127.0.0.1:1/db", "pip install psycopg2-binary|cannot be reached"),
        ("mongodb://host/db", "cannot be reached: .*allowed: sqlite:///FILE"),
        ("/nowhere/at/all/journal.log", "cannot be reached"),
    ],
)
def test_a_store_that_does_not_work_is_one_message(url, reason):
    with pytest.raises(InterplayError, match=reason) as caught:
        open_storage(url)
    assert "search.storage" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_method_without_its_package_says_how_to_get_it(quiet_run, make_search, monkeypatch):
    import importlib.util

    there = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *a: None if name == "optuna" else there(name, *a)
    )
    with pytest.raises(InterplayError, match=r'pip install "interplay\[optuna\]"'):
        quiet_run(make_search(method="optuna"))


@pytest.mark.parametrize("sampler", ["gp", "cmaes", "random", "qmc"])
def test_every_sampler_searches(sampler, quiet_run, make_search, tmp_path):
    quiet_run(make_search(method="optuna", sampler=sampler, trials=6, trial={"kind": "a"}))
    cells = suggested(tmp_path / "run")
    assert len({(c["trial.x"], c["trial.y"]) for c in cells}) == 6


def test_the_grid_sampler_goes_through_the_grid(quiet_run, make_search, tmp_path):
    levels = {
        "x": [0.1, 0.3],
        "y": 0.7,
        "kind": ["a", "b"],
        "width": {"low": 8, "high": 16, "step": 4},
    }
    quiet_run(make_search(method="optuna", sampler="grid", trials=12, trial=levels))
    cells = suggested(tmp_path / "run")
    assert len({(c["trial.x"], c["trial.kind"], c["trial.width"]) for c in cells}) == 12
    with pytest.raises(
        InterplayError,
        match=r"trial.[xy] is a range, or drawn by a law or probabilities; it needs count, or step",
    ):
        quiet_run(make_search(method="optuna", sampler="grid"), "other")


def test_a_grid_that_no_memory_holds_is_not_listed(quiet_run, make_search):
    wide = {"x": 0.5, "y": 0.5, "kind": "a", "width": {"low": 1, "high": 2**40}}
    with pytest.raises(InterplayError, match=r"1,099,511,627,776 of trial.width = 1,099,511,627"):
        quiet_run(make_search(method="optuna", sampler="grid", trials=3, trial=wide))
