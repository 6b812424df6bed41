"""The user's own code: of the study's beginning, in nobody's place, and with its mistakes named."""

import pickle
import subprocess
import sys
from dataclasses import replace

import pytest

from interplay import usercode
from interplay.data.load import load_dataset
from interplay.errors import DataError, InterplayError, StudyError
from interplay.study.study import Study
from interplay.table.arrow import rows_table
from interplay.training.function import FunctionRun
from interplay.training.running import finish
from interplay.tuning.packs import Pack, pack_up
from interplay.tuning.plan import make_plan
from interplay.tuning.preflight import preflight
from interplay.tuning.worker import Context, PackTrainable, Target
from interplay.usercode import AsBegun, load_function, source_digest


def trial(folder, code, name, **top):
    (folder / f"{name}.py").write_text(code)
    return Study(
        name="own",
        folders=[folder],
        trial={"function": f"{name}:train", **top.pop("trial", {})},
        search={"metric": "value", "mode": "max", "method": "single"},
        **{"seeds": 3, **top},
    )


def worker_of(study, plan):
    packs = [Pack((member,), "function") for member in plan.members]
    folders = AsBegun(study.folders, plan.sources)
    target = Target("value", "max", "mean")
    context = pickle.loads(pickle.dumps(Context(packs, {}, folders, "cpu", 1, target)))
    worker = object.__new__(PackTrainable)
    worker.setup({"pack": 0}, context=context)
    return worker


def train(worker, number):
    worker.reset_config({"pack": number})
    return worker.step()["rows"][0]


ONE = "def train(seed):\n    for _ in range(3):\n        yield {'value': 1.0}\n"


def test_code_edited_before_a_worker_loads_it_fails_the_member(tmp_path):
    study = trial(tmp_path, ONE, "edited_early")
    plan = make_plan(study)
    (tmp_path / "edited_early.py").write_text(ONE.replace("1.0", "999.0"))
    worker = worker_of(study, plan)
    row = train(worker, 0)
    assert row.status == "failed"
    assert "'edited_early' changed while the study ran" in row.error
    (tmp_path / "edited_early.py").write_text(ONE)
    assert train(worker, 1).curves == {"value": [1.0] * 3}


def test_code_edited_later_is_not_read_again(tmp_path, monkeypatch):
    study = trial(tmp_path, ONE, "edited_late")
    plan = make_plan(study)
    worker = worker_of(study, plan)
    assert train(worker, 0).curves == {"value": [1.0] * 3}
    (tmp_path / "edited_late.py").write_text(ONE.replace("1.0", "999.0"))
    read = []
    monkeypatch.setattr(usercode, "_sources", lambda *args: read.append(args) or {})
    assert train(worker, 1).curves == {"value": [1.0] * 3}
    assert read == []


MIXES = """
from torch import nn
class Net(nn.Module):
    def __init__(self, width, num_outputs):
        super().__init__()
        self.layers = nn.Sequential(nn.Flatten(), nn.Linear(64, width), nn.Linear(width, num_outputs))
    def forward(self, x):
        return self.layers(x - x.mean(0))
"""


def test_what_decides_how_a_cell_trains_is_the_code_that_trains_it(tmp_path):
    """Also of cells that a search comes to after the file was edited."""
    (tmp_path / "edited_net.py").write_text(MIXES)
    study = Study(
        name="own",
        epochs=1,
        seeds=1,
        folders=[tmp_path],
        data={"name": "digits"},
        model={"builder": "edited_net:Net", "width": [4, 5]},
    )
    plan = make_plan(study)
    first, second = ([m] for m in plan.members)
    assert [pack.engine for pack in pack_up(plan, first, 1)[0]] == ["reference"]
    (tmp_path / "edited_net.py").write_text(MIXES.replace(" - x.mean(0)", ""))
    assert [pack.engine for pack in pack_up(plan, second, 1)[0]] == ["reference"]
    # Of a plan made before the edit nothing was loaded yet: its keys are the old code's.
    with pytest.raises(InterplayError, match="'edited_net' changed while the study ran"):
        pack_up(replace(plan), plan.members, 1)
    assert [pack.engine for pack in pack_up(make_plan(study), plan.members, 1)[0]] == [
        "stacked"
    ] * 2


