"""Study files: one meaning in TOML and YAML, overrides, and all mistakes at once."""

import pytest

from interplay.errors import InterplayError, StudyError
from interplay.study.study import Study

GOOD = {
    "name": "s",
    "epochs": 2,
    "data": {"name": "digits"},
    "model": {"name": "linear", "hidden_size": [8, 16], "dropout": [0.0, 0.5]},
}


def with_(**changes):
    tables = {k: dict(v) if isinstance(v, dict) else v for k, v in GOOD.items()}
    for key, value in changes.items():
        section, _, name = key.partition("__")
        if name:
            tables.setdefault(section, {})[name] = value
        else:
            tables[section] = value
    return tables


def test_toml_and_yaml_mean_the_same(tmp_path):
    (tmp_path / "s.toml").write_text(
        'name="s"\nepochs=2\n[data]\nname="digits"\n[model]\nname="linear"\nhidden_size=[8,16]\n'
        "dropout={low=0.0,high=0.8,count=5}\n[optimizer]\nlr=1e-5\n[heatmap]\nx='hidden_size'\ny='dropout'\n"
    )
    (tmp_path / "s.yaml").write_text(
        "name: s\nepochs: 2\ndata: {name: digits}\nmodel:\n  name: linear\n  hidden_size: [8, 16]\n"
        "  dropout: {low: 0.0, high: 0.8, count: 5}\noptimizer: {lr: 1e-5}\nheatmap: {x: hidden_size, y: dropout}\n"
    )
    toml, yaml = Study.load(tmp_path / "s.toml"), Study.load(tmp_path / "s.yaml")
    assert toml.cells() == yaml.cells()
    assert toml.settings == yaml.settings
    assert yaml.cells()[0]["optimizer.lr"] == 1e-5
    assert toml.heatmap.x == "model.hidden_size"


def test_defaults_are_part_of_a_cell():
    cell = Study(**GOOD).cells()[0]
    assert cell["model.num_layers"] == 2
    assert cell["optimizer.name"] == "adam"
    assert cell["data.split_seed"] == 0
    assert cell["schedule.name"] == "none"


def test_overrides(tmp_path):
    (tmp_path / "s.toml").write_text(
        'name="s"\nepochs=2\n[data]\nname="digits"\n[model]\nname="linear"\nhidden_size=[8,16]\n'
    )
    study = Study.load(
        tmp_path / "s.toml",
        [
            "epochs=5",
            "hidden_size=[4]",
            "model.norm=batch",
            "search.method=random",
            "search.trials=3",
            "model.dropout={low=0.0, high=0.5}",
            "optimizer.lr=1e-2",
        ],
    )
    assert study.epochs == 5
    assert study.search.trials == 3
    cells = study.cells()
    assert {c["model.hidden_size"] for c in cells} == {4}
    assert {c["model.norm"] for c in cells} == {"batch"}
    assert len({c["model.dropout"] for c in cells}) == 3
    for bad in ("epochs", "=3", "epochs="):
        with pytest.raises(InterplayError, match="KEY=VALUE"):
            Study.load(tmp_path / "s.toml", [bad])


def test_random_trials_are_a_prefix():
    def cells(n, seed=0):
        return Study(
            **with_(
                model__dropout={"low": 0.0, "high": 0.5},
                search={"method": "random", "trials": n, "seed": seed},
            )
        ).cells()

    assert cells(12)[:5] == cells(5)
    assert cells(5) != cells(5, seed=1)


def test_random_draws_of_the_same_cell_are_one_cell():
    study = Study(**with_(search={"method": "random", "trials": 50}))
    assert len(study.cells()) == 4


