"""A line that chooses data and model is a study without a file; else the usual file is meant."""

import pytest
from typer.testing import CliRunner

from interplay.cli.app import app

LINE = ["data=digits", "model=linear", "epochs=2", "model.hidden_size=4,8", "dropout=0,0.5"]


@pytest.fixture
def said(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def invoke(*arguments):
        done = CliRunner().invoke(app, arguments)
        return done.exit_code, " ".join(done.output.split())

    return invoke


def test_it_is_shown_and_planned(said):
    code, text = said("space", *LINE)
    assert code == 0
    assert "model.hidden_size one of 4, 8" in text
    code, text = said("tune", *LINE, "--dry-run")
    assert code == 0
    assert "study linear-digits, 2 epochs, run folder runs/linear-digits" in text
    assert "cells 4" in text


def test_what_it_lacks_is_said(said):
    code, text = said("space", "data=digits", "model=linear")
    assert code == 2
    assert "the command line" in text
    assert "epochs: missing" in text


def test_without_data_and_model_the_usual_file_is_meant(said):
    code, text = said("tune", "model.hidden_size=4,8", "--dry-run")
    assert code == 2
    assert "there is no study file studies/digits.toml" in text


def test_a_line_of_hydra_s_that_contradicts_itself_is_refused(said):
    code, text = said("space", *LINE, "dropout=0.1")
    assert code == 2
    assert "the fixed one would win without a word" in text
    code, text = said("space", *LINE, "~dropout", "dropout=0.1")
    assert code == 0