def test_a_class_of_the_users_own_arrives_in_a_process_without_its_folder(tmp_path):
    (tmp_path / "own_data_class.py").write_text("class Special(dict):\n    pass\n")
    special = load_function("own_data_class:Special", [tmp_path])()
    folders = AsBegun([tmp_path], {})
    context = Context([], {"d": special}, folders, "cpu", 1, Target("m", "max", "mean"))
    (tmp_path / "context.pkl").write_bytes(pickle.dumps(context))
    script = (
        "import pickle, sys\n"
        f"context = pickle.load(open({str(tmp_path / 'context.pkl')!r}, 'rb'))\n"
        "print(type(context.datasets['d']).__name__)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd="/"
    )
    assert done.stdout == "Special\n"


def test_leaving_at_import_is_a_mistake_not_the_end(tmp_path):
    (tmp_path / "leaves_early.py").write_text("import sys\nsys.exit(3)\n")
    with pytest.raises(InterplayError, match=r"SystemExit: 3 \(leaves_early.py, line 2\)"):
        load_function("leaves_early:train", [tmp_path])


@pytest.mark.parametrize("library", ["random", "queue", "numpy"])
def test_a_file_named_like_a_library_takes_nobodys_place(tmp_path, library):
    before = __import__(library)
    (tmp_path / f"{library}.py").write_text("def train(seed):\n    return {'value': 1}\n")
    (tmp_path / "takes_a_place.py").write_text(f"import {library}\ndef train(seed): ...\n")
    for name in ("takes_a_place", library):
        with pytest.raises(InterplayError, match=f"named like the library '{library}'"):
            load_function(f"{name}:train", [tmp_path])
    assert sys.modules[library] is before


def test_a_packages_own_file_is_part_of_the_digest(tmp_path):
    (tmp_path / "own_package").mkdir()
    (tmp_path / "own_package" / "__init__.py").write_text("N = 1\n")
    (tmp_path / "own_package" / "mod.py").write_text("def train(seed): ...\n")
    (tmp_path / "own_module.py").write_text("def train(seed): ...\n")
    before = source_digest("own_package.mod:train", [tmp_path])
    # As it was before packages were looked at: keys of old rows.
    assert source_digest("own_module:train", [tmp_path]) == "80d666618592e9bc"
    (tmp_path / "own_package" / "__init__.py").write_text("N = 2\n")
    assert source_digest("own_package.mod:train", [tmp_path]) != before


def test_a_torchvision_of_another_torch_is_explained(tmp_path):
    (tmp_path / "sees_no_vision.py").write_text(
        "raise RuntimeError('operator torchvision::nms does not exist')\n"
    )
    with pytest.raises(InterplayError, match="torchvision belongs to another torch"):
        load_function("sees_no_vision:net", [tmp_path])


@pytest.mark.parametrize("name", ["error", "seconds", "seed", "status", "epoch", "trial.x"])
def test_a_metric_takes_no_columns_name(tmp_path, name):
    code = f"def train(seed, x=1):\n    return {{{name!r}: 0.25, 'value': 1}}\n"
    study = trial(tmp_path, code, "names_" + name.replace(".", "_"))
    (row, *_) = finish(FunctionRun(make_plan(study).members[0], study.folders))
    assert row.status == "failed"
    assert repr(name) in row.error
    assert "parameters" in row.error


def test_a_functions_own_defaults_stay_where_the_study_has_no_value(tmp_path):
    code = (
        "def train(seed, epochs=10, fold=7, folds=8):\n"
        "    return {'value': epochs, 'f': fold, 'of': folds}\n"
    )
    study = trial(tmp_path, code, "own_defaults")
    (row,) = finish(FunctionRun(make_plan(study).members[0], study.folders))
    assert row.curves == {"value": [10.0], "f": [7.0], "of": [8.0]}
    study = trial(tmp_path, code, "own_defaults", epochs=4, folds=2)
    (row,) = finish(FunctionRun(make_plan(study).members[-1], study.folders))
    assert row.curves == {"value": [4.0], "f": [1.0], "of": [2.0]}


