"""What other tools' sweep files mean, row by row: each is honoured, refused by name, or noted.

A row is a tool and a feature of it, as `FEATURES` lists them; a small file of that tool's, or a
line of KEY=VALUE; and what is said of it. `error:` among that says that it is refused.
"""

import pytest
from typer.testing import CliRunner

from interplay.cli.app import app
from interplay.errors import InterplayError
from interplay.study.study import Study

FEATURES = {
    "darts": (
        *("file and its key", "wrong suffix", "implicit list", "implicit scalar"),
        *("implicit low, high both int", "implicit low, high both float", "int with float bound"),
        *("documentation is not code", "explicit names", "names in docs", "list as constant"),
        *("names", "numbers in YAML", "n_trials", "random draws", "grid", "number of trainings"),
        *("folds", "seeds", "fold_method", "data_split_method", "scoring_metric"),
        *("multi_score_strategy", "the bug of :lower", "budget", "retrain_and_test", "parallel"),
    ),
    "Determined": (
        *("int", "double", "log", "categorical", "const", "nested", "strictness", "grid needs"),
        *("grid values", "count 1", "int count too large", "order", "axes", "known answers"),
        *("seed as a hyperparameter", "searchers", "searcher defaults", "modes", "ASHA rule"),
        *("length", "2020 forms", "warm start", "seed", "restarts, checkpoints"),
    ),
    "Hydra": (
        *("a,b,c and choice", "interval", "tag(log, …)", "range", "shuffle(range)", "grid sampler"),
        *("casts", "glob on groups", "keys", "quotes, escapes", "precedence", "sweeper keys"),
        *("reruns", "objective", "old form"),
    ),
    "Crescendo": (
        *("verb", "sweep preset", "renamed key", "data folder", "data options"),
        *("MLP architecture", "MLP options", "training", "objective", "loggers", "debug presets"),
    ),
    "asme": (
        *("notation", "suggest", "dependency, older form", "dependency, HEAD form", "multiply"),
        *("optimize_iff", "what may be depended on", "where it is looked for"),
        *("docs examples differ", "verbs"),
    ),
    "W&B": (
        *("values, value", "min, max", "log_uniform", "log_uniform_values", "inv_log_uniform"),
        *("q_ forms", "normal, log_normal, beta", "nested", "grid", "resume of a grid", "metric"),
        *("early_terminate", "newer", "others", "parameter names"),
    ),
}
"""What there is to a tool's sweeps, be it of a file's grammar, a searcher, a default or an override."""
HYPER = "hyperparameters: {gamma: [0.8, 0.9], batch_size: [4, 8]}\n"
DETERMINED = "searcher: {name: %s, metric: loss, max_length: {epochs: 64}}\nhyperparameters:\n"
GRID, RANDOM = DETERMINED % "grid", DETERMINED % "random, max_trials: 7"
VARIED = "  a: {type: int, minval: 1, maxval: 9}\n"
WANDB = "method: random\nmetric: {name: loss, goal: maximize}\nparameters:\n"
WGRID = WANDB.replace("random", "grid")
WVARIED = WANDB + "  a: {values: [1, 2]}\n"
HYDRA = "defaults: [{override hydra/sweeper: optuna}]\nhydra:\n  sweeper:\n    params:\n      a: "
HGRID = HYDRA.replace("}]", "}, {override hydra/sweeper/sampler: grid}]")
INT = "suggest: int, params: {low: 1, high: 4}"
TWO = "{m: {h: {hyper_opt: {INT}}, d: {hyper_opt: {INT, dependency: {type: %s}}}}}".replace(
    "INT", INT
)
SIX = "{a: {hyper_opt: {suggest: %s}}}"

