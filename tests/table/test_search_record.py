"""The record of a search: a line a round, that a killed driver goes on from."""

import json

import pytest

from interplay.errors import LedgerError
from interplay.table.folder import SEARCH
from interplay.table.search_record import Record, read

SETTINGS = {"search": {"method": "bayes"}, "epochs": 3}


def begun(folder, settings=SETTINGS):
    record = Record.open(folder, settings)
    record.save()
    return record


def test_rounds_are_added_to_what_is_there(tmp_path):
    record = begun(tmp_path)
    record.add([{"m.x": 0.1}, {"m.x": 0.2}])
    size = (tmp_path / SEARCH).stat().st_size
    record.add([{"m.x": 0.1}])
    assert (tmp_path / SEARCH).stat().st_size < size + 20
    again = Record.open(tmp_path, SETTINGS)
    assert again == record
    assert again.suggested == 3
    assert again.cells == [{"m.x": 0.1}, {"m.x": 0.2}]


def test_a_round_half_written_was_never_trained(tmp_path):
    begun(tmp_path).add([{"m.x": 0.1}])
    with (tmp_path / SEARCH).open("a") as file:
        file.write('[{"m.x": 0.')
    again = begun(tmp_path)
    assert again.rounds == [[{"m.x": 0.1}]]
    again.add([{"m.x": 0.3}])
    assert Record.open(tmp_path, SETTINGS).rounds == [[{"m.x": 0.1}], [{"m.x": 0.3}]]


def test_other_settings_are_another_search_of_the_same_run(tmp_path):
    first = begun(tmp_path)
    first.add([{"m.x": 0.1}])
    other = Record.open(tmp_path, {**SETTINGS, "epochs": 4})
    assert other.owner == first.owner
    assert other.search != first.search
    assert other.rounds == []


def test_a_record_of_an_earlier_version_goes_on(tmp_path):
    old = {"owner": "o", "settings": SETTINGS, "before": [{"m.x": 0}], "rounds": [[{"m.x": 1}]]}
    (tmp_path / "search.json").write_text(json.dumps(old))
    record = begun(tmp_path)
    assert (record.owner, record.search) == ("o", "o")
    record.add([{"m.x": 2}])
    assert not (tmp_path / "search.json").exists()
    assert read(tmp_path).cells == [{"m.x": 0}, {"m.x": 1}, {"m.x": 2}]


@pytest.mark.parametrize("text", ["", "[]\n", "{}\n", '{"owner"'])
def test_one_that_cannot_be_read_says_what_to_do(tmp_path, text):
    (tmp_path / SEARCH).write_text(text)
    with pytest.raises(LedgerError, match=r"search.jsonl cannot be read: .*the search begins anew"):
        Record.open(tmp_path, SETTINGS)
