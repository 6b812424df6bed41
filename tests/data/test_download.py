"""Downloads that go wrong: one sentence, nothing left behind, and the next run is a good one."""

from __future__ import annotations

import re
import socket
import stat
import zipfile

import pytest

from interplay.data import download
from interplay.data.download import fetch
from interplay.data.load import load_dataset
from interplay.errors import DataError

from . import small


def refused():
    """An address at which nobody listens."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{held.getsockname()[1]}/file"


def remains(folder):
    """What lies in the data folder, but for the locks, which hold nothing."""
    return [p.name for p in folder.iterdir() if p.suffix != ".lock"]


def sentence(error):
    """One line, one sentence: no full stop but those inside names and addresses."""
    text = str(error.value)
    assert "\n" not in text
    assert not re.search(r"\.\s", text), text
    return text


@pytest.mark.parametrize("name", ["gestures", "iris", "imdb"])
@pytest.mark.parametrize(
    ("trouble", "says"),
    [
        ("short", r"broke off after [\d,]+ bytes"),
        ("missing", "not to be had.*404"),
        ("digest", "has MD5 [0-9a-f]{32}, not 0{32}"),
        ("network", "no connection.*is there a network"),
    ],
)
def test_it_says_so_leaves_nothing_and_the_next_run_is_good(name, trouble, says, offer, folder):
    content = small.CONTENT[name]()
    server = offer(
        name,
        content,
        digest="0" * 32 if trouble == "digest" else None,
        url=refused() if trouble == "network" else None,
    )
    server.how = trouble
    with pytest.raises(DataError, match=says) as error:
        load_dataset({"name": name})
    assert name in sentence(error)
    assert "run it again, or put the file into" in str(error.value)
    assert remains(folder) == []
    server.how = "good"
    offer(name, content)
    assert len(load_dataset({"name": name}).inputs)


def test_a_server_that_says_nothing(offer, monkeypatch):
    monkeypatch.setattr(download, "TIMEOUT", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/file"
        offer("iris", small.iris(), url=url)
        with pytest.raises(DataError, match=r"no answer for 0\.2 s") as error:
            fetch("iris")
    sentence(error)


def test_an_interrupted_download_leaves_nothing(offer, folder, monkeypatch):
    offer("gestures", small.gestures())

    def interrupt(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(download, "unpack", interrupt)
    with pytest.raises(KeyboardInterrupt):
        fetch("gestures")
    assert remains(folder) == []


def test_the_bar_is_on_stderr(offer, capsys, monkeypatch):
    offer("iris", small.iris())
    monkeypatch.setenv("TQDM_DISABLE", "1")
    fetch("iris")
    out, err = capsys.readouterr()
    assert out == ""
    assert "iris" in err
    assert f"{len(small.iris())}/{len(small.iris())} bytes" in err


def test_the_modules_of_mads_datasets_are_put_back(offer):
    import requests
    import tqdm
    from mads_datasets import datatools

    offer("iris", small.iris())
    fetch("iris")
    assert datatools.tqdm is tqdm.tqdm
    assert datatools.requests is requests


def test_what_mads_datasets_itself_leaves_after_a_failure_is_no_data(offer, folder):
    """Its own download leaves an empty folder, a torn file, or an archive half unpacked."""
    server = offer("iris", small.iris())
    (folder / "iris").mkdir()
    (folder / "iris/iris.csv").write_bytes(small.iris()[:50])
    assert fetch("iris").read_bytes() == small.iris()
    offer("gestures", small.gestures())
    (folder / "gestures").mkdir()
    assert fetch("gestures").is_dir()
    (folder / "gestures/gestures-dataset.zip").write_bytes(b"PK torn")
    (folder / "gestures/gestures-dataset/U01/01/01.txt").unlink()
    asked = server.asked
    assert (fetch("gestures") / "U01/01/01.txt").exists()
    assert server.asked == asked + 1
    assert not (folder / "gestures/gestures-dataset.zip").exists()


def test_what_mads_datasets_itself_downloaded_is_used(offer, folder):
    from mads_datasets import DatasetFactoryProvider, DatasetType

    server = offer("gestures", small.gestures())
    DatasetFactoryProvider.create_factory(DatasetType.GESTURES, datadir=folder).create_dataset()
    assert len(load_dataset({"name": "gestures"}).inputs) == 12
    assert server.asked == 1


def test_a_folder_of_something_else_is_left_alone(offer, folder):
    offer("gestures", small.gestures())
    (folder / "gestures").mkdir()
    (folder / "gestures/thesis.tex").write_text("years of work")
    with pytest.raises(DataError, match=r"not hold the whole dataset but thesis\.tex"):
        fetch("gestures")
    assert (folder / "gestures/thesis.tex").exists()


@pytest.mark.parametrize("name", ["gestures", "iris"])
def test_a_file_put_there_by_hand_needs_no_network(name, offer, folder):
    content = small.CONTENT[name]()
    server = offer(name, content, url=refused())
    file = folder / {"gestures": "gestures-dataset.zip", "iris": "iris.csv"}[name]
    file.write_bytes(content[:-1])
    with pytest.raises(DataError, match=r"has MD5 .*replace it, or remove it"):
        load_dataset({"name": name})
    file.write_bytes(content)
    assert len(load_dataset({"name": name}).inputs)
    assert file.read_bytes() == content
    assert server.asked == 0


def linked_zip(name, to):
    import io

    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        info = zipfile.ZipInfo(name)
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(info, to)
    return held.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("gestures", small.zipped({"gestures-dataset/../../../evil": b"x"}), "leads out"),
        ("gestures", small.zipped({"/tmp/interplay-evil": b"x"}), "leads out"),
        ("gestures", small.zipped({"C:\\evil": b"x"}), "leads out"),
        ("gestures", small.zipped({"..\\..\\evil": b"x"}), "leads out"),
        ("gestures", linked_zip("gestures-dataset/a", "/etc"), "link or a device"),
        ("flowers", small.tarred({"../evil": b"x"}), "leads out"),
        ("flowers", small.tarred({"/tmp/interplay-evil": b"x"}), "leads out"),
        ("flowers", small.tarred({}, {"flower_photos": "/etc"}), "link or a device"),
        ("flowers", b"no archive at all", "no archive that can be unpacked"),
        ("gestures", small.zipped({"elsewhere/a.txt": b"x"}), "holds no folder"),
        ("gestures", small.zipped({f"gestures-dataset/{'a' * 300}": b"x"}), "a{300} cannot be wri"),
        ("flowers", small.tarred({f"flower_photos/{'a' * 300}": b"x"}), "a{300} cannot be writ"),
    ],
    # Not by an archive's bytes, which hold the time it was made: workers must agree on the names.
    ids=[f"archive{i}" for i in range(12)],
)
def test_archives_that_lead_out_of_their_folder(name, content, says, offer, folder):
    offer(name, content)
    with pytest.raises(DataError, match=says) as error:
        fetch(name)
    sentence(error)
    assert remains(folder) == []
    assert [p.name for p in folder.parent.iterdir()] == ["data"]


def test_a_torn_cache_is_made_again(offer, folder):
    offer("gestures", small.gestures())
    first = load_dataset({"name": "gestures"}).digest
    (file,) = (folder / "parsed").iterdir()
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    assert load_dataset({"name": "gestures"}).digest == first
    assert len(file.read_bytes()) == len(whole)


def test_the_cache_is_read_without_pickle(offer, folder, tmp_path):
    import numpy as np

    class Evil:
        def __reduce__(self):
            return (type(tmp_path).touch, (tmp_path / "ran",))

    offer("gestures", small.gestures())
    first = load_dataset({"name": "gestures"}).digest
    (file,) = (folder / "parsed").iterdir()
    np.savez(file, inputs=np.array([Evil()], dtype=object))
    assert load_dataset({"name": "gestures"}).digest == first
    assert not (tmp_path / "ran").exists()


def test_parsed_arrays_are_kept_for_when_the_files_are_gone(offer, folder):
    import shutil

    server = offer("gestures", small.gestures())
    first = load_dataset({"name": "gestures"}).digest
    shutil.rmtree(folder / "gestures")
    assert load_dataset({"name": "gestures"}).digest == first
    assert server.asked == 1


@pytest.mark.parametrize("name", ["gestures", "iris"])
def test_two_first_runs_at_once_download_once(name, offer, folder, monkeypatch):
    """The second waits for the first; neither takes away what the other has made."""
    from concurrent.futures import ThreadPoolExecutor
    from threading import Barrier

    server = offer(name, small.CONTENT[name]())
    both, there = Barrier(2), download._there

    def there_or_not(*arguments):
        found = there(*arguments)
        if not both.broken and both.n_waiting < 2 and found is None:
            try:
                both.wait(5)  # neither has found anything, so both want to download
                both.abort()
            except Exception:
                pass
        return found

    monkeypatch.setattr(download, "_there", there_or_not)
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(fetch, [name, name])
    assert first == second
    assert first.exists()
    assert server.asked == 1