ROWS = [
    ("darts", "file and its key", ".toml", "[hyperparameters]\nbatch-size = [1, 2]\n", ["batch_size one of 1, 2"]),
    ("darts", "file and its key", ".yml", HYPER + "darts: {n_trials: 3}\n", ["trials = 3"]),
    ("darts", "file and its key", ".yaml", "darts: {hyperparameters: {gamma: [1, 2]}}\n", ["error:", "darts.hyperparameters", "at the top"]),
    ("darts", "wrong suffix", ".txt", HYPER, ["error:", ".toml, .yaml, .yml"]),
    ("darts", "implicit list", ".yaml", "hyperparameters: {a: [1, x, null]}", ["a one of 1, x, none"]),
    ("darts", "implicit scalar", ".yaml", "hyperparameters: {a: null, b: x, c: 0.5}", ["a none", "b x", "c 0.5"]),
    ("darts", "implicit low, high both int", ".yaml", "hyperparameters: {a: {low: 1, high: 4}}", ['"kind": "int"', '"low": 1, "high": 4']),
    ("darts", "implicit low, high both float", ".yaml", "hyperparameters: {a: {low: 1.0, high: 4.0}}", ['"kind": "float"', '"low": 1.0, "high": 4.0']),
    ("darts", "int with float bound", ".yaml", "hyperparameters: {a: {low: 0, high: 1.5}}", ["error:", "hyperparameters.a = '0 to 1.5': low and high of two types"]),
    ("darts", "int with float bound", ".yaml", "hyperparameters: {a: {distribution: uniform, low: 0, high: 1.5}}", ["error:", "low and high of two types"]),
    ("darts", "documentation is not code", ".yaml",
     "hyperparameters: {a: {distribution: loguniform, low: 1.0e-4, high: 1.0e-2}}", ["a 0.0001 to 0.01, log", "darts' code draws it as uniform"]),
    ("darts", "documentation is not code", ".yaml", "hyperparameters: {a: {distribution: uniform, low: 1, high: 9}}", ['"kind": "float"', "darts' code draws it as whole numbers"]),
    ("darts", "explicit names", ".yaml", "hyperparameters: {a: {distribution: intuniform, low: 1, high: 9}, b: {distribution: choice, choices: [1, 2]}}", ["a 1 to 9", "b one of 1, 2"]),
    ("darts", "explicit names", ".yaml", "hyperparameters: {a: {distribution: reversed_loguniform, low: 0.9, high: 0.99}}", ['"low": 0.01, "high": 0.1, "n": 1.0']),
    ("darts", "explicit names", ".yaml", "hyperparameters: {a: {distribution: reversed_loguniform, low: 0.1, high: 2.0, n: 1}}", ["error:", "not 0 ≤ low < high < n"]),
    ("darts", "names in docs", ".yaml",
     "hyperparameters: {a: {distribution: value, value: 3}, b: {distribution: reversed-loguniform, low: 0.1, high: 0.5}}", ["a 3", "reversed_loguniform"]),
    ("darts", "list as constant", ".yaml", "hyperparameters: {augment: {distribution: constant, value: [A, B]}}", ["augment ['A', 'B']"]),
    ("darts", "names", ".yaml", "hyperparameters: {learning-rate: [1, 2]}", ["learning_rate one of 1, 2"]),
    ("darts", "names", ".yaml", "hyperparameters: {dropout: [0.1, 0.2]}", ["darts itself has no dropout"]),
    ("darts", "numbers in YAML", ".yaml", "hyperparameters: {gamma: [1e-5, 1.0e-4]}", ["one of 1e-05, 0.0001", "PyYAML, which makes of 1e-5 what YAML 1.1"]),
    ("darts", "n_trials", ".yaml", "hyperparameters: {a: {low: 0.0, high: 1.0}}", ["trials = 100"]),
    ("darts", "n_trials", ".yaml", HYPER + "n_trials: all", ["error:", "n_trials = 'all': not a number and not grid"]),
    ("darts", "random draws", ".yaml", HYPER + "n_trials: 3", ["trials = 3, seed = 42", "darts never draws one twice"]),
    ("darts", "random draws", ".yaml", HYPER + "n_trials: 9", ['method = "grid"', "n_trials of 9 and 4 combinations"]),
    ("darts", "grid", ".yaml", HYPER + "n_trials: grid", ['method = "grid"', "darts shuffles its grid"]),
    ("darts", "grid", ".yaml", "n_trials: grid\nhyperparameters: {a: {low: 0.0, high: 1.0}}", ["error:", "which needs lists and constants"]),
    ("darts", "number of trainings", ".yaml", HYPER, ["seeds [42, 21, 69]", "folds 5", "n_folds is left out", "darts' own tune-smp then fails"]),
    ("darts", "folds", ".yaml", HYPER + "n_folds: 3\ntotal_folds: 4", ["folds 3", "darts trains 3 of 4 folds"]),
    ("darts", "folds", ".yaml", HYPER + "n_folds: 6", ["error:", "up to total_folds, 5"]),
    ("darts", "seeds", ".yaml", HYPER + "n_randoms: 2", ["seeds [42, 21]"]),
    ("darts", "seeds", ".yaml", HYPER + "n_randoms: 5", ["seeds [42, 21, 69, 1824, 409]"]),
    *[("darts", "fold_method", ".yaml", HYPER + f"n_folds: 5\nfold_method: {method}", says)
      for method, *says in [
          ("kfold", 'folds_by = "kfold"'),
          ("shuffle", 'folds_by = "stratified"', "fold_method shuffle: darts draws each validation part anew"),
          ("stratified", 'folds_by = "stratified", split_seed = 42'),
          ("region", 'folds_by = "grouped"', "fold_method region: darts draws the regions"),
          ("region-stratified", 'folds_by = "stratified-grouped"', "regions are the groups of the data"),
          ("none", "fold_method none: darts validates on the rows that it trains on"),
          ("loo", "error:", "fold_method = 'loo': not one of those"),
      ]],
    ("darts", "data_split_method", ".yaml", HYPER + "data_split_method: sample", ["data_split_method sample: the data here has a test part"]),
    ("darts", "scoring_metric", ".yaml", HYPER, ["darts compares val/JaccardIndex and val/Recall; here search.metric"]),
    ("darts", "scoring_metric", ".yaml", HYPER + "scoring_metric: ['valid_loss:lower']", ['metric = "valid_loss", mode = "min"']),
    ("darts", "multi_score_strategy", ".yaml", HYPER + "scoring_metric: [accuracy, f1]", ['multi_score = "harmonic"']),
    ("darts", "multi_score_strategy", ".yaml", HYPER + "scoring_metric: [a, b]\nmulti_score_strategy: geometric", ['"a:higher", "b:higher"', 'multi_score = "geometric"']),
    ("darts", "multi_score_strategy", ".yaml", HYPER + "multi_score_strategy: max", ["error:", "harmonic, arithmetic, geometric, min"]),
    ("darts", "the bug of :lower", ".yaml", HYPER + "scoring_metric: ['a:lower', b]", ['"a:lower", "b:higher"', "darts' code looks for a metric of the whole name, and fails"]),
    ("darts", "budget", ".yaml", HYPER, ["epochs 100", "darts stops a training early"]),
    ("darts", "retrain_and_test", ".yaml", HYPER + "retrain_and_test: 1", ["error:", "not true or false"]),
    ("darts", "retrain_and_test", ".yaml", HYPER + "retrain_and_test: true", ["interplay best RUN --retrain"]),
    ("darts", "parallel", ".yaml", HYPER + "darts: {strategy: tune-parallel}", ["concerns darts only, and nothing here: strategy"]),

    ("Determined", "int", ".yaml", RANDOM + "  a: {type: int, minval: 1, maxval: 4}", ['"kind": "int"', '"low": 1, "high": 4']),
    ("Determined", "double", ".yaml", RANDOM + "  a: {type: double, minval: 0, maxval: 1}", ['"kind": "float"', '"low": 0.0, "high": 1.0']),
    ("Determined", "log", ".yaml", RANDOM + "  a: {type: log, base: 10, minval: -4, maxval: -1}", ["a 0.0001 to 0.1, log"]),
    ("Determined", "log", ".yaml", RANDOM + "  a: {type: log, base: 0, minval: -4, maxval: -1}", ["error:", "a.base = 0: not positive"]),
    ("Determined", "log", ".yaml", RANDOM + "  a: {type: log, minval: -4, maxval: -1}", ["error:", "a.base: missing"]),
    ("Determined", "categorical", ".yaml", RANDOM + "  a: {type: categorical, vals: [x, 2, null, [1]]}", ["a one of x, 2, none, [1]"]),
    ("Determined", "const", ".yaml", RANDOM + "  a: {type: const, val: 3}\n  b: 4\n  c: [1, 2]\n  d: null", ["a 3", "b 4", "c [1, 2]", "d none"]),
    ("Determined", "nested", ".yaml", RANDOM + "  a: {b: {c: {type: int, minval: 1, maxval: 2}}, d: 1}\n  e: {}", ["a.b.c 1 to 2", "a.d 1", "e {}"]),
    ("Determined", "nested", ".yaml", RANDOM + "  a: {type: integer, minval: 1, maxval: 2}", ["error:", "a.type = 'integer'"]),
    ("Determined", "strictness", ".yaml", RANDOM + "  a: {type: int, minval: 1, maxval: 2, step: 1}", ["error:", "a.step = 1: no such key"]),
    ("Determined", "strictness", ".yaml", RANDOM + "  a: {type: int, minval: 2, maxval: 2}", ["error:", "minval is not below maxval"]),
    ("Determined", "strictness", ".yaml", GRID + "  a: {type: int, minval: 1, maxval: 2, count: 0}", ["error:", "a.count = 0"]),
    ("Determined", "grid needs", ".yaml", GRID + VARIED, ["error:", "a.count: missing: the grid searcher needs it"]),
    ("Determined", "grid needs", ".yaml", RANDOM + "  a: {type: int, minval: 1, maxval: 9, count: 3}", ["a 1 to 9 epochs", "count is for grid"]),
    ("Determined", "grid values", ".yaml", GRID + "  a: {type: int, minval: 0, maxval: 5, count: 3}\n  b: {type: int, minval: -5, maxval: 0, count: 3}", ["a one of 0, 3, 5", "b one of -5, -3, 0"]),
    ("Determined", "grid values", ".yaml", GRID + "  a: {type: log, base: 10, minval: -3, maxval: -1, count: 3}", ["a 0.001 to 0.1, log, 3 values"]),
    ("Determined", "count 1", ".yaml", GRID + "  a: {type: log, base: 10, minval: -4, maxval: -2, count: 1}\n  b: {type: int, minval: 0, maxval: 5, count: 1}", ["a 0.001", "b 3"]),
    ("Determined", "int count too large", ".yaml", GRID + "  a: {type: int, minval: 1, maxval: 3, count: 9}", ["a 1 to 3, step 1"]),
    ("Determined", "order", ".yaml", GRID + "  b: {type: categorical, vals: [2, 1]}", ["b one of 2, 1", "begins its grid at the end, the names sorted; here it is trained in the order of the file"]),
    ("Determined", "axes", ".yaml", GRID + "  b: 3\n  g: {a: {type: categorical, vals: [y, x]}}", ["b 3", "g.a one of y, x"]),
    ("Determined", "known answers", ".yaml", GRID + "  a: {type: int, minval: 0, maxval: 20, count: 3}\n  b: {type: int, minval: 0, maxval: 10, count: 3}", ["a 0 to 20, step 10", "b 0 to 10, step 5"]),
    ("Determined", "seed as a hyperparameter", ".yaml", GRID + "  seed: {type: int, minval: 0, maxval: 1, count: 2}", ["--map seed=seeds"]),
    ("Determined", "searchers", ".yaml", DETERMINED % "single" + VARIED, ['method = "random", trials = 1']),
    ("Determined", "searchers", ".yaml", RANDOM + VARIED, ['method = "random", trials = 7', "epochs 64"]),
    ("Determined", "searchers", ".yaml", DETERMINED % "random" + VARIED, ["error:", "searcher.max_trials: missing"]),
    ("Determined", "searchers", ".yaml", DETERMINED % "async_halving, num_rungs: 3, max_trials: 9" + VARIED, ['scheduler = "asha"', "grace_period = 4"]),
    ("Determined", "searchers", ".yaml", DETERMINED % "sync_halving, num_rungs: 3, budget: {epochs: 640}" + VARIED, ['scheduler = "asha"', "a budget of 640 pays for"]),
    ("Determined", "searchers", ".yaml", DETERMINED % "adaptive, budget: {epochs: 640}" + VARIED, ['scheduler = "asha"', "not against a whole rung"]),
    ("Determined", "searchers", ".yaml", DETERMINED % "adaptive_simple, max_trials: 2001" + VARIED, ["error:", "up to 2000"]),
    ("Determined", "searchers", ".yaml", DETERMINED % "custom" + VARIED, ["error:", "custom is a program of its own"]),
    ("Determined", "searcher defaults", ".yaml", DETERMINED % "adaptive_asha, max_trials: 1024" + VARIED.replace("9", "99"),
     ['mode = "min"', "max_concurrent = 16", "reduction_factor = 4", "smaller_is_better is left out", "of its 3 brackets (4, 3, 2 rungs)"]),
    ("Determined", "searcher defaults", ".yaml", (DETERMINED % "random, max_trials: 2").replace("metric: loss, ", "") + VARIED, ["error:", "searcher.metric: missing"]),
    ("Determined", "searcher defaults", ".yaml", DETERMINED % "adaptive_asha, max_trials: 20, max_concurrent_trials: 0" + VARIED, ["max_concurrent = 20"]),
    ("Determined", "modes", ".yaml", DETERMINED % "adaptive_asha, max_trials: 64, mode: conservative" + VARIED, ["of its 4 brackets (4, 3, 2, 1 rungs)"]),
    ("Determined", "modes", ".yaml", DETERMINED % "adaptive_asha, max_trials: 64, bracket_rungs: [2, 3]" + VARIED, ["of its 2 brackets (3, 2 rungs)"]),
    ("Determined", "modes", ".yaml", DETERMINED % "adaptive_asha, max_trials: 64, mode: fast" + VARIED, ["error:", "aggressive, standard, conservative"]),
    ("Determined", "ASHA rule", ".yaml", DETERMINED % "async_halving, num_rungs: 2, max_trials: 9, divisor: 3" + VARIED, ["reduction_factor = 3", "grace_period = 21", "train unequally long, no heatmap"]),
    ("Determined", "length", ".yaml", RANDOM.replace("max_length: {epochs: 64}", "time_metric: epochs, max_time: 5") + VARIED, ["epochs 5"]),
    ("Determined", "length", ".yaml", RANDOM.replace("epochs", "batches") + VARIED, ["max_length counts batches: 64, so epochs=… is yours to say"]),
    ("Determined", "length", ".yaml", DETERMINED % "adaptive_asha, max_trials: 9, stop_once: true" + VARIED, ["stop_once has no counterpart"]),
    ("Determined", "2020 forms", ".yaml", RANDOM.replace("max_length: {epochs: 64}", "max_steps: 20") + VARIED, ["max_steps of 20 counts steps of batches"]),
    ("Determined", "2020 forms", ".yaml", RANDOM.replace("random, max_trials: 7", "adaptive, step_budget: 900, target_trial_steps: 80, train_stragglers: true").replace(", max_length: {epochs: 64}", "") + VARIED,
     ["target_trial_steps of 80 counts steps", "a budget of 900 pays for", "train_stragglers has no counterpart"]),
    ("Determined", "2020 forms", ".yaml", DETERMINED % "pbt" + VARIED, ["error:", "pbt changes hyperparameters while it trains"]),
    ("Determined", "warm start", ".yaml", DETERMINED % "random, max_trials: 7, source_trial_id: 3" + VARIED, ["source_trial_id: nothing here begins with another's weights"]),
    ("Determined", "seed", ".yaml", RANDOM + VARIED + "reproducibility: {experiment_seed: 3}", ["seed = 3", "experiment_seed fixes what is drawn here"]),
    ("Determined", "restarts, checkpoints", ".yaml", RANDOM + VARIED + "max_restarts: 5\ncheckpoint_storage: {save_trial_best: 1}\nentrypoint: m:T", ["nothing here: checkpoint_storage, entrypoint, max_restarts"]),

    ("Hydra", "a,b,c and choice", ".yaml", HYDRA + "1,2.5,x,true,null", ["a one of 1, 2.5, x, true, none"]),
    ("Hydra", "a,b,c and choice", ".yaml", HYDRA + "choice(8,'8')", ["a one of 8, 8"]),
    ("Hydra", "interval", ".yaml", HYDRA + "interval(1,4)", ['"kind": "float"', '"low": 1.0, "high": 4.0']),
    ("Hydra", "interval", ".yaml", HYDRA + "int(interval(1,4))", ['"kind": "int"', '"low": 1, "high": 4']),
    ("Hydra", "tag(log, …)", ".yaml", HYDRA + "tag(log,int(interval(1,64)))", ["a 1 to 64, log"]),
    ("Hydra", "tag(log, …)", ".yaml", HYDRA + "tag(mine,interval(0,1))", ["a 0 to 1", "the tag 'mine' means nothing here"]),
    ("Hydra", "range", ".yaml", HYDRA + "range(1,5)", ["a 1 to 5, step 1", "tries its stop as well"]),
    ("Hydra", "range", ".yaml", HYDRA + "range(0,1,step=0.25)", ["a 0 to 1, step 0.25"]),
    ("Hydra", "range", ".yaml", HGRID + "range(1,5)", ["a 1 to 4, step 1"]),
    ("Hydra", "range", ".yaml", "hydra: {sweeper: {params: {a: 'range(1,5)'}}}", ["a 1 to 4, step 1", 'method = "grid"']),
    ("Hydra", "shuffle(range)", ".yaml", HYDRA + "shuffle(range(1,4))", ["a one of 1, 2, 3"]),
    ("Hydra", "shuffle(range)", ".yaml", HYDRA + "sort(choice(3,1,2),reverse=true)", ["a one of 3, 2, 1"]),
    ("Hydra", "grid sampler", ".yaml", HGRID + "range(0,10,3)", ["a 0 to 6, step 3", "leaves out 9, which its documentation has"]),
    ("Hydra", "grid sampler", ".yaml", HGRID + "int(interval(1,4))", ["a 1 to 3, step 1", "leaves out 4, the end"]),
    ("Hydra", "grid sampler", ".yaml", HGRID + "interval(0,1)", ["error:", "needs listed values"]),
    ("Hydra", "grid sampler", ".yaml", HGRID + "range(0,30)", ["of the grid's 30 cells Hydra tries n_trials = 20"]),
    ("Hydra", "casts", ".yaml", HYDRA + "str(1,true)", ["a one of 1, true"]),
    ("Hydra", "casts", ".yaml", HYDRA + "float(range(1,3))", ['"kind": "float"', "a 1 to 3, step 1"]),
    ("Hydra", "casts", ".yaml", HYDRA + "str(interval(0,1))", ["error:", "Intervals cannot be cast to str"]),
    ("Hydra", "glob on groups", ".yaml", HYDRA.replace("a: ", "model: ") + "glob(*,exclude=[r*,m*])", ["model.name one of linear, conv"]),
    ("Hydra", "glob on groups", ".yaml", HYDRA + "glob(*)", ["error:", "only ours are known"]),
    ("Hydra", "keys", ".yaml", HYDRA.replace("a: ", "+a: ") + "1,2\n      ++b: 3", ["a one of 1, 2", "b 3"]),
    ("Hydra", "keys", ".yaml", HYDRA.replace("a: ", "~a: ") + "null", ["error:", "there is no a to take out"]),
    ("Hydra", "keys", ".yaml", HYDRA.replace("a: ", "a@b: ") + "1,2", ["error:", "a package (@)"]),
    ("Hydra", "quotes, escapes", ".json", r'{"hydra": {"sweeper": {"n_trials": 3, "params": {"a": "\"x, y\",z\\,w,[1,2]"}}}}', ["a one of x, y, z,w, [1, 2]"]),
    ("Hydra", "sweeper keys", ".yaml", HYDRA + "1,2", ['sampler = "tpe"', "trials = 20", "max_concurrent = 2", 'mode = "min"']),
    ("Hydra", "sweeper keys", ".yaml", HYDRA + "1,2\n    direction: maximize\n    n_jobs: 3\n    max_failure_rate: 0.1", ['mode = "max"', "n_jobs = 3", "max_failure_rate: trainings that fail"]),
    ("Hydra", "sweeper keys", ".yaml", HYDRA + "1,2\n    direction: [minimize, maximize]", ["error:", "several directions"]),
    ("Hydra", "sweeper keys", ".yaml", HYDRA.replace("}]", "}, {override hydra/sweeper/sampler: motpe}]") + "1,2", ["error:", "motpe", "Hydra took it out"]),
    ("Hydra", "sweeper keys", ".yaml", HYDRA + "1,2\n    sampler: nsgaii", ["error:", "no genetic sampler"]),
    ("Hydra", "sweeper keys", ".yaml", HYDRA + "1,2\n    custom_search_space: m.f", ["error:", "custom_search_space", "never imported or called"]),
    ("Hydra", "reruns", ".yaml", HYDRA + "1,2\n    storage: sqlite:///a.db\n    study_name: s", ["run again, Hydra adds n_trials", 'study_name = "s"']),
    ("Hydra", "objective", ".yaml", HYDRA + "1,2", ["what the program returns has no name", 'metric = "valid_loss"']),
    ("Hydra", "old form", ".yaml",
     "hydra: {sweeper: {search_space: {a: {type: int, low: 1, high: 9, step: 2}, b: {type: categorical, choices: [x, y]}, c: {type: float, low: 0.1, high: 1, log: true}}}}",
     ["a 1 to 9, step 2", "b one of x, y", "c 0.1 to 1, log", "of Hydra 1.0 to 1.2"]),

    ("asme", "notation", ".json", '{"m": {"a": {"hyper_opt": {"suggest": "int", "params": {"low": 1, "high": 4}}}}}', ["m.a 1 to 4"]),
    ("asme", "notation", ".yaml", "m: {a: {hyper_opt: {suggest: int, params: {low: 1, high: 4}}}, b: 3}", ["m.a 1 to 4", "m.b 3"]),
    ("asme", "notation", ".json5", "{a: {hyper_opt: {suggest: 'categorical', params: {choices: [1, 2,],},},}, /* c */}", ["a one of 1, 2"]),
    ("asme", "notation", ".jsonnet", "local a = 1; {a: a}", ["error:", "jsonnet's local"]),
    ("asme", "suggest", ".yaml", SIX % "float, params: {low: 0.1, high: 0.5, step: 0.1}", ["a 0.1 to 0.5, step 0.1"]),
    ("asme", "suggest", ".yaml", SIX % "int, params: {low: 1, high: 64, log: true}", ["a 1 to 64, log"]),
    ("asme", "suggest", ".yaml", SIX % "uniform, params: {low: 1, high: 4}", ['"kind": "float"', "a 1 to 4"]),
    ("asme", "suggest", ".yaml", SIX % "loguniform, params: {low: 0.1, high: 4}", ["a 0.1 to 4, log"]),
    ("asme", "suggest", ".yaml", SIX % "discrete_uniform, params: {low: 0, high: 1, q: 0.25}", ["a 0 to 1, step 0.25"]),
    ("asme", "suggest", ".yaml", SIX % "normal, params: {low: 1, high: 4}", ["error:", "suggest = 'normal': not one of those"]),
    ("asme", "dependency, older form", ".yaml", f"{{h: {{hyper_opt: {{{INT}}}}}, d: {{hyper_opt: {{{INT}, depends_on: h, dependency: multiply}}}}}}", ["d 1 to 4, times h"]),
    ("asme", "dependency, HEAD form", ".yaml", TWO % "multiply, on: m.h", ["m.d 1 to 4, times m.h"]),
    ("asme", "dependency, HEAD form", ".yaml", TWO % "add, on: m.h", ["error:", "multiply, optimize_iff"]),
    ("asme", "multiply", ".yaml", TWO % "multiply, on: m.h", ["m.d is what the model gets, times m.h; Optuna's own store has the factor"]),
    ("asme", "optimize_iff", ".yaml", TWO % "optimize_iff, on: m.h, conditions: [{type: equal, compare_value: 2}]", ["m.d 1 to 4, when m.h is 2", "elsewhere asme hands null to the model"]),
    ("asme", "optimize_iff", ".yaml", TWO % "optimize_iff, on: m.h, conditions: [{type: equal, compare_value: 2}, {type: equal, compare_value: 3}]", ["m.d none", "is always null: m.h is never 2 and 3"]),
    ("asme", "optimize_iff", ".yaml", TWO % "optimize_iff, on: m.h, conditions: [{type: less, compare_value: 2}]", ["error:", "'less': not one of those; allowed: equal"]),
    ("asme", "what may be depended on", ".yaml", TWO % "multiply, on: zz", ["error:", "dependency.on = 'zz': no such hyper_opt"]),
    ("asme", "what may be depended on", ".yaml", (TWO % "multiply, on: c").replace("{m: {", "{m: {c: 3, "), ["error:", "a plain value"]),
    ("asme", "what may be depended on", ".yaml", TWO % "multiply, on: m.d", ["error:", "in a circle"]),
    ("asme", "what may be depended on", ".yaml", (TWO % "multiply, on: m.h").replace(INT, "suggest: categorical, params: {choices: [1, null]}", 1), ["error:", "m.h may be None, which is no factor"]),
    ("asme", "where it is looked for", ".yaml", f"l: [{{hyper_opt: {{{INT}}}}}]", ["l.0 1 to 4", "asme itself finds hyper_opt in maps only"]),
    ("asme", "where it is looked for", ".yaml", f"a: {{hyper_opt: {{{INT}}}, b: 1}}", ["error:", "a.b: beside hyper_opt, where asme drops it or not by their order"]),
    ("asme", "docs examples differ", ".yaml", TWO % "multiply, on: module.m.h", ["m.d 1 to 4, times m.h", "m.d depends on module.m.h, which is m.h here"]),
    ("asme", "docs examples differ", ".yaml", TWO % "multiply, on: h", ["m.d depends on h, which is m.h here; asme wants the whole name"]),
    ("asme", "verbs", ".yaml", f"a: {{hyper_opt: {{{INT}}}}}", ['method = "optuna", trials = 20', "the direction, maximize"]),

    ("W&B", "values, value", ".yaml", WANDB + "  a: {values: [1, 2]}\n  b: {value: 3}", ["a one of 1, 2", "b 3"]),
    ("W&B", "values, value", ".yaml", WANDB + "  a: {values: [1, 2], probabilities: [0.1, 0.9]}", ["1 (0.1), 2 (0.9)"]),
    ("W&B", "values, value", ".yaml", WGRID + "  a: {values: [1, 2], probabilities: [0.1, 0.9]}", ["error:", "a disallowed type with grid search"]),
    ("W&B", "min, max", ".yaml", WANDB + "  a: {min: 1, max: 4}", ['"kind": "int"', "a 1 to 4"]),
    ("W&B", "min, max", ".yaml", WANDB + "  a: {min: 0, max: 1.0}", ['"kind": "float"', "a 0 to 1"]),
    ("W&B", "log_uniform", ".yaml", WANDB + "  a: {distribution: log_uniform, min: 0, max: 2}", ["a 1 to 7.38906, log", "exponents of e"]),
    ("W&B", "log_uniform_values", ".yaml", WANDB + "  a: {distribution: log_uniform_values, min: 0.001, max: 1}", ["a 0.001 to 1, log"]),
    ("W&B", "log_uniform_values", ".yaml", WANDB + "  a: {distribution: log_uniform_values, min: 0, max: 1}", ["error:", "a.min = 0: not greater than 0"]),
    ("W&B", "inv_log_uniform", ".yaml", WANDB + "  a: {distribution: inv_log_uniform, min: 0, max: 2}", ["a 0.135335 to 1, log"]),
    ("W&B", "inv_log_uniform", ".yaml", WANDB + "  a: {distribution: inv_log_uniform_values, min: 0.01, max: 1}", ["a 0.01 to 1, log"]),
    *[("W&B", "q_ forms", ".yaml", WANDB + f"  a: {{distribution: {law}, {keys}}}", [says])
      for law, keys, says in [
          ("q_uniform", "min: 0, max: 10", "uniform, 0 to 10, rounded to multiples of 1"),
          ("q_log_uniform", "min: 0, max: 3, q: 2", "loguniform, 1 to 20.0855, rounded to multiples of 2"),
          ("q_log_uniform_values", "min: 1, max: 64, q: 8", "loguniform, 1 to 64, rounded to multiples of 8"),
          ("q_normal", "sigma: 3, q: 0.5", "normal, mu 0, sigma 3, rounded to multiples of 0.5"),
          ("q_log_normal", "mu: 3", "lognormal, mu 3, sigma 1, rounded to multiples of 1"),
          ("q_beta", "a: 2, q: 0.1", "beta, a 2, b 1, rounded to multiples of 0.1"),
      ]],
    ("W&B", "normal, log_normal, beta", ".yaml", WANDB + "  a: {distribution: normal}\n  b: {distribution: beta}", ["a normal, mu 0, sigma 1", "b beta, a 1, b 1", "a is normal, which has no bounds"]),
    ("W&B", "normal, log_normal, beta", ".yaml", WGRID + "  a: {distribution: log_normal}", ["error:", "'log_normal': a disallowed type with grid search"]),
    ("W&B", "nested", ".yaml", WANDB + "  o: {parameters: {lr: {values: [1, 2]}}}", ["o.lr one of 1, 2"]),
    ("W&B", "grid", ".yaml", WGRID + "  a: {distribution: q_uniform, min: 0, max: 4, q: 2}", ["a one of 0, 2 search", "the grid ends before max, 4"]),
    ("W&B", "grid", ".yaml", WGRID + "  b: {min: 1, max: 3}\n  a: {values: [7, 5]}", ["a one of 7, 5 b 1 to 3, step 1"]),
    ("W&B", "grid", ".yaml", WGRID + "  a: {min: 0.0, max: 3.0}", ["error:", "a disallowed type with grid search"]),
    ("W&B", "resume of a grid", ".yaml", WGRID + "  a: {values: [3, 3.0, 4]}", ["a one of 3, 4"]),
    ("W&B", "metric", ".yaml", WVARIED.replace(", goal: maximize", ""), ['mode = "min"', "metric.goal is left out, and minimize where it is"]),
    ("W&B", "metric", ".yaml", WVARIED.replace("maximize", "maximize, target: 0.9, impute: worst"), ['mode = "max"', "metric.target, 0.9", "metric.impute worst"]),
    ("W&B", "early_terminate", ".yaml", WVARIED + "early_terminate: {type: hyperband, min_iter: 3}", ['scheduler = "asha", grace_period = 3, reduction_factor = 3']),
    ("W&B", "early_terminate", ".yaml", WVARIED + "early_terminate: {type: hyperband, max_iter: 27, s: 2, strict: false}", ["grace_period = 3", "strict is true where it is left out by W&B's schema"]),
    ("W&B", "early_terminate", ".yaml", WVARIED + "early_terminate: {type: hyperband}", ["error:", "needs min_iter, or max_iter with s"]),
    ("W&B", "newer", ".yaml", WVARIED.replace("random", "custom") + "scheduler: {engine: optuna}", ['method = "optuna"', "its scheduler is Optuna"]),
    ("W&B", "newer", ".yaml", WVARIED.replace("random", "custom") + "scheduler: {engine: ax}", ["error:", "Ax is not to be had here"]),
    ("W&B", "newer", ".yaml", WVARIED + "metrics: [{name: a}, {name: b}]", ["error:", "metrics: several objectives"]),
    ("W&B", "newer", ".yaml", WVARIED.replace("random", "custom") + "scheduler: {engine: optuna}\nearly_terminate: {type: hyperband, min_iter: 3}", ["error:", "cannot be used together with early_terminate"]),
    ("W&B", "others", ".yaml", WVARIED + "program: t.py\nproject: p\ncommand: [a]\ncontroller: {type: local}\nimage_uri: i", ["nothing here: program, image_uri, project, controller, command"]),
    ("W&B", "others", ".yaml", WVARIED + "run_cap: 5", ["trials = 5"]),
    ("W&B", "others", ".yaml", WVARIED + "methods: grid", ["error:", "methods = 'grid': additional properties are not allowed"]),
    ("W&B", "parameter names", ".yaml", WANDB + "  1a: {values: [1, 2]}", ["error:", "1a"]),
    ("W&B", "parameter names", ".yaml", WANDB + "  _a.b-2: {values: [1, 2]}", ["_a.b-2 one of 1, 2"]),
    ("W&B", "parameter names", ".yaml", WANDB.removesuffix("\n") + " {}", ["error:", "not a map of at least one parameter"]),
    ("W&B", "parameter names", ".yaml", WANDB + "  a: {min: 1, max: 2, values: [1]}", ["error:", "additional properties"]),
]  # fmt: skip

