"""The rows of what other tools' sweep files mean: each is honoured, refused by name, or noted.

A row is a tool, a feature, a small file of that tool's, and what `interplay space` says of it.
"""

import pytest
from typer.testing import CliRunner

from interplay.cli.app import app

DARTS = "hyperparameters:\n  learning_rate: [0.001]\n"
DETERMINED = (
    "searcher: {name: SEARCHER, metric: accuracy, max_length: {epochs: 4}}\nhyperparameters:\n"
)
GRID, RANDOM = (
    DETERMINED.replace("SEARCHER", "grid"),
    DETERMINED.replace("SEARCHER", "random").replace("metric", "max_trials: 7, metric"),
)
WANDB = "method: random\nmetric: {name: loss}\nparameters:\n"
HYDRA = "defaults: [{override hydra/sweeper: optuna}]\nhydra:\n  sweeper:\n    params:\n"

ROWS = [
    # darts-segmentation
    ("darts", "implicit list", ".yaml", "hyperparameters: {a: [1, 2]}", ["a one of 1, 2"]),
    ("darts", "implicit scalar", ".yaml", "hyperparameters: {a: null, b: x}", ["a none", "b x"]),
    ("darts", "low, high of ints", ".yaml", "hyperparameters: {a: {low: 1, high: 4}}", ["a 1 to 4"]),
    ("darts", "low, high of floats", ".yaml", "hyperparameters: {a: {low: 0.0, high: 1.0}}", ["a 0 to 1"]),
    ("darts", "an int with a float bound", ".yaml", "hyperparameters: {a: {low: 0, high: 1.5}}", ["error:", "hyperparameters.a"]),
    ("darts", "documentation is not code", ".yaml",
     "hyperparameters: {a: {distribution: loguniform, low: 1.0e-4, high: 1.0e-2}}", ["a 0.0001 to 0.01, log", "note:"]),
    ("darts", "reversed_loguniform", ".yaml",
     "hyperparameters: {a: {distribution: reversed_loguniform, low: 1.0e-3, high: 1.0e-1}}", ["reversed_loguniform"]),
    ("darts", "reversed_loguniform needs high < n", ".yaml",
     "hyperparameters: {a: {distribution: reversed_loguniform, low: 0.1, high: 2.0, n: 1}}", ["error:"]),
    ("darts", "names in its guide", ".yaml",
     "hyperparameters: {a: {distribution: value, value: 3}, b: {distribution: reversed-loguniform, low: 0.1, high: 0.5}}",
     ["a 3", "reversed_loguniform"]),
    ("darts", "a list as constant", ".yaml",
     "hyperparameters: {augment: {distribution: constant, value: [A, B]}}", ["augment ['A', 'B']"]),
    ("darts", "- for _", ".yaml", "hyperparameters: {learning-rate: [1, 2]}", ["learning_rate one of 1, 2"]),
    ("darts", "n_trials grid", ".yaml", "n_trials: grid\nhyperparameters: {a: [1, 2]}", ['method = "grid"']),
    ("darts", "n_trials, 100 by default", ".yaml", "hyperparameters: {a: {low: 0.0, high: 1.0}}", ["trials = 100", "seed = 42"]),
    ("darts", "grid needs lists", ".yaml", "n_trials: grid\nhyperparameters: {a: {low: 0.0, high: 1.0}}", ["error:"]),
    ("darts", "more trials than combinations", ".yaml", "n_trials: 9\nhyperparameters: {a: [1, 2]}", ["grid", "note:"]),
    ("darts", "n_randoms, 3 by default", ".yaml", DARTS, ["[42, 21, 69]"]),
    ("darts", "n_folds left out", ".yaml", DARTS, ["folds 5", "n_folds"]),
    ("darts", "fold_method", ".yaml", DARTS + "fold_method: region\n", ["note: fold_method region"]),
    ("darts", "scoring_metric with a direction", ".yaml", DARTS + "scoring_metric: ['valid_loss:lower']\n", ["valid_loss", "min"]),
    ("darts", "multi_score_strategy", ".yaml",
     DARTS + "scoring_metric: [accuracy, f1]\nmulti_score_strategy: geometric\n", ["geometric"]),
    ("darts", "retrain_and_test", ".yaml", DARTS + "retrain_and_test: true\n", ["retrain_and_test"]),
    ("darts", "TOML", ".toml", "[hyperparameters]\na = [1, 2]\n", ["a one of 1, 2"]),
    # Determined
    ("Determined", "int, both ends", ".yaml", RANDOM + "  a: {type: int, minval: 1, maxval: 4}", ["a 1 to 4"]),
    ("Determined", "double", ".yaml", RANDOM + "  a: {type: double, minval: 0.0, maxval: 1}", ["a 0 to 1"]),
    ("Determined", "log has exponents", ".yaml", RANDOM + "  a: {type: log, base: 10, minval: -4, maxval: -1}", ["a 0.0001 to 0.1, log"]),
    ("Determined", "categorical", ".yaml", RANDOM + "  a: {type: categorical, vals: [x, 2, null]}", ["a one of x, 2, none"]),
    ("Determined", "const and bare", ".yaml", RANDOM + "  a: {type: const, val: 3}\n  b: 4\n  c: [1, 2]", ["a 3", "b 4", "c [1, 2]"]),
    ("Determined", "nested", ".yaml", RANDOM + "  a: {b: {type: int, minval: 1, maxval: 2}, c: 1}", ["a.b 1 to 2", "a.c 1"]),
    ("Determined", "an unknown type", ".yaml", RANDOM + "  a: {type: integer, minval: 1, maxval: 2}", ["error:", "a.type"]),
    ("Determined", "unknown keys", ".yaml", RANDOM + "  a: {type: int, minval: 1, maxval: 2, step: 1}", ["error:", "step"]),
    ("Determined", "minval below maxval", ".yaml", RANDOM + "  a: {type: int, minval: 2, maxval: 2}", ["error:"]),
    ("Determined", "a grid needs count", ".yaml", GRID + "  a: {type: int, minval: 1, maxval: 4}", ["error:", "count"]),
    ("Determined", "grid of ints", ".yaml", GRID + "  a: {type: int, minval: 0, maxval: 20, count: 3}", ["a 0 to 20, step 10"]),
    ("Determined", "half away from zero", ".yaml", GRID + "  a: {type: int, minval: 0, maxval: 5, count: 3}", ["a one of 0, 3, 5"]),
    ("Determined", "count 1 is the middle", ".yaml", GRID + "  a: {type: log, base: 10, minval: -4, maxval: -2, count: 1}", ["a 0.001"]),
    ("Determined", "count too large", ".yaml", GRID + "  a: {type: int, minval: 1, maxval: 2, count: 9}", ["a 1 to 2, step 1"]),
    ("Determined", "count is ignored elsewhere", ".yaml", RANDOM + "  a: {type: int, minval: 1, maxval: 9, count: 3}", ["a 1 to 9"]),
    ("Determined", "single", ".yaml", DETERMINED.replace("SEARCHER", "single") + "  a: {type: int, minval: 1, maxval: 9}", ["trials = 1"]),
    ("Determined", "smaller is better", ".yaml", RANDOM + "  a: {type: int, minval: 1, maxval: 9}", ['mode = "min"']),
    ("Determined", "adaptive_asha", ".yaml",
     DETERMINED.replace("SEARCHER", "adaptive_asha, max_trials: 9") + "  a: {type: int, minval: 1, maxval: 9}", ["asha", "note:"]),
    ("Determined", "adaptive_simple of 2020", ".yaml",
     DETERMINED.replace("SEARCHER", "adaptive_simple, max_trials: 9") + "  a: {type: int, minval: 1, maxval: 9}", ["asha"]),
    ("Determined", "sync_halving of 2020", ".yaml",
     DETERMINED.replace("SEARCHER", "sync_halving, num_rungs: 3, budget: {epochs: 40}") + "  a: {type: int, minval: 1, maxval: 9}", ["asha"]),
    ("Determined", "custom is refused", ".yaml", DETERMINED.replace("SEARCHER", "custom") + "  a: 1", ["error:", "custom"]),
    ("Determined", "PBT is refused", ".yaml", DETERMINED.replace("SEARCHER", "pbt") + "  a: 1", ["error:", "pbt"]),
    ("Determined", "length in epochs", ".yaml", RANDOM + "  a: 1", ["epochs 4"]),
    ("Determined", "a swept seed", ".yaml", GRID + "  seed: {type: int, minval: 0, maxval: 1, count: 2}", ["--map seed=seeds"]),
    ("Determined", "what concerns it alone", ".yaml", RANDOM + "  a: 1\nentrypoint: model:Trial\nmax_restarts: 5", ["entrypoint", "max_restarts"]),
    # Hydra with Optuna's sweeper
    ("Hydra", "a,b,c", ".yaml", HYDRA + "      a: 1,2.5,x", ["a one of 1, 2.5, x"]),
    ("Hydra", "choice", ".yaml", HYDRA + "      a: a,b,true,null", ["a one of a, b, true, none"]),
    ("Hydra", "interval is float", ".yaml", HYDRA + "      a: interval(1,4)", ["a uniform, 1 to 4|a 1 to 4"]),
    ("Hydra", "int(interval)", ".yaml", HYDRA + "      a: int(interval(1,4))", ["a 1 to 4"]),
    ("Hydra", "tag log", ".yaml", HYDRA + "      a: tag(log,interval(0.001,1))", ["a 0.001 to 1, log"]),
    ("Hydra", "range has its end", ".yaml", HYDRA + "      a: range(1,5)", ["a 1 to 5"]),
    ("Hydra", "a float range", ".yaml", HYDRA + "      a: range(0,1,step=0.25)", ["0 to 1, step 0.25"]),
    ("Hydra", "shuffled ranges lose their end", ".yaml", HYDRA + "      a: shuffle(range(1,4))", ["a one of 1, 2, 3"]),
    ("Hydra", "sort", ".yaml", HYDRA + "      a: sort(3,1,2)", ["a one of 1, 2, 3"]),
    ("Hydra", "20 trials", ".yaml", HYDRA + "      a: choice(1,2)", ["trials = 20"]),
    ("Hydra", "grid sampler excludes ends", ".yaml",
     HYDRA + "      a: range(1,4)\n    sampler: {_target_: optuna.samplers.GridSampler}", ["a 1 to 3, step 1"]),
    ("Hydra", "motpe is gone", ".yaml",
     HYDRA.replace("}]", "}, {override hydra/sweeper/sampler: motpe}]") + "      a: choice(1,2)", ["error:", "motpe"]),
    ("Hydra", "direction", ".yaml", HYDRA + "      a: choice(1,2)\n    direction: maximize", ['mode = "max"']),
    ("Hydra", "several directions", ".yaml", HYDRA + "      a: choice(1,2)\n    direction: [minimize, maximize]", ["error:", "direction"]),
    ("Hydra", "n_jobs", ".yaml", HYDRA + "      a: choice(1,2)\n    n_jobs: 3", ["n_jobs"]),
    ("Hydra", "custom_search_space", ".yaml", HYDRA + "      a: choice(1,2)\n    custom_search_space: m.f", ["error:", "custom_search_space"]),
    ("Hydra", "old search_space", ".yaml",
     "hydra:\n  sweeper:\n    search_space: {a: {type: int, low: 1, high: 9, step: 2}, b: {type: categorical, choices: [x, y]}}",
     ["a 1 to 9, step 2", "b one of x, y"]),
    # Optuna in a run config
    ("asme", "suggest", ".json", '{"m": {"a": {"hyper_opt": {"suggest": "float", "params": {"low": 0.1, "high": 0.5, "step": 0.1}}}}}', ["m.a 0.1 to 0.5, step 0.1"]),
    ("asme", "JSON5", ".json5", "{a: {hyper_opt: {suggest: 'categorical', params: {choices: [1, 2,],},},}, /* c */}", ["a one of 1, 2"]),
    ("asme", "in lists", ".json", '{"l": [{"hyper_opt": {"suggest": "int", "params": {"low": 1, "high": 4}}}]}', ["1 to 4"]),
    ("asme", "older multiply", ".json",
     '{"h": {"hyper_opt": {"suggest": "int", "params": {"low": 1, "high": 4}}}, "d": {"hyper_opt": {"suggest": "int", "params": {"low": 2, "high": 3}, "depends_on": "h", "dependency": "multiply"}}}',
     ["d 2 to 3, times h"]),
    ("asme", "optimize_iff", ".json",
     '{"k": {"hyper_opt": {"suggest": "categorical", "params": {"choices": ["x", "y"]}}}, "d": {"hyper_opt": {"suggest": "int", "params": {"low": 2, "high": 3}, "dependency": {"type": "optimize_iff", "on": "k", "conditions": [{"type": "equal", "compare_value": "x"}]}}}}',
     ["d 2 to 3, when k is x"]),
    ("asme", "an unknown name", ".json",
     '{"d": {"hyper_opt": {"suggest": "int", "params": {"low": 2, "high": 3}, "depends_on": "zz", "dependency": "multiply"}}}', ["error:", "zz"]),
    ("asme", "jsonnet", ".jsonnet", "local a = 1; {a: a}", ["error:", "local"]),
    # W&B
    ("W&B", "values, value", ".yaml", WANDB + "  a: {values: [1, 2]}\n  b: {value: 3}", ["a one of 1, 2", "b 3"]),
    ("W&B", "min, max", ".yaml", WANDB + "  a: {min: 1, max: 4}\n  b: {min: 0.0, max: 1}", ["a 1 to 4", "b 0 to 1"]),
    ("W&B", "log_uniform has exponents", ".yaml", WANDB + "  a: {distribution: log_uniform, min: 0, max: 2}", ["a 1 to 7.38906, log"]),
    ("W&B", "log_uniform_values", ".yaml", WANDB + "  a: {distribution: log_uniform_values, min: 0.001, max: 1}", ["a 0.001 to 1, log"]),
    ("W&B", "inv_log_uniform_values", ".yaml", WANDB + "  a: {distribution: inv_log_uniform_values, min: 0.01, max: 1}", ["a 0.01 to 1, log"]),
    ("W&B", "q_uniform", ".yaml", WANDB + "  a: {distribution: q_uniform, min: 0, max: 10, q: 2}", ["multiples of 2"]),
    ("W&B", "normal", ".yaml", WANDB + "  a: {distribution: normal, mu: 1, sigma: 2}", ["normal"]),
    ("W&B", "beta", ".yaml", WANDB + "  a: {distribution: beta, a: 2, b: 3}", ["beta"]),
    ("W&B", "probabilities", ".yaml", WANDB + "  a: {values: [1, 2], probabilities: [0.1, 0.9]}", ["1 (0.1), 2 (0.9)"]),
    ("W&B", "nested", ".yaml", WANDB + "  o: {parameters: {lr: {values: [1, 2]}}}", ["o.lr one of 1, 2"]),
    ("W&B", "a grid's excluded maximum", ".yaml",
     WANDB.replace("random", "grid") + "  a: {distribution: q_uniform, min: 0, max: 4, q: 2}", ["a one of 0, 2", "note:"]),
    ("W&B", "a grid of all integers", ".yaml", WANDB.replace("random", "grid") + "  a: {min: 1, max: 3}", ["1 to 3, step 1|a one of 1, 2, 3"]),
    ("W&B", "a grid of floats", ".yaml", WANDB.replace("random", "grid") + "  a: {min: 0.0, max: 3.0}", ["error:"]),
    ("W&B", "minimize by default", ".yaml", WANDB + "  a: {values: [1, 2]}", ['mode = "min"']),
    ("W&B", "early_terminate", ".yaml", WANDB + "  a: {min: 0.0, max: 1.0}\nearly_terminate: {type: hyperband, min_iter: 3}", ["asha", "note:"]),
    ("W&B", "min, max, values together", ".yaml", WANDB + "  a: {min: 1, max: 2, values: [1]}", ["error:"]),
    ("W&B", "an unknown key at the top", ".yaml", WANDB + "  a: {values: [1]}\nmethods: grid", ["error:", "methods"]),
    ("W&B", "what concerns it alone", ".yaml", "program: t.py\nproject: p\n" + WANDB + "  a: {values: [1, 2]}", ["program", "project"]),
    ("W&B", "names of parameters", ".yaml", WANDB + "  1a: {values: [1, 2]}", ["error:", "1a"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("suffix", "text", "says"),
    [row[2:] for row in ROWS],
    ids=[f"{tool}: {feature}" for tool, feature, *_ in ROWS],
)
def test_a_row_is_honoured_refused_or_noted(tmp_path, suffix, text, says):
    file = tmp_path / f"sweep{suffix}"
    file.write_text(text, encoding="utf-8")
    done = CliRunner().invoke(app, ["space", str(file)])
    said = " ".join(done.output.split())
    assert done.exit_code == (2 if "error:" in says else 0), said
    for words in says:
        assert any(one in said for one in words.split("|")), said
