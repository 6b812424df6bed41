"""`interplay new`: whatever it writes is a study that loads, with every option in sight."""

import pytest
from typer.testing import CliRunner

from interplay.cli.app import app
from interplay.data import DATASETS
from interplay.errors import InterplayError, StudyError
from interplay.models import FAMILIES
from interplay.study.sections import RULES
from interplay.study.starter import write_study
from interplay.study.study import Study
from interplay.training.schedules import SCHEDULES

OWN_FILES = {entry.name for entry in DATASETS if entry.any_task or entry.source == "your files"}


@pytest.mark.parametrize("data", [entry.name for entry in DATASETS])
def test_every_dataset_gives_a_study_that_names_its_options(tmp_path, data):
    file = write_study("mine", data, folder=tmp_path)
    text = file.read_text(encoding="utf-8")
    entry = next(entry for entry in DATASETS if entry.name == data)
    assert all(option in text for option in entry.options.by_name)
    if data not in OWN_FILES and data != "torchvision":
        study = Study.load(file)
        assert study.name == "mine"
        assert len(study.cells()) == 12
        assert study.heatmap is not None


@pytest.mark.parametrize("family", list(FAMILIES), ids=lambda f: f.name)
def test_every_family_is_written_with_all_its_options(tmp_path, family):
    data = {"recurrent": "gestures", "conv": "fashion"}.get(family.name, "digits")
    text = write_study("mine", data, family.name, tmp_path).read_text(encoding="utf-8")
    for option in family.options.by_name.values():
        assert option.name in text
    assert len(Study.load(tmp_path / "mine.toml").cells()) == 12
    # A comment's own default is accepted when the mark is taken away.
    plain = text.replace("# activation = ", "activation = ").replace("# norm = ", "norm = ")
    (tmp_path / "plain.toml").write_text(plain, encoding="utf-8")
    assert Study.load(tmp_path / "plain.toml")


OWN = """
import numpy as np
from torch import nn

def make(width=32, depth: int = 2, *, input_shape, num_outputs):
    return nn.Linear(4, num_outputs)

def narrow(rate=0.5, *, num_outputs):
    return nn.Linear(4, num_outputs)

def load(*, path: str, n: int = 60):
    return np.zeros((n, 4), np.float32), np.arange(n) % 3
"""


def test_functions_of_ones_own_become_builders(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "starter_own.py").write_text(OWN)
    file = write_study("mine", "starter_own:load", "starter_own:make")
    text = file.read_text(encoding="utf-8")
    # What the loader needs is the user's to say, and until then the study says so.
    with pytest.raises(StudyError, match=r"data\.path: .* needs a value"):
        Study.load(file)
    file.write_text(text.replace("# path = …", 'path = "x.npy"'), encoding="utf-8")
    study = Study.load(file)
    assert study.tables["data"]["builder"] == "starter_own:load"
    assert "# n = 60" in text
    assert study.space.varied == ("model.width", "model.depth")
    # A function with nothing countable leaves the axes to what every study has.
    plain = Study.load(write_study("plain", model="starter_own:narrow"))
    assert plain.tables["model"]["builder"] == "starter_own:narrow"
    assert (plain.heatmap.x, plain.heatmap.y) == ("optimizer.lr", "data.batch_size")


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"model": "starter_none:make"}, "no module 'starter_none' in {folder}, and none"),
        ({"data": "starter_own:lode"}, "did you mean 'load'"),
        ({"model": "mine"}, "module:function of your own"),
    ],
)
def test_functions_that_are_not_there_are_said_and_nothing_is_written(
    tmp_path, monkeypatch, given, says
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "starter_own.py").write_text(OWN)
    with pytest.raises(InterplayError) as refused:
        write_study("mine", **given)
    assert says.format(folder=tmp_path) in str(refused.value)
    assert not (tmp_path / "mine.toml").exists()


@pytest.mark.parametrize("data", [entry.name for entry in DATASETS])
def test_every_section_is_in_sight_in_lines_of_a_page(tmp_path, data):
    text = write_study("m" * 64, data, folder=tmp_path).read_text(encoding="utf-8")
    assert max(map(len, text.splitlines())) <= 110
    for section in ("schedule", "training"):
        assert f"\n[{section}]\n" in text
        assert all(option in text for option in RULES[section].common.by_name)
    for schedule in SCHEDULES:
        assert all(option in text for option in (schedule.name, *schedule.options.by_name))


def test_the_verb_and_its_refusals(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def call(*arguments):
        return CliRunner().invoke(app, ["new", *arguments])

    done = call("mine", "--data", "gestures")
    assert done.exit_code == 0, done.output
    assert "interplay tune mine.toml" in done.stdout  # no hypertune.py here
    assert 'name = "recurrent"' in (tmp_path / "mine.toml").read_text()
    assert "mine.toml: train it" in done.stdout
    assert "own.toml: fill in what must be" in call("own", "--data", "table").stdout
    (tmp_path / "own.toml").unlink()
    for wrong, message in (
        (("mine",), "there already"),
        (("a/b",), "no name of a study"),
        (("my study",), "no name of a study"),
        (("con",), "no name of a study"),
        (("été",), "no name of a study"),
        (("a.",), "no name of a study"),
        (("a" * 80,), "no name of a study"),
        (("other", "--data", "gesture"), "did you mean 'gestures'"),
        (("other", "--model", "lineer"), "did you mean 'linear'"),
    ):
        refused = call(*wrong)
        assert refused.exit_code == 2
        assert message in refused.stderr
        assert "Traceback" not in refused.output
    assert [file.name for file in tmp_path.iterdir()] == ["mine.toml"]
