"""Whatever a study file or the command line says, the answer is a message, at once."""

import pytest

from interplay.errors import InterplayError, StudyError
from interplay.study.study import Study
from tests.study.test_study import GOOD, with_

HEAD = 'name="s"\nepochs=2\n[data]\nname="digits"\n[model]\nname="linear"\nhidden_size=[8,16]\n'
RANDOM = {"method": "random", "trials": 3}


def refused(tables):
    with pytest.raises(StudyError) as error:
        Study(**tables)
    assert len(str(error.value)) < 4000
    return str(error.value)


@pytest.mark.parametrize(
    ("tables", "says"),
    [
        # Counts beyond what anything holds.
        (with_(seeds=2**70), "seeds = "),
        (with_(seeds=10**9), "seeds = 1000000000"),
        (with_(folds=10**9), "folds = 1000000000"),
        (with_(epochs=10**30), "epochs = 1"),
        (with_(search={"method": "random", "trials": 10**12}), "search.trials = 1000000000000"),
        (with_(model__dropout={"low": 0.0, "high": 0.8, "count": 10**9}), "1,000,000,000 values"),
        (with_(model__dropout={"low": 0.0, "high": 0.8, "count": 10**400}), "count = 1000"),
        (with_(model__dropout={"low": 0.0, "high": 0.8, "count": 10**5000}), "thousands of"),
        (with_(model__dropout={"low": 0.0, "high": 0.8, "step": 1e-12}), "values, each of which"),
        (with_(model__dropout={"low": 0.0, "high": 0.8, "step": 5e-324}), "values, each of which"),
        (with_(model__dropout={"low": -1e308, "high": 1e308, "step": 1e300}), "wider than"),
        (with_(model__dropout={"low": 0.0, "high": 10**400, "count": 3}), "too large"),
        (with_(model__hidden_size={"low": 1, "high": 10**400}, search=RANDOM), "too large"),
        (with_(model__hidden_size=10**5000), "too large"),
        (with_(model__hidden_size=list(range(10**6))), "1,000,000 values"),
        (with_(model__hidden_size=[-i for i in range(1, 90_000)]), "greater than or equal to 1"),
        (with_(model__hidden_size=[8] * 90_000), "the same value twice"),
        (with_(model__hidden_size=[10**5000, 8]), "too large a whole number"),
        (with_(engine=[10**5000]), "engine = a number of thousands of digits: not one of those"),
        (with_(search={"points_to_evaluate": [{"hidden_size": 10**5000}]}), "outside what"),
        (with_(resources={"workers": 100_000}), "workers = 100000: input should be less than"),
        (with_(resources={"cpus_per_worker": 10**6}), "cpus_per_worker = 1000000: input should"),
        # What is not a value of its key.
        (with_(self=1), "self = 1: no such key"),
        (with_(data__name=[["digits"]], search__metric="accuracy"), "no such dataset"),
        (with_(search={"points_to_evaluate": [{"hidden_size": float("inf")}]}), "outside what"),
        (with_(search={"points_to_evaluate": [{"hidden_size": float("nan")}]}), "outside what"),
        (with_(heatmap={"x": "hidden_size", "y": "dropout", "o-ver": "mean"}), "heatmap.o-ver"),
        (with_(resources={"max.workers": 3}), "resources.max.workers = 3: no such key"),
        (with_(resources={1: 3, None: 4}), "resources.None = 4: no such key"),
        (with_(search={1: 3}), "search.1 = 3: no such key"),
        (with_(heatmap={"x": "hidden_size", "y": "dropout", 2: 3}), "heatmap.2 = 3: no such key"),
        (with_(optimizer={1: 3}), "optimizer.1: 'adam' has no such option"),
        (with_(data__name=["a\0b", "a\0c"]), "data.name = 'a\\x00b': a sign that no table keeps"),
        (with_(data__name="\ud800"), "a sign that no table keeps"),
        # What other tools call so, and decimals with a comma.
        (with_(optimizer={"learning_rate": 0.1}), "did you mean 'lr'"),
        (with_(learning_rate=0.1), "did you mean 'optimizer.lr'"),
        (with_(hidden_size=[8]), "did you mean 'model.hidden_size'"),
        (with_(num_epochs=3), "did you mean 'epochs'"),
        (with_(optimizer={"lr": "0,001"}), "did you mean '0.001'"),
        (with_(model__dropout=[0, 0, 0, 5]), "decimals with a point"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_message_at_once(tables, says):
    assert says in refused(tables)


@pytest.mark.parametrize("domain", [{"low": 10, "high": 10**9}, {"low": 1, "high": 2**60}])
def test_points_of_a_range_of_integers_are_compared_with_it(domain):
    inside = [{"hidden_size": 64}, {"hidden_size": float("inf")}, {"hidden_size": 2.5}]
    search = {**RANDOM, "points_to_evaluate": inside}
    text = refused(with_(model__hidden_size=domain, search=search))
    assert "[0]" not in text
    assert "[1]" in text
    assert "[2]" in text


def test_a_study_of_too_many_members_says_what_it_would_cost():
    many = list(range(1, 10_001))
    text = refused(
        with_(model__hidden_size=many, model__dropout={"low": 0.0, "high": 0.8, "count": 10_000})
    )
    assert "100,000,000 cells × 5 seeds × 1 fold = 500,000,000 members" in text
    assert "58 days" in text
    assert "random" in text
    drawn = with_(search={"method": "random", "trials": 300_000})
    assert "search.trials = 300000: 300,000 cells × 5 seeds" in refused(drawn)
    Study(**with_(model__hidden_size=many, model__dropout=0.0))
    # No grid is needed where cells are drawn.
    Study(**with_(model__hidden_size=many, optimizer__lr=many, search=RANDOM))


def test_a_range_of_which_data_is_loaded_needs_a_grid_where_a_search_chooses(tmp_path):
    (tmp_path / "dm.py").write_text(
        "import numpy as np\ndef load(n=20, k=3):\n"
        "    return np.zeros((n, 4), np.float32), np.arange(n) % 3\n"
    )
    guided = {"method": "bayes", "trials": 5}

    def tables(search, **data):
        return {**GOOD, "data": {"builder": "dm:load", **data}, "search": search}

    with pytest.raises(StudyError, match=r"data\.n = '10 to 40': a range of which data"):
        Study(folders=[tmp_path], **tables(guided, n={"low": 10, "high": 40}))
    Study(folders=[tmp_path], **tables(RANDOM, n={"low": 10, "high": 40}))
    counted = tables(
        guided, n={"low": 10, "high": 40, "step": 10}, batch_size={"low": 4, "high": 9}
    )
    sketched = Study(folders=[tmp_path], **counted).sketches()
    assert sorted(config["data.n"] for config in sketched) == [10, 20, 30, 40]
    many = {"low": 1, "high": 50_000, "step": 1}
    with pytest.raises(StudyError, match=r"data: 2,500,000,000 datasets, all of which are loaded"):
        Study(folders=[tmp_path], **tables(guided, n=many, k=many))


def test_a_functions_own_name_is_an_option_like_any_other(tmp_path):
    (tmp_path / "fm.py").write_text("def train(seed, name='a'):\n    return {'value': len(name)}\n")
    trial = {"function": "fm:train", "name": ["a", "bb"]}
    search = {"metric": "value", "mode": "max"}
    study = Study(folders=[tmp_path], name="s", trial=trial, search=search)
    assert [cell["trial.name"] for cell in study.cells()] == ["a", "bb"]
    del trial["name"]
    study = Study(folders=[tmp_path], name="s", trial=trial, search=search)
    assert study.cells()[0]["trial.name"] == "a"


def test_what_the_study_does_not_have_a_function_is_not_promised(tmp_path):
    (tmp_path / "need.py").write_text(
        "def train(seed, epochs, folds=None):\n    return {'value': 1.0}\n"
    )

    def study(**changes):
        trial = {"function": "need:train", **changes.pop("trial", {})}
        search = {"metric": "value", "mode": "max"}
        return Study(folders=[tmp_path], name="s", trial=trial, search=search, **changes)

    with pytest.raises(StudyError, match=r"trial\.epochs: the argument of 'need:train' needs"):
        study()
    assert study(epochs=3).cells() == [{"trial.function": "need:train"}]
    assert study(trial={"epochs": 3}).cells()[0]["trial.epochs"] == 3


@pytest.mark.parametrize(
    ("overrides", "key", "value"),
    [
        (["method=random", "trials=20"], "search", {"method": "random", "trials": 20}),
        (["workers=2"], "resources", {"workers": 2}),
        (["weight_decay=0.1"], "optimizer", {"weight_decay": 0.1}),
        (["optimizer.name=sgd", "momentum=0.9"], "optimizer", {"name": "sgd", "momentum": 0.9}),
        (["clip_norm=1.0"], "training", {"clip_norm": 1.0}),
        (
            ["method=bayes", "trials=9", "xi=0.1"],
            "search",
            {"method": "bayes", "trials": 9, "xi": 0.1},
        ),
        (["folds=3"], "folds", 3),
        (
            ["dropout=[0.0, 0.5]"],
            "model",
            {"name": "linear", "hidden_size": [8, 16], "dropout": [0.0, 0.5]},
        ),
    ],
    ids=str,
)
def test_an_override_may_name_any_key_that_the_file_could_have(tmp_path, overrides, key, value):
    (tmp_path / "s.toml").write_text(HEAD)
    assert Study.load(tmp_path / "s.toml", overrides).tables[key] == value


def test_an_override_may_name_what_a_function_of_ones_own_takes(tmp_path):
    (tmp_path / "own_keys.py").write_text(
        "def make(width=8, *, num_outputs): ...\ndef train(seed, rate=1.0): return {'value': rate}\n"
    )
    own = HEAD.partition("[model]")[0] + '[model]\nbuilder = "own_keys:make"\n'
    (tmp_path / "s.toml").write_text(own)
    study = Study.load(tmp_path / "s.toml", ["width=[8,16]"])
    assert study.tables["model"] == {"builder": "own_keys:make", "width": [8, 16]}
    for wrong in ("wdth=[8]", "num_outputs=3"):
        with pytest.raises(StudyError, match="no such key") as error:
            Study.load(tmp_path / "s.toml", [wrong])
        assert ("did you mean 'model.width'" in str(error.value)) == (wrong[0] == "w")
    (tmp_path / "t.toml").write_text(
        'name = "t"\n[trial]\nfunction = "own_keys:train"\n[search]\nmetric = "value"\nmode = "max"\n'
    )
    assert Study.load(tmp_path / "t.toml", ["rate=[1.0,2.0]"]).space.varied == ("trial.rate",)


@pytest.mark.parametrize(
    ("override", "says"),
    [
        ("optimizer.name=[adam,sgd]", """did you mean 'optimizer.name=["adam","sgd"]'?"""),
        ("hidden_size={low=8, high=}", "is not TOML"),
        ("lr=0,001", "did you mean '0.001'"),
        ("name=a,b", "name = ['a', 'b']: input should be a valid string"),
        ("builder=m:make", "could be any of data.builder, model.builder"),
        ("hiden_size=[8]", "did you mean 'model.hidden_size'"),
        (f"hidden_size={'9' * 5000}", "model.hidden_size = '9999"),
    ],
)
def test_overrides_that_are_none(tmp_path, override, says):
    (tmp_path / "s.toml").write_text(HEAD)
    with pytest.raises(InterplayError) as error:
        Study.load(tmp_path / "s.toml", [override])
    assert says in str(error.value)


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("a.toml", HEAD + "dropout = 0,001  # half\n", "decimals have a point: 0.001"),
        ("a.toml", "x = " + "9" * 5000, "is not TOML"),
        ("a.toml", "x = " + "[" * 5000, "nested too deeply"),
        ("a.yaml", "x: " + "[" * 5000, "nested too deeply"),
        ("a.yaml", "x: " + "9" * 5000, "is not YAML"),
        ("a.yaml", "x: !!bool maybe", "is not YAML: KeyError: 'maybe'"),
        ("a.yaml", "x: !!timestamp noon", "is not YAML"),
        ("a.toml", HEAD + "self = 1\n", "no such option"),
        ("a.toml", "self = 1\n" + HEAD, "self = 1: no such key"),
    ],
    ids=str,
)
def test_files_that_cannot_be_read(tmp_path, name, text, says):
    (tmp_path / name).write_text(text)
    with pytest.raises(InterplayError) as error:
        Study.load(tmp_path / name)
    assert says in str(error.value)
