"""The ledger: atomic parts, the newest row of a member, what is retried, one driver."""

import errno
import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

from interplay.errors import LedgerError, as_flag
from interplay.table import folder as files
from interplay.table import parts as parts_module
from interplay.table.folder import NAMES
from interplay.table.ledger import Ledger
from interplay.table.parts import COMPACT_AFTER
from interplay.training.members import Member, Row


def row(key, status="complete", accuracy=0.5, seed=0, **config):
    curves = {"train_loss": [1.0, 0.5], "valid_loss": [1.1, 0.6], "accuracy": [0.1, accuracy]}
    return Row(
        key,
        {"model.k": 1, **config},
        seed,
        None,
        status,
        2,
        "reference",
        "cpu",
        epochs_run=2,
        curves=curves if status != "failed" else None,
        error="E: x" if status == "failed" else None,
    )


@pytest.fixture
def ledger(tmp_path):
    ledger = Ledger(tmp_path / "run").create()
    ledger.write_study(
        {"name": "s"}, [Member(k, {"model.k": 1}, i, 2) for i, k in enumerate("abc")]
    )
    return ledger


def test_rows_come_back_in_the_studys_order(ledger):
    ledger.append([row("c", seed=2)])
    ledger.append([row("a", seed=0, accuracy=0.7), row("elsewhere")])
    frame = ledger.frame()
    assert frame["seed"].tolist() == [0, 2]
    assert frame["accuracy"].tolist() == [0.7, 0.5]
    assert frame["epochs_run"].tolist() == [2, 2]
    curves = ledger.curves()
    assert curves["epoch"].tolist() == [1, 2, 1, 2]
    assert curves["accuracy"].tolist() == [0.1, 0.7, 0.1, 0.5]


def test_a_row_of_an_earlier_version_has_the_default_of_an_option_that_came_later(ledger):
    """Its key is that of the member that is asked for, so it is the same training."""
    late = [Member(k, {"model.k": 1, "model.late": i}, i, 2) for i, k in enumerate("abc")]
    ledger.append([row("b", seed=1), row("elsewhere", other=3)])
    ledger.append([row("a", seed=0, **{"model.late": 0})])
    ledger.write_study({"name": "s"}, late)
    frame = ledger.frame()
    assert frame["model.late"].tolist() == [0, 1]
    assert frame["seed"].tolist() == [0, 1]
    assert "other" not in frame
    assert ledger.cells()["model.late"].tolist() == [0, 1, 2]


def test_failed_members_are_tried_again_and_the_newest_row_counts(ledger):
    ledger.append([row("a", "failed"), row("b", "diverged"), row("c", "stopped")])
    assert ledger.finished() == {"b"}
    assert ledger.finished(stopped=True) == {"b", "c"}
    ledger.append([row("a", accuracy=0.9)])
    assert ledger.finished(stopped=True) == {"a", "b", "c"}
    frame = ledger.frame()
    assert frame["status"].tolist() == ["complete", "diverged", "stopped"]
    assert frame["accuracy"].isna().tolist() == [
        False,
        True,
        False,
    ]  # a diverged value is no result


def test_a_half_written_part_is_not_seen(ledger):
    ledger.append([row("a")])
    part = next((ledger.folder / "rows").glob("*.parquet"))
    (ledger.folder / "rows" / ".00000001-x.parquet.tmp").write_bytes(part.read_bytes()[:50])
    assert ledger.finished() == {"a"}


def test_a_damaged_part_is_named(ledger):
    (ledger.folder / "rows" / "00000000-bad.parquet").write_bytes(b"not parquet")
    with pytest.raises(LedgerError, match="00000000-bad"):
        ledger.frame()


def test_compacting_keeps_every_row(ledger):
    for i in range(COMPACT_AFTER + 5):
        ledger.append([row(f"k{i}", accuracy=i)])
    ledger.append([row("k0", accuracy=99)])
    ledger.append(
        [
            Row(
                "z",
                {"model.k": [1, 2]},
                0,
                None,
                "complete",
                2,
                "reference",
                "cpu",
                curves={"r2": [0.3]},
            )
        ]
    )
    before = ledger.rows().sort_by("key").to_pylist()
    ledger.compact()
    assert len(list((ledger.folder / "rows").iterdir())) == 1
    assert ledger.rows().sort_by("key").to_pylist() == before