ANY = ("data=digits", "model=linear", "epochs=1")
CR = ("model=mlp", "data=regression", "+data.data_dir=arrays")
SWEPT = (*CR, "hparams_search=optuna", "model.architecture=choice(3, 6)")
LINES = [
    ("Hydra", "keys", (*ANY, "+hidden_size=4,8", "++dropout=0.1"), ["model.hidden_size one of 4, 8"]),
    ("Hydra", "keys", (*ANY, "hidden_size=4,8", "~hidden_size", "dropout=0,0.1"), ["model.dropout one of 0, 0.1"]),
    ("Hydra", "keys", (*ANY, "hidden_size=4", "~hidden_size=8"), ["error:", "model.hidden_size is 4|hidden_size is 4"]),
    ("Hydra", "keys", (*ANY, "+epochs=3"), ["error:", "epochs is there already, and + adds what is not"]),
    ("Hydra", "keys", (*ANY, "model@x=linear"), ["error:", "a package (@)"]),
    ("Hydra", "quotes, escapes", (*ANY, "name='a b'"), ["error:", "name"]),
    ("Hydra", "precedence", (*ANY, "hydra.sweeper.params.hidden_size=4,8", "hidden_size=8,16"), ["model.hidden_size one of 8, 16"]),
    ("Hydra", "precedence", (*ANY, "hydra.sweeper.params.hidden_size=4", "hidden_size=8,16"), ["error:", "in Hydra the fixed one would win without a word"]),
    ("Hydra", "precedence", (*ANY, "hidden_size=8,16", "model.hidden_size=4"), ["error:", "a sweep and a fixed value (hidden_size=8,16)"]),
    ("Hydra", "sweeper keys", (*ANY, "hidden_size=4,8", "hydra/sweeper=optuna", "hydra.sweeper.n_trials=2"), ["method optuna", "trials 2"]),
    ("Hydra", "grid sampler", (*ANY, "hidden_size=range(4,8)", "hydra/sweeper/sampler=grid", "hydra.sweeper.n_trials=2"),
     ["method grid", "model.hidden_size 4 to 7, step 1", "n_trials=2: of a grid Hydra tries so many cells at the most; here all"]),
    ("Hydra", "grid sampler", (*ANY, "hidden_size=4,8", "hydra.sweeper.sampler._target_=optuna.samplers.GridSampler", "hydra.sweeper.n_trials=1"),
     ["method grid", "n_trials=1: of a grid"]),
    ("Crescendo", "verb", (*SWEPT, "callbacks=none", "extras=default", "paths=default", "trainer=gpu"), ["callbacks concerns Crescendo, and nothing here", "trainer concerns"]),
    ("Crescendo", "verb", (*SWEPT, "seed=-1"), ["seeds [0, 1, 2, 3, 4]", "trains without a seed"]),
    ("Crescendo", "verb", (*SWEPT, "seed=7"), ["seeds [7]"]),
    ("Crescendo", "verb", (*SWEPT, "experiment=mine"), ["error:", "experiment of Crescendo is not taken over: a file of settings that is not here"]),
    ("Crescendo", "sweep preset", SWEPT, ["method optuna", "sampler tpe", "seed 1234", "trials 20", "mode min", "max_concurrent 1", "n_startup_trials"]),
    ("Crescendo", "sweep preset", SWEPT[:-1], ["error:", "nothing varies"]),
    ("Crescendo", "renamed key", (*SWEPT, "data.dataloader_kwargs.batch_size=32,64"), ["data.batch_size one of 32, 64"]),
    ("Crescendo", "renamed key", (*SWEPT, "data.batch_size=32,64"), ["data.batch_size one of 32, 64"]),
    ("Crescendo", "data folder", SWEPT, ["data.name arrays", "data.task regression", "data.path arrays"]),
    ("Crescendo", "data folder", (*SWEPT, "data.production_mode=True"), ["error:", "what trains on all rows has none left to compare on"]),
    ("Crescendo", "data options", (*SWEPT, "data.normalize_inputs=False"), ["data.scale none", "data.batch_size 64"]),
    ("Crescendo", "data options", (*SWEPT, "data.dataloader_kwargs.drop_last=False"), ["drop_last concerns Crescendo, and nothing here"]),
    ("Crescendo", "data options", (*SWEPT, "data.feature_select=0:200"), ["error:", "the arrays are read whole"]),
    ("Crescendo", "data options", (*SWEPT, "data.ensemble_split_index=3"), ["error:", "folds=20 trains every split"]),
    ("Crescendo", "data options", ("model=mlp", "data=california_housing", "hparams_search=optuna"), ["error:", "data=california_housing of Crescendo is not taken over"]),
    ("Crescendo", "MLP architecture", (*CR, "model.architecture=[8,4]"), ["model.architecture [8, 4]"]),
    ("Crescendo", "MLP architecture", (*CR, "model.architecture=3"), ["model.architecture 3"]),
    ("Crescendo", "MLP architecture", CR, ["model.architecture [7, 5, 3]"]),
    ("Crescendo", "MLP architecture", (*CR, "model.architecture={neurons_range: [3, 10], ramp_std: 1.0}"), ["error:", "widths that chance chooses"]),
    ("Crescendo", "MLP options", (*SWEPT, "model.last_activation={_target_: torch.nn.Sigmoid}", "model.batch_norm=False", "model.dropout=0.1"), ["model.last_activation sigmoid", "model.norm none", "model.dropout 0.1"]),
    ("Crescendo", "MLP options", (*SWEPT, "model.last_activation={_target_: os.system}"), ["error:", "'os.system' is never imported or called; known: torch.nn.ReLU"]),
    ("Crescendo", "MLP options", SWEPT, ["model.norm batch", "batch norm comes after the activation, here before it"]),
    ("Crescendo", "training", SWEPT, ["optimizer.lr 0.001", "schedule.name plateau", "schedule.factor 0.95", "schedule.patience 10", "epochs 10", "Crescendo stops early"]),
    ("Crescendo", "training", (*SWEPT, "model.optimizer.log10_lr=interval(-4,-2)"), ["optimizer.lr 0.0001 to 0.01, log"]),
    ("Crescendo", "training", (*SWEPT, "model.optimizer.lr=0.1", "model.optimizer.log10_lr=-2"), ["error:", "Crescendo takes one of them"]),
    ("Crescendo", "objective", SWEPT, ["metric valid_loss"]),
    ("Crescendo", "loggers", (*SWEPT, "logger=wandb"), ["logger concerns Crescendo, and nothing here"]),
    ("Crescendo", "debug presets", (*SWEPT, "debug=fdr"), ["error:", "debug of Crescendo is not taken over"]),
]  # fmt: skip