@pytest.mark.parametrize(
    ("tables", "says"),
    [
        (with_(sedes=3), "did you mean 'seeds'"),
        (with_(modle={}), "no such section"),
        (with_(name="../up"), "a name, not a path"),
        (with_(name="con"), "a name, not a path"),
        (with_(name=3), "name = 3"),
        (with_(epochs=0), "greater than or equal to 1"),
        (with_(epochs=[1, 2]), "a budget does not vary"),
        (with_(epochs="3"), "epochs = '3'"),
        (with_(seeds=0), "seeds = 0"),
        (with_(seeds=[1, 1]), "each once"),
        (with_(seeds=[]), "at least one"),
        (with_(folds=1), "folds = 1"),
        (with_(repeats=2), "repeats = 2: of no folds; allowed: folds = 5"),
        (with_(folds=3, repeats=0), "repeats = 0"),
        (with_(data__folds_by="kfold"), "data.folds_by = 'kfold': belongs to folds"),
        (with_(folds=3, data__folds_by="strat"), "did you mean 'stratified'"),
        (with_(folds=3, repeats=2, data__folds_by="kfold"), "cuts in order, each time alike"),
        (with_(engine="fast"), "engine = 'fast'"),
        (with_(data__name="digts"), "did you mean 'digits'"),
        (with_(data__batch_size=0), "data.batch_size = 0"),
        (with_(data={}), "data.name: missing"),
        (with_(data=3), "data = 3: a section"),
        (with_(model__hiden_size=3), "did you mean 'hidden_size'"),
        (with_(model__hidden_size=[8, "x"]), "model.hidden_size = 'x'"),
        (with_(model__hidden_size=[8.5, 9]), "model.hidden_size = 8.5"),
        (with_(model__norm="bach"), "did you mean 'batch'"),
        (with_(model__dropout=[0.0, 1.5]), "model.dropout = 1.5"),
        (with_(model__dropout={"low": -0.5, "high": 0.5, "count": 3}), "model.dropout = -0.5"),
        (with_(model__dropout={"low": 0.1, "high": 0.5}), "needs count or step"),
        (with_(model__skip="yes"), "model.skip = 'yes'"),
        (with_(model__name="linaer"), "did you mean 'linear'"),
        (with_(model__builder="m:f"), "name and builder together"),
        (with_(model={"builder": "no_such_module:f"}), "no module 'no_such_module'"),
        (with_(model={"builder": "nocolon"}), "module:function"),
        (with_(model={"builder": "json:dumbs"}), "did you mean 'dumps'"),
        (with_(optimizer__name="adm"), "did you mean 'adam'"),
        (with_(optimizer__lr=0.0), "optimizer.lr = 0.0"),
        (with_(optimizer={"name": ["adam", "sgd"], "momentum": 0.9}), "'adam' has no such option"),
        (with_(schedule__name="cosin"), "did you mean 'cosine'"),
        (with_(schedule={"name": "step", "step_size": 0}), "schedule.step_size = 0"),
        (with_(training__label_smoothing=1.0), "training.label_smoothing = 1.0"),
        (with_(search__method="gird"), "did you mean 'grid'"),
        (with_(search__metod="grid"), "did you mean 'method'"),
        (with_(search__method="random"), "search.trials"),
        (with_(search={"method": "random", "trials": 0}), "search.trials = 0"),
        (with_(search__trials=4), "method 'grid' tries every combination"),
        (with_(search__metric="acuracy"), "did you mean 'accuracy'"),
        (with_(search__metric="rmse"), "classification has no such metric"),
        (with_(search__mode="maximum"), "did you mean 'max'"),
        (with_(heatmap={"x": "hidden_size", "y": "norm"}), "heatmap.y = 'norm'"),
        (with_(heatmap={"x": "hidden_size", "y": "hidden_size"}), "the same as heatmap.x"),
        (with_(heatmap={"x": "hiden_size", "y": "dropout"}), "did you mean 'hidden_size'"),
        (with_(heatmap={"x": "hidden_size"}), "heatmap.y: missing"),
        (with_(resources__device="gpu"), "resources.device = 'gpu'"),
        (with_(resources__workers=0), "resources.workers = 0"),
    ],
)
def test_one_mistake_each(tables, says):
    with pytest.raises(StudyError) as caught:
        Study(**tables)
    assert says in str(caught.value)
    assert len(caught.value.mistakes) == 1, str(caught.value)


def test_all_mistakes_at_once():
    bad = with_(
        epochs=0,
        sedes=1,
        model__norm="bach",
        data__batch_size=-1,
        search__metod="x",
        optimizer__lr=[],
        heatmap={"x": "a", "y": "dropout"},
    )
    with pytest.raises(StudyError) as caught:
        Study(**bad)
    keys = {m.key for m in caught.value.mistakes}
    assert keys == {
        "epochs",
        "sedes",
        "model.norm",
        "data.batch_size",
        "search.metod",
        "optimizer.lr",
        "heatmap.x",
    }


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("a.toml", "name = ", "is not TOML"),
        ("a.yaml", "a: [1", "is not YAML"),
        ("a.yaml", "name: a\nname: b\n", "is not YAML"),
        ("a.yaml", "- 1\n", "a table of keys"),
        ("a.txt", "x", "ends in one of"),
        ("a.toml", b"\xff\xfe\x00", "not text"),
    ],
)
def test_files_that_are_none(tmp_path, name, text, says):
    file = tmp_path / name
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(InterplayError, match=says):
        Study.load(file)


def test_a_file_that_is_not_there_names_the_nearest(tmp_path):
    (tmp_path / "digits.toml").write_text("")
    with pytest.raises(InterplayError, match=r"digits\.toml"):
        Study.load(tmp_path / "digit.toml")


def test_own_builder_is_checked_against_its_signature(tmp_path):
    (tmp_path / "mine.py").write_text(
        "def make(width: int, depth: int = 2, *, input_shape, num_outputs):\n    ...\n"
    )

    def study(**model):
        return Study(folders=[tmp_path], **with_(model={"builder": "mine:make", **model}))

    cell = study(width=[4, 8]).cells()[0]
    assert cell["model.width"] == 4
    assert cell["model.depth"] == 2
    assert "model.input_shape" not in cell
    for model, says in [
        ({"widht": 4, "width": 3}, "did you mean 'width'"),
        ({"width": "x"}, "model.width = 'x'"),
        ({}, "needs a value"),
    ]:
        with pytest.raises(StudyError, match=says):
            study(**model)
    (tmp_path / "broken.py").write_text("1/0\n")
    with pytest.raises(StudyError, match=r"ZeroDivisionError.*broken\.py, line 1"):
        Study(folders=[tmp_path], **with_(model={"builder": "broken:make"}))


def test_two_studies_with_a_module_of_the_same_name(tmp_path):
    for folder, option in (("a", "one"), ("b", "two")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "same.py").write_text(f"def make({option}=1): ...\n")
    for folder, option in (("a", "one"), ("b", "two"), ("a", "one")):
        study = Study(folders=[tmp_path / folder], **with_(model={"builder": "same:make"}))
        assert f"model.{option}" in study.cells()[0]


@pytest.mark.parametrize(
    ("key", "value", "allowed"),
    [
        ("epochs", 0.5, "whole number 1 to 1,000,000: every member trains exactly this long"),
        (
            "seeds",
            "many",
            r"whole number 1 to 1,000,000 or a list of \(whole number ≥ 0 and < 2\^63\):",
        ),
        ("search__time_budget", "soon", "number > 0: seconds after which no further cell begins"),
        ("resources__workers", 0, "whole number 1 to 1,024: processes that train at once"),
    ],
)
def test_a_setting_says_what_it_may_be_and_what_it_is(key, value, allowed):
    with pytest.raises(StudyError, match=f"allowed: {allowed}"):
        Study(**with_(**{key: value}))
