"""The ledger: atomic parts, the newest row of a member, what is retried, one driver."""

import json
import subprocess
import sys

import pytest

from interplay.errors import LedgerError
from interplay.table.ledger import COMPACT_ABOVE, Ledger
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
    for i in range(COMPACT_ABOVE + 5):
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
            pytest.raises(LedgerError, match=rf"in use by another run \(process {other.pid}\)"),
            ledger.lock(),
        ):
            pass
    finally:
        other.kill()
        other.wait()
    with ledger.lock():
        assert json.loads((ledger.folder / "driver.json").read_text())["pid"]


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
