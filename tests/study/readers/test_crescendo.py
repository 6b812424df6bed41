"""Crescendo's `run.sh` line as its example has it, its names, and what of it is not taken over."""

import numpy as np
import pytest

from interplay.errors import InterplayError
from interplay.space.domains import Choice, Constant, Float
from interplay.study.study import Study

# examples/00_xas_to_functional_groups/00a_hyperparameter_tune/run.sh, as the shell gives it.
LINE = (
    "model=mlp",
    "data=regression",
    "+data.data_dir=../data/C-XANES",
    "trainer.max_epochs=10",
    "model.last_activation={_target_: torch.nn.Sigmoid}",
    "trainer.accelerator=cpu",
    "hparams_search=optuna",
    "model.architecture=choice(3, 6, 9, 12, 15)",
    "data.dataloader_kwargs.batch_size=choice(32, 64, 128, 256)",
    "model.batch_norm=choice(True, False)",
    "model.optimizer.lr=interval(0.001, 0.01)",
    "hydra.sweeper.n_trials=20",
)


def load(*more, line=LINE):
    return Study.load(None, [*line, *more])


def test_the_line_as_it_stands():
    study = load()
    varied = {name: study.space.domains[name] for name in study.space.varied}
    assert varied == {
        "data.batch_size": Choice((32, 64, 128, 256)),
        "model.norm": Choice(("batch", "none")),
        "model.architecture": Choice((3, 6, 9, 12, 15)),
        "optimizer.lr": Float(0.001, 0.01),
    }
    assert study.space.domains["data.path"] == Constant("../data/C-XANES")
    assert study.space.domains["model.last_activation"] == Constant("sigmoid")
    assert study.space.domains["data.scale"] == Constant("standard")
    assert study.epochs == 10
    assert study.name == "mlp-regression"
    assert study.resources.device == "cpu"
    search = study.search.flat()
    assert {key: search[key] for key in ("method", "sampler", "trials", "seed", "mode")} == {
        **{"method": "optuna", "sampler": "tpe", "trials": 20, "seed": 1234, "mode": "min"}
    }


def test_the_line_trains_on_a_folder_of_arrays(tmp_path, quiet_run):
    generator = np.random.default_rng(0)
    for part, rows in (("train", 96), ("val", 32)):
        x = generator.normal(size=(rows, 6)).astype(np.float32)
        np.save(tmp_path / f"X_{part}.npy", x)
        np.save(tmp_path / f"Y_{part}.npy", 1 / (1 + np.exp(-x[:, :2])))
    line = [one for one in LINE if "batch_size" not in one and "n_trials" not in one]
    line[2] = f"+data.data_dir={tmp_path}"
    more = ["trainer.max_epochs=2", "data.batch_size=32", "hydra.sweeper.n_trials=3", "seeds=1"]
    more += ["~search.sampler", "~search.max_concurrent", "search.method=random"]
    outcome = quiet_run(load(*more, line=line))
    frame = outcome.results.table.frame
    assert not outcome.failed
    assert len(frame) == 3
    assert set(frame["model.architecture"]) <= {3, 6, 9, 12, 15}


@pytest.mark.parametrize(
    ("override", "name", "domain"),
    [
        ("data.batch_size=16,32", "data.batch_size", Choice((16, 32))),
        ("model.architecture=[7, 5]", "model.architecture", Constant([7, 5])),
        ("model.architecture=[7,5],[3]", "model.architecture", Choice(([7, 5], [3]))),
        ("model.optimizer.log10_lr=interval(-3,-2)", "optimizer.lr", Float(1e-3, 0.01, log=True)),
        ("model.optimizer.log10_lr=-3,-2", "optimizer.lr", Choice((1e-3, 0.01))),
        ("model.optimizer.weight_decay=0,0.1", "optimizer.weight_decay", Choice((0, 0.1))),
        ("data.normalize_inputs=False", "data.scale", Constant("none")),
        ("model.last_activation=null", "model.last_activation", Constant("none")),
        ("model.activation={_target_: torch.nn.Tanh}", "model.activation", Constant("tanh")),
        ("trainer.gradient_clip_val=0.5", "training.clip_norm", Constant(0.5)),
        ("model.scheduler.patience=3", "schedule.patience", Constant(3)),
    ],
)
def test_its_names(override, name, domain):
    line = ("data=regression", "model=mlp", "+data.data_dir=arrays", "seed=7")
    study = load(override, "search.method=random", "search.trials=2", line=line)
    assert study.space.domains[name] == domain
    assert study.seeds == [7]


