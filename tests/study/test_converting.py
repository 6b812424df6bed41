"""Sweeps written as studies: what they come to is tested with each notation, here what is read."""

from interplay.study import files
from interplay.study.converting import convert_sweep

SWEEP = "method: grid\nmetric: {name: accuracy, goal: maximize}\nparameters:\n  lr: {values: [0.1, 1]}\n"


def test_a_sweep_is_read_once(tmp_path, monkeypatch):
    file, loaded, load = tmp_path / "sweep.yaml", [], files.load_yaml
    file.write_text(SWEEP, encoding="utf-8")
    monkeypatch.setattr(files, "load_yaml", lambda text: loaded.append(text) or load(text))
    overrides = ["data.name=digits", "model.name=linear", "epochs=1"]
    study = convert_sweep(file, tmp_path / "study.toml", overrides)
    assert study.space.varied == ("optimizer.lr",)
    assert loaded == [SWEEP]


def test_of_what_is_no_sweep_nothing_is_written(tmp_path):
    file, out = tmp_path / "study.toml", tmp_path / "again.toml"
    file.write_text('name = "ours"\nepochs = 1\n[model]\nlr = [0.1, 1]\n', encoding="utf-8")
    assert convert_sweep(file, out) is None
    assert not out.exists()