def test_one_driver_a_folder_and_a_dead_one_frees_it(ledger):
    hold = (
        "import sys\nfrom interplay.table.ledger import Ledger\n"
        f"with Ledger({str(ledger.folder)!r}).lock():\n    print('held', flush=True); sys.stdin.read()\n"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", hold], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert other.stdout.readline() == "held\n"
        with (
            pytest.raises(
                LedgerError, match=rf"in use by another run \(process {other.pid}\).*with `out`"
            ) as used,
            ledger.lock(),
        ):
            pass
        assert used.value.said(as_flag).endswith("with `--out`")
    finally:
        other.kill()
        other.wait()
    with ledger.lock():
        assert json.loads((ledger.folder / "driver.json").read_text())["pid"]


def test_appending_merges_parts_a_few_at_a_time_and_loses_none(ledger):
    for i in range(3 * COMPACT_AFTER):
        ledger.append([row(f"k{i % 150}", accuracy=i)])
    parts = [p.name for p in (ledger.folder / "rows").iterdir()]
    assert len(parts) < COMPACT_AFTER
    rows = {r["key"]: r["curve.accuracy"][-1] for r in ledger.rows().to_pylist()}
    assert rows == {f"k{i}": float(i + 150 if i < 42 else i) for i in range(150)}


def test_a_large_part_is_left_alone_by_small_ones(ledger):
    ledger.append([row(f"k{i}", accuracy=i / 7, lr=i / 3) for i in range(3000)])
    (large,) = (ledger.folder / "rows").iterdir()
    for i in range(5):
        ledger.append([row(f"new{i}")])
    ledger.compact()
    parts = sorted((ledger.folder / "rows").iterdir())
    assert [p.name for p in parts[:1]] == [large.name]
    assert len(parts) == 2
    assert ledger.rows().num_rows == 3005


def test_the_name_of_a_part_says_its_digest(ledger):
    ledger.append([row("a")])
    ledger.append([row("b")])
    ledger.compact()
    for part in (ledger.folder / "rows").iterdir():
        assert hashlib.sha256(part.read_bytes()).hexdigest()[:16] == part.stem.partition("-")[2]


def test_a_part_copied_under_another_name_is_in_nobodys_way(ledger):
    ledger.append([row("a")])
    part = next((ledger.folder / "rows").iterdir())
    (ledger.folder / "rows" / "copy.parquet").write_bytes(part.read_bytes())
    again = Ledger(ledger.folder)
    again.append([row("b")])
    assert again.finished() == {"a", "b"}


def test_reading_while_another_process_merges_lists_the_parts_again(ledger, monkeypatch):
    for key in "abc":
        ledger.append([row(key)])
    real, once = parts_module._read, []

    def merged_meanwhile(part, columns):
        if not once:
            once.append(part)
            Ledger(ledger.folder).compact()
        return real(part, columns)

    monkeypatch.setattr(parts_module, "_read", merged_meanwhile)
    assert Ledger(ledger.folder).rows()["key"].to_pylist() == ["a", "b", "c"]


def test_a_part_that_somebody_has_open_on_windows_is_merged_all_the_same(ledger, monkeypatch):
    for key in "abc":
        ledger.append([row(key)])
    unlink = Path.unlink

    def held(path, missing_ok=False):
        if path.suffix == ".parquet":
            raise PermissionError(13, "used by another process", str(path))
        unlink(path, missing_ok=missing_ok)

    monkeypatch.setattr(Path, "unlink", held)
    ledger.compact()
    assert ledger.rows()["key"].to_pylist() == ["a", "b", "c"]
    assert len(list((ledger.folder / "rows").iterdir())) == 4
    monkeypatch.undo()
    Ledger(ledger.folder).compact()  # the next driver removes them
    assert len(list((ledger.folder / "rows").iterdir())) == 1
    assert Ledger(ledger.folder).rows()["key"].to_pylist() == ["a", "b", "c"]


def test_study_json_that_a_reader_has_open_on_windows_is_replaced_a_little_later(
    ledger, monkeypatch
):
    replace, denied = Path.replace, []

    def held(path, target):
        if Path(target).name == "study.json" and len(denied) < 3:
            denied.append(path)
            raise PermissionError(13, "used by another process", str(path))
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", held)
    ledger.write_study({"name": "t"}, [])
    assert len(denied) == 3
    assert ledger.study() == {"name": "t"}


def full_disk(*arguments, **options):
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk_is_said_and_keeps_what_is_there(ledger, monkeypatch):
    ledger.append([row("a")])
    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", full_disk)
        patch.setattr(parts_module, "SYNCED", 0.0)
        with pytest.raises(LedgerError, match=r"No space left on device; make room\. What was"):
            ledger.append([row("b")])
    assert [p.suffix for p in (ledger.folder / "rows").iterdir()] == [".parquet"]
    assert ledger.finished() == {"a"}
    ledger.append([row("b")])
    assert ledger.finished() == {"a", "b"}


def test_a_folder_that_may_not_be_written_is_said(tmp_path, monkeypatch):
    def refuse(*arguments, **options):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr("interplay.table.folder.PATIENCE", 0.0)
    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(LedgerError, match="Permission denied; make it writable, or choose another"):
        Ledger(tmp_path / "run").create()


def test_what_a_killed_driver_had_half_written_is_removed_by_the_next(ledger):
    asked = next((ledger.folder / "asked").iterdir())
    left = [
        folder / ".00000003-x.parquet.12345678.tmp" for folder in (ledger.folder / "rows", asked)
    ] + [ledger.folder / ".study.json.12345678.tmp"]
    mac = ledger.folder / ".DS_Store"
    for path in (*left, mac):
        path.write_text("")
    with ledger.lock():
        assert not any(path.exists() for path in left)
    assert mac.exists()


@pytest.mark.parametrize(
    "name", [*sorted(NAMES - {"study.json"}), ".DS_Store", ".asked.json.x.tmp"]
)
def test_a_folder_with_only_what_a_run_leaves_can_become_a_run_again(tmp_path, name):
    run = tmp_path / "run"
    run.mkdir()
    if name in ("rows", "asked", "models"):
        (run / name).mkdir()
    else:
        (run / name).write_text("")
    Ledger(run).create()


def test_asked_members_grow_and_are_replaced(ledger):
    more = [Member(k, {"model.k": 2}, i, 2) for i, k in enumerate("de")]
    ledger.add_asked(more)
    assert Ledger(ledger.folder).asked()["key"].to_pylist() == list("abcde")
    for i in range(2 * COMPACT_AFTER):  # rounds of a long search
        ledger.add_asked([Member(f"m{i}", {"model.k": i}, 0, 2)])
    (asking,) = (ledger.folder / "asked").iterdir()
    assert len(list(asking.iterdir())) < COMPACT_AFTER
    keys = ledger.asked()["key"].to_pylist()
    assert keys == [*"abcde", *(f"m{i}" for i in range(2 * COMPACT_AFTER))]
    ledger.write_study({"name": "t"}, more)
    assert ledger.asked()["key"].to_pylist() == ["d", "e"]
    assert len(list((ledger.folder / "asked").iterdir())) == 1


def test_a_reader_between_two_askings_gets_one_of_them(ledger, monkeypatch):
    reader = Ledger(ledger.folder)
    get = files.get_json

    def asked_anew(path):
        found = get(path)
        monkeypatch.setattr(files, "get_json", get)
        ledger.write_study({"name": "t"}, [Member("d", {"model.k": 2}, 0, 2)])
        return found

    monkeypatch.setattr(files, "get_json", asked_anew)
    assert reader.asked()["key"].to_pylist() == ["d"]


def test_a_run_without_rows_has_the_columns_that_its_rows_will_have(tmp_path):
    ledger = Ledger(tmp_path / "run").create()
    study = {"name": "s", "metric": "accuracy", "space": [{"name": "model.k"}]}
    ledger.write_study(study, [])
    assert {"model.k", "seed", "status", "accuracy"} <= set(ledger.frame().columns)
    ledger.write_study(study, [Member("a", {"model.k": 1, "model.norm": "none"}, 0, 2)])
    frame, curves = ledger.frame(), ledger.curves()
    assert {"model.k", "model.norm", "seed", "status", "accuracy"} <= set(frame.columns)
    assert len(frame) == len(curves) == 0
    ledger.append([row("a", "failed")])
    assert ledger.frame()["accuracy"].isna().tolist() == [True]


def test_curves_of_unlike_metrics_and_lengths(ledger):
    short = row("a")
    short.curves, short.epochs_run = {"train_loss": [3.0]}, 1
    none = row("b", "failed")
    ledger.append([row("c"), short, none])
    curves = ledger.curves()
    assert curves["member"].tolist() == [0, 2, 2]
    assert curves["epoch"].tolist() == [1, 1, 2]
    assert curves["train_loss"].tolist() == [3.0, 1.0, 0.5]
    assert curves["accuracy"].isna().tolist() == [True, False, False]


def test_values_come_back_as_they_were(ledger):
    values = {"b": True, "i": 3, "f": 0.1, "s": "é$", "n": None, "l": [1, 2.0]}
    wanted = {f"model.{k}": v for k, v in values.items()}
    ledger.write_study({"name": "s"}, [Member("a", wanted, 0, 2)])
    ledger.append([row("a", **wanted)])
    (found,) = ledger.frame().to_dict("records")
    assert found["model.l"] == "[1, 2.0]"
    assert {k: found[k] for k in wanted if k != "model.l"} == {
        k: v for k, v in wanted.items() if k != "model.l"
    }


def test_what_a_training_leaves_besides_its_row(ledger):
    weights = ledger.weights
    assert not weights.has("a")
    assert weights.keys() == set()
    weights.write("a", b"one")
    weights.write("a", b"two")
    assert weights.has("a")
    assert weights.keys() == {"a"}
    assert Ledger(ledger.folder).weights.read("a") == b"two"
    with pytest.raises(LedgerError, match="no weights of member b"):
        weights.read("b")
    (ledger.folder / "models" / ".b.safetensors.x.tmp").write_bytes(b"ha")
    assert not weights.has("b")
    with ledger.lock():
        assert [p.name for p in (ledger.folder / "models").iterdir()] == ["a.safetensors"]
    weights.discard("a")
    weights.discard("a")
    assert not weights.has("a")


def test_folders_that_are_no_run(tmp_path):
    with pytest.raises(LedgerError, match="there is no run folder"):
        Ledger.open(tmp_path / "none")
    (tmp_path / "digits").mkdir()
    with pytest.raises(LedgerError, match="not a run folder"):
        Ledger.open(tmp_path / "digits")
    (tmp_path / "digits" / "study.json").write_text("{}")
    with pytest.raises(LedgerError, match="did you mean"):
        Ledger.open(tmp_path / "digit")
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "cat.png").write_text("")
    with pytest.raises(LedgerError, match="holds other things"):
        Ledger(tmp_path / "photos").create()
    (tmp_path / "file").write_text("")
    with pytest.raises(LedgerError, match="is a file"):
        Ledger(tmp_path / "file").create()


def test_rows_that_come_in_fast_share_the_wait_for_the_disk(ledger, monkeypatch):
    """And what is merged is on it before what it is made of goes."""
    now, synced, kept = [100.0], [], set()
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    monkeypatch.setattr("os.fsync", lambda number: synced.append(now[0]))
    remove = parts_module.remove

    def watched(path):
        assert synced[-1] == now[0]
        kept.add(path)
        remove(path)

    monkeypatch.setattr(parts_module, "remove", watched)
    for number, wait in enumerate([0.0, 0.125, 0.125, 60.0, 0.125, 0.5]):
        now[0] += wait
        ledger.append([row(f"{number}")])
    assert synced == [100.0, 160.25, 160.875]
    now[0] += 0.01
    ledger.compact()
    assert len(kept) == 6
    assert synced[-1] == now[0]