def test_what_its_files_say_where_the_line_says_nothing():
    study = load(line=("data=regression", "model=mlp", "+data.data_dir=arrays"))
    expected = {
        **{"data.task": "regression", "data.batch_size": 64, "model.norm": "batch"},
        **{"model.architecture": [7, 5, 3], "optimizer.lr": 1e-3, "schedule.factor": 0.95},
    }
    assert {name: study.space.domains[name].value for name in expected} == expected


@pytest.mark.parametrize("seed", ["-1", "null"])
def test_without_a_seed_it_is_unseeded_there_and_has_seeds_here(seed):
    study = load(f"seed={seed}")
    assert study.seeds == [0, 1, 2, 3, 4]
    assert any("Crescendo trains without a seed; here every" in note for note in study.told)


def test_a_rate_by_a_word_is_no_exponent():
    line = ("data=regression", "model=mlp", "+data.data_dir=arrays")
    with pytest.raises(InterplayError, match="'a' is no exponent of 10"):
        load("model.optimizer.log10_lr=a", line=line)


def test_what_asks_for_nothing_is_not_refused():
    unsaid = (
        *("data.production_mode=False", "data.feature_select=null", "experiment=null"),
        *("data.ensemble_split_index=null", "model.last_batch_norm=False", "debug=null"),
        "model.optimizer.log10_lr=null",
    )
    assert load(*unsaid).tables == load().tables


def test_what_concerns_it_alone_is_told():
    told = load("logger=wandb", "callbacks.early_stopping.patience=3", "hydra.run.dir=x").told
    assert any("here every model trains as long" in note for note in told)
    for key in ("logger", "callbacks.early_stopping.patience"):
        assert f"{key} concerns Crescendo, and nothing here" in told
    assert "hydra.run.dir concerns Hydra, and nothing here" in told


@pytest.mark.parametrize(
    ("override", "says"),
    [
        ("data=california_housing", "data=california_housing of Crescendo is not taken over"),
        ("model=mlp_random_architecture", "is not taken over; known: mlp"),
        ("model.architecture.neurons_range=[2,5]", "widths that chance chooses"),
        ("model.architecture={neurons_range: [2, 5], ramp_std: 1}", "widths that chance chooses"),
        ("model.architecture=[4],{neurons_range: [2, 5]}", "widths that chance chooses"),
        ("model.optimizer.log10_lr=-2", "and model.optimizer.log10_lr=-2: Crescendo takes one of"),
        ("data.ensemble_split_index=3", "folds=20"),
        ("data.feature_select=0:200", "read whole"),
        ("data.production_mode=True", "none left to compare on"),
        ("experiment=mine", "write them out"),
        ("debug=fdr", "write them out"),
        ("hparams_search=ax", "known: optuna"),
        ("model.criterion={_target_: torch.nn.L1Loss}", "mean squares"),
        ("model.scheduler=null", "[schedule]"),
        ("model.batch_norm=3", "is none of True, False"),
        ("trainer.accelerator=tpu", "none of cpu, gpu"),
        ("model.last_activation={_target_: os.system}", "never imported or called"),
        ("model.scheduler.factor=0.5,a", "schedule.factor"),
        ("hydra.sweeper.custom_search_space=m.f", "not taken over"),
        ("hydra/sweeper=ax", "known: optuna, basic"),
        ("hydra/sweeper/sampler=motpe", "Hydra took it out"),
        ("hydra.sweeper.direction=up", "none of minimize, maximize"),
    ],
)
def test_what_is_not_taken_over(override, says):
    with pytest.raises(InterplayError) as error:
        load(override)
    assert says in str(error.value)


def test_hydra_s_keys_on_any_line():
    line = ("data=digits", "model=linear", "epochs=1", "hidden_size=4,8", "hydra/sweeper=optuna")
    study = load("hydra.sweeper.n_trials=5", "hydra.sweeper.params.dropout=0,0.5", line=line)
    assert study.search.method == "optuna"
    assert study.search.trials == 5
    assert study.space.varied == ("model.hidden_size", "model.dropout")
    study = load("hydra/sweeper/sampler=gp", "hydra.sweeper.n_trials=5", line=line)
    assert study.search.options["sampler"] == "gp"
    # Names of ours are not Crescendo's on a line that is not its.
    with pytest.raises(InterplayError, match=r"model.batch_norm: 'linear' has no such option"):
        load("model.batch_norm=True", line=line)
