"""`interplay new`: whatever it writes is a study that loads, with every option in sight."""

import pytest
from typer.testing import CliRunner

from interplay.cli.app import app
from interplay.data import DATASETS
from interplay.models import FAMILIES
from interplay.study.starter import write_study
from interplay.study.study import Study

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
    data = {"recurrent": "gestures", "linear": "digits", "conv": "fashion"}[family.name]
    text = write_study("mine", data, family.name, tmp_path).read_text(encoding="utf-8")
    for option in family.options.by_name.values():
        assert option.name in text
    assert len(Study.load(tmp_path / "mine.toml").cells()) == 12
    # A comment's own default is accepted when the mark is taken away.
    plain = text.replace("# activation = ", "activation = ").replace("# norm = ", "norm = ")
    (tmp_path / "plain.toml").write_text(plain, encoding="utf-8")
    assert Study.load(tmp_path / "plain.toml")


def test_the_verb_and_its_refusals(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def call(*arguments):
        return CliRunner().invoke(app, ["new", *arguments])

    done = call("mine", "--data", "gestures")
    assert done.exit_code == 0, done.output
    assert "interplay tune mine.toml" in done.stdout  # no hypertune.py here
    assert 'name = "recurrent"' in (tmp_path / "mine.toml").read_text()
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
