"""The list of datasets: what it says, and that it costs nothing."""

from __future__ import annotations

import subprocess
import sys

from interplay.data import DATASETS
from interplay.data.listing import listed
from interplay.data.load import load_dataset

from . import small


def rows():
    return {row.name: row for row in listed()}


def test_a_row_for_every_dataset(folder):
    assert list(rows()) == list(DATASETS.names)
    for row in listed():
        assert row.summary
        assert row.shape
        assert row.source
    assert [option.name for option in rows()["sunspots"].options] == ["window", "horizon", "latest"]
    assert rows()["table"].task == "by the target"
    assert rows()["digits"].on_disk == rows()["table"].on_disk == ""


def test_whether_it_is_on_disk(offer, folder):
    assert rows()["gestures"].on_disk == rows()["iris"].on_disk == "no"
    for name in ("gestures", "iris"):
        offer(name, small.CONTENT[name]())
        load_dataset({"name": name})
    (folder / "fashionmnist.pt").touch()
    # What mads_datasets leaves where a download or its unpacking broke off.
    (folder / "imdb").mkdir()
    (folder / "flowers/flower_photos").mkdir(parents=True)
    (folder / "flowers/flowers.tgz").touch()
    found = rows()
    assert found["gestures"].on_disk == found["iris"].on_disk == found["fashion"].on_disk == "yes"
    assert found["imdb"].on_disk == found["flowers"].on_disk == "no"


def test_it_imports_nothing_heavy():
    code = (
        "import sys; from interplay.data.listing import listed; listed();"
        "print([m for m in ('torch', 'mads_datasets', 'pandas', 'PIL', 'requests', 'sklearn', 'ray')"
        " if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