LEAVES = """
import sys
import numpy as np
def load(n=8):
    sys.exit(3)
def build(num_outputs):
    sys.exit("no such licence")
def train(seed):
    sys.exit(4)
"""


def test_leaving_when_called_is_no_end_either(tmp_path):
    """Of the program, or of a worker with all that it has not reported."""
    (tmp_path / "leaves_late.py").write_text(LEAVES)
    with pytest.raises(DataError, match=r"leaves_late:load raised SystemExit: 3"):
        load_dataset({"builder": "leaves_late:load"}, [tmp_path])
    model = {"builder": "leaves_late:build"}
    study = Study(
        name="s", epochs=1, seeds=1, folders=[tmp_path], data={"name": "digits"}, model=model
    )
    plan = make_plan(study)
    (built,) = preflight(plan.cells, plan.datasets, study.folders)
    assert built.reason == "SystemExit: no such licence (leaves_late.py, line 7)"
    study = trial(tmp_path, LEAVES, "leaves_late_too")
    (row,) = finish(FunctionRun(make_plan(study).members[0], study.folders))
    assert (row.status, row.error) == ("failed", "SystemExit: 4")


def test_what_is_raised_is_kept_whatever_signs_it_has(tmp_path):
    code = "def train(seed):\n    raise ValueError('caf\\udce9\\n.csv')\n"
    study = trial(tmp_path, code, "odd_words")
    (row,) = finish(FunctionRun(make_plan(study).members[0], study.folders))
    assert row.error == "ValueError: caf\\udce9 .csv"
    assert rows_table([row])["error"].to_pylist() == [row.error]
    study = trial(tmp_path, "def train(seed):\n    return {'\\udce9': 1}\n", "odd_metric")
    (row,) = finish(FunctionRun(make_plan(study).members[0], study.folders))
    assert "no UTF-8" in row.error


def test_a_function_takes_the_seed_and_no_study_sets_it(tmp_path):
    ok = "def train(seed, x=1):\n    return {'value': x}\n"
    with pytest.raises(StudyError, match=r"trial\.seed = 3: is handed .*seeds at the top"):
        trial(tmp_path, ok, "takes_seed", trial={"seed": 3})
    with pytest.raises(StudyError, match=r"does not take the seed.*an argument seed"):
        trial(tmp_path, ok.replace("seed, ", ""), "takes_none")
    any_name = "def train(**options):\n    return {'value': options['seed']}\n"
    study = trial(tmp_path, any_name, "takes_all")
    (row,) = finish(FunctionRun(make_plan(study).members[-1], study.folders))
    assert row.curves == {"value": [2.0]}


def test_a_loader_is_promised_nothing_that_it_does_not_get(tmp_path):
    (tmp_path / "asks_much.py").write_text(
        "import numpy as np\n"
        "def load(num_outputs, spec=None, n=9):\n"
        "    return np.zeros((n, 4)), np.arange(n) % num_outputs\n"
    )

    def study(**data):
        tables = {"data": {"builder": "asks_much:load", **data}, "model": {"name": "linear"}}
        return Study(name="s", epochs=1, seeds=1, folders=[tmp_path], **tables)

    with pytest.raises(StudyError, match=r"data\.num_outputs: the argument .* needs a value"):
        study()
    assert make_plan(study(num_outputs=3)).dataset(study(num_outputs=3).cells()[0]).num_outputs == 3


def test_what_is_not_there_says_where_was_looked(tmp_path):
    """The study's folder first, then the working folder; of a module that is there, which file."""
    beside, working = tmp_path / "studies", tmp_path / "here"
    for folder in (beside, working):
        folder.mkdir()
    with pytest.raises(InterplayError) as nowhere:
        load_function("nowhere_at_all:make", [beside, working])
    assert f"in {beside}, {working}, and none installed" in str(nowhere.value)
    (working / "in_two_places.py").write_text("def make(): pass")
    (beside / "in_two_places.py").write_text("def made(): pass")
    with pytest.raises(InterplayError) as other:
        load_function("in_two_places:make", [beside, working])
    assert f"({beside / 'in_two_places.py'}) has no 'make'; did you mean 'made'" in str(other.value)