def named(rows):
    return [f"{system}: {feature}" for system, feature, *_ in rows]


def check(says, refused, said):
    assert ("error:" in says) == refused, said
    for words in says:
        assert words == "error:" or any(one in said for one in words.split("|")), (words, said)


@pytest.mark.parametrize(("suffix", "text", "says"), [row[2:] for row in ROWS], ids=named(ROWS))
def test_of_a_file(tmp_path, suffix, text, says):
    file = tmp_path / f"sweep{suffix}"
    file.write_text(text, encoding="utf-8")
    json = any('": ' in words for words in says)  # which has types, and not only bounds
    asked = [("space", str(file)), *([("space", str(file), "--json")] if json else [])]
    done = [CliRunner().invoke(app, list(one)) for one in asked]
    assert {one.exit_code for one in done} in ({0}, {2})
    said = " ".join(" ".join(one.output.split()) for one in done)
    check(says, done[0].exit_code == 2, said)


@pytest.mark.parametrize(("line", "says"), [row[2:] for row in LINES], ids=named(LINES))
def test_of_a_line(line, says):
    try:
        study = Study.load(None, line)
    except InterplayError as error:
        check(says, True, " ".join(str(error).split()))
        return
    space = [f"{name} {study.space.told(name)}" for name in study.space.domains]
    search = [f"{key} {value}" for key, value in study.search.flat().items()]
    settings = [f"epochs {study.epochs}", f"seeds {study.seeds}"]
    check(says, False, "\n".join([*space, *search, *settings, *study.told]))


def test_every_feature_has_a_row_and_every_row_is_of_a_feature():
    assert set(named(ROWS + LINES)) == {
        f"{system}: {feature}" for system, features in FEATURES.items() for feature in features
    }
