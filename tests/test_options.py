"""Options of a user's own function: what a file can write reaches it as its annotations ask."""

from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Annotated, Literal

import pydantic
import pytest
from pydantic import Field

from interplay import options as options_module
from interplay.errors import StudyError
from interplay.identity import canonical
from interplay.options import arguments_of, options_of
from interplay.study.study import Study


class Colour(Enum):
    RED = "red"
    TWO = 2


@dataclass
class Size:
    width: int
    height: float = 1.0


def build(
    sizes: tuple[int, ...] = (8, 16),
    folder: Path = Path("here"),
    colour: Colour = Colour.RED,
    kind: Literal["a", 1] = "a",
    size: Size = Size(3),
    names: frozenset[str] = frozenset({"x", "y", "z"}),
    rate: Annotated[float, Field(gt=0)] = 1.0,
    count: int | None = None,
    anything=3,
    **more,
):
    return locals()


OPTIONS = options_of(build).by_name


@pytest.mark.parametrize(
    ("name", "written", "held", "called"),
    [
        ("sizes", [4, 2], [4, 2], (4, 2)),
        ("folder", "a/b", "a/b", Path("a/b")),
        ("colour", "red", "red", Colour.RED),
        ("colour", 2, 2, Colour.TWO),
        ("kind", 1, 1, 1),
        ("size", {"width": 2}, {"width": 2, "height": 1.0}, Size(2)),
        ("names", ["b", "a"], ["a", "b"], frozenset({"a", "b"})),
        ("rate", 2, 2.0, 2.0),
        ("count", None, None, None),
        ("anything", [1], [1], [1]),
    ],
)
def test_a_value_is_held_as_a_file_has_it_and_given_as_annotated(name, written, held, called):
    option = OPTIONS[name]
    assert option.read(written) == held
    assert type(option.read(written)) is type(held)
    argument = option.argument(option.read(written))
    assert argument == called
    assert type(argument) is type(called)


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("sizes", ["4"]),
        ("sizes", [4.0]),
        ("folder", 3),
        ("colour", "blue"),
        ("colour", "2"),
        ("kind", "1"),
        ("size", {"width": "2"}),
        ("rate", "2"),
        ("rate", 0),
        ("count", True),
        ("count", 1.0),
    ],
)
def test_numbers_and_words_are_not_taken_for_each_other(name, written):
    with pytest.raises(ValueError):
        OPTIONS[name].read(written)


def test_a_default_is_the_same_cell_as_its_value_written_out():
    for name, option in OPTIONS.items():
        assert option.read(option.plain_default) == option.plain_default, name
        assert option.argument(option.plain_default) is option.default, name


def test_the_function_gets_what_it_names_and_a_value_wins():
    given = {"rate": 9.0, "unheard": 1, "folder": "given"}
    found = build(**arguments_of(lambda rate, folder: 0, {"folder": "f", "extra": [1]}, given))
    assert (found["rate"], found["folder"], found["more"]) == (9.0, "f", {"extra": [1]})


def test_a_builder_of_such_types_works_from_file_to_network(tmp_path):
    (tmp_path / "typed_net.py").write_text(
        "from enum import Enum\nfrom pathlib import Path\nfrom torch import nn\n"
        "class Act(Enum):\n    RELU = 'relu'\n    TANH = 'tanh'\n"
        "def net(input_shape, num_outputs, sizes: tuple[int, ...] = (4,), act: Act = Act.RELU,\n"
        "        folder: Path = Path('.')):\n"
        "    assert isinstance(sizes, tuple) and folder.name is not None\n"
        "    one = {Act.RELU: nn.ReLU, Act.TANH: nn.Tanh}[act]\n"
        "    return nn.Sequential(nn.Flatten(), nn.Linear(64, sizes[0]), one(), nn.Linear(sizes[0], 10))\n"
    )
    from interplay.data.load import load_dataset
    from interplay.models.factory import build_model
    from interplay.training.members import section

    study = Study(
        name="typed",
        epochs=1,
        folders=[tmp_path],
        data={"name": "digits"},
        model={
            "builder": "typed_net:net",
            "sizes": [[3], [5]],
            "act": ["tanh", "relu"],
            "folder": "weights",
        },
    )
    spec = load_dataset({"name": "digits"}).spec("image")
    built = [build_model(section(c, "model"), spec, study.folders) for c in study.cells()]
    assert [len(model[1].weight) for model in built] == [3, 3, 5, 5]
    assert [type(model[2]).__name__ for model in built] == ["Tanh", "ReLU", "Tanh", "ReLU"]


ODD = """
{future}
from collections.abc import Callable
from pathlib import Path
from torch import dtype, float32, nn, relu
from torch.nn import functional as F

class Net(nn.Module):
    def __init__(self, num_outputs, *, act: Callable = F.relu, kind: type[nn.Module] = nn.ReLU,
                 sizes: tuple[int, ...] = (4,), folder: Path = Path("."), bare=relu, exact: dtype = float32):
        super().__init__()
        assert callable(act) and issubclass(kind, nn.Module) and callable(bare)
        assert isinstance(sizes, tuple) and isinstance(folder, Path)
        self.layer = nn.Linear(64, num_outputs)
    def forward(self, x):
        return self.layer(x.flatten(1))
"""


@pytest.mark.parametrize("future", ["", "from __future__ import annotations"])
def test_defaults_that_no_file_can_write_stay_the_functions_own(tmp_path, future):
    """A class as a builder, too, whose annotations are names where it is written."""
    from interplay.study.starter import write_study
    from interplay.tuning.plan import make_plan
    from interplay.tuning.preflight import preflight

    module = f"odd_defaults_{len(future)}"
    (tmp_path / f"{module}.py").write_text(ODD.format(future=future))

    def study(**model):
        tables = {"data": {"name": "digits"}, "model": {"builder": f"{module}:Net", **model}}
        return Study(name="s", epochs=1, seeds=1, folders=[tmp_path], **tables)

    plan = make_plan(study(sizes=[[3], [4]], folder="a"))
    found = preflight(plan.cells, plan.datasets, plan.study.folders)
    assert [built.reason for built in found] == [None, None]
    with pytest.raises(StudyError, match=r"model\.act = 'relu': input should be callable"):
        study(act="relu")
    file = write_study("odd", model=f"{module}:Net", folder=tmp_path)
    assert "# act = …" in file.read_text(encoding="utf-8")
    Study.load(file)
    # Of a function its name is kept: where it lies differs from process to process.
    assert " at 0x" not in canonical(plan.cells[0]["model.act"])
    assert " at 0x" not in canonical(plan.cells[0]["model.bare"])


def test_resolving_cells_makes_no_adapter_again(make_study, monkeypatch):
    study = make_study(model={"dropout": {"low": 0.0, "high": 0.8, "count": 9}})
    study.cells()
    made = []

    def adapter(annotation):
        made.append(annotation)
        return pydantic.TypeAdapter(annotation)

    monkeypatch.setattr(options_module, "TypeAdapter", adapter)
    assert len(study.cells()) == 18
    assert made == []
