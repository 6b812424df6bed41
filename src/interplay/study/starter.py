"""`interplay new`: a study file to start from, with what may be set as comments from the registries."""

from __future__ import annotations

import inspect
from pathlib import Path

from interplay.data import DATASETS, DataEntry
from interplay.errors import InterplayError, UnknownNameError
from interplay.models import FAMILIES, Family
from interplay.options import Option
from interplay.study.settings import is_name
from interplay.study.writing import value_text

WIDTHS = {"hidden_size": "[16, 32, 64]", "channels": "[8, 16, 32]"}
"""The option that says how wide a family's networks are, and values to begin with."""
READ_BY = {"sequence": "recurrent", "tokens": "recurrent", "flat": "linear"}
"""The family to begin with, where the dataset has inputs of this kind; else conv."""


def write_study(
    name: str, data: str = "digits", model: str | None = None, folder: Path | None = None
) -> Path:
    """Write `<name>.toml`, a complete study of a family's width and dropout on a dataset.

    Args:
        name: of the study and its file.
        data, model: names of the registries; the family by default suits the dataset.
        folder: where; by default the current one.

    Raises:
        UnknownNameError: a dataset or family that there is not, with the nearest match.
        InterplayError: a name that is no file name, or a file that is there already.
    """
    name = name.removesuffix(".toml")
    if not is_name(name):
        raise InterplayError(
            f"{name!r} is no name of a study: letters, digits, dots, dashes and underscores, "
            "64 at most, without .toml or a folder, and none that Windows keeps for a device"
        )
    for what, given, registry in (("dataset", data, DATASETS), ("model", model, FAMILIES)):
        if given is not None and given not in [entry.name for entry in registry]:
            raise UnknownNameError(what, given, [entry.name for entry in registry])
    entry = next(entry for entry in DATASETS if entry.name == data)
    family = next(f for f in FAMILIES if f.name == (model or _suited(entry)))
    file = (folder or Path()) / f"{name}.toml"
    if file.exists():
        raise InterplayError(f"{file} is there already; choose another name")
    file.write_text(_study(name, entry, family), encoding="utf-8")
    return file


def _suited(entry: DataEntry) -> str:
    kind = entry.shape.partition(" ")[0]
    if entry.name == "digits":
        return "linear"  # small pictures, which a linear network reads in no time
    return READ_BY.get(kind, "linear" if entry.any_task else "conv")


def _study(name: str, entry: DataEntry, family: Family) -> str:
    options = family.options.by_name
    width = next((option for option in WIDTHS if option in options), None)
    varied = {option: WIDTHS[option] for option in (width,) if option}
    if "dropout" in options:
        varied["dropout"] = "{ low = 0.0, high = 0.6, count = 4 }"
    regression = entry.task == "regression" and not entry.any_task
    metric, mode = ("valid_loss", "min") if regression else ("accuracy", "max")
    axes = [*varied, *[o for o in options if o not in varied]][:2]
    own = [_line(option, {}) for option in entry.options.by_name.values()]
    lines = [
        f"# {name}: what do you ask, and what do you expect?",
        f'name   = "{name}"        # the run is kept in runs/{name}',
        "epochs = 15                # every model trains exactly this long",
        "seeds  = 5                 # seeds 0…4, the same in every cell; 3 give a verdict, 5 intervals",
        "",
        "[data]",
        f'name = "{entry.name}"',
        "batch_size = 32",
        *own,
        "",
        "[model]                    # any value may be a range: [8, 16], or { low, high, count }",
        f'name = "{family.name}"',
        *[_line(option, varied) for option in options.values()],
        "",
        "[optimizer]",
        'name = "adam"              # adam, adamw, sgd, rmsprop',
        "lr = 1e-3",
        "# weight_decay = 0.0",
        "",
        "[search]",
        'method = "grid"            # or random, bayes, hyperopt, optuna, with trials = N',
        f'metric = "{metric}"',
        f'mode   = "{mode}"',
        "",
        "[heatmap]",
        f'x = "{axes[0]}"',
        f'y = "{axes[1]}"',
    ]
    return "\n".join(lines) + "\n"


def _line(option: Option, varied: dict[str, str]) -> str:
    """An option as it may be set: what varies and what must be given plain, the rest as a comment."""
    about = f"# {option.doc}: {option.allowed}" if option.doc else f"# {option.allowed}"
    if option.name in varied:
        setting = f"{option.name} = {varied[option.name]}"
    elif option.default is inspect.Parameter.empty:
        setting, about = f'{option.name} = ""', f"{about}; must be given"
    else:
        value = "…" if option.default is None else value_text(option.plain_default)
        setting = f"# {option.name} = {value}"
    return f"{setting:<43} {about}"
