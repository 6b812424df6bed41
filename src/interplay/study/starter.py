"""`interplay new`: a study file to start from, with what may be set as comments from the registries."""

from __future__ import annotations

import textwrap
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from interplay.data import DATASETS
from interplay.errors import InterplayError, Mistake, StudyError, UnknownNameError
from interplay.kinds import Task
from interplay.metrics import metrics_of, mode_of
from interplay.models import FAMILIES
from interplay.options import Option
from interplay.search import METHODS
from interplay.study.checked import check_section
from interplay.study.sections import RULES
from interplay.study.settings import NAMES, Search, is_name
from interplay.study.writing import value_text
from interplay.training.optimizers import OPTIMIZERS
from interplay.training.schedules import SCHEDULES

WIDTHS = {
    "hidden_size": "[16, 32, 64]",
    "channels": "[8, 16, 32]",
    "architecture": "[1, 2, 4]",
}
"""The option that says how wide a family's networks are, and values to begin with."""
DROPOUT = "{ low = 0.0, high = 0.6, count = 4 }"
LINE, COLUMN = 110, 46
"""The longest line, and where comments begin."""


@dataclass(frozen=True)
class Chosen:
    """What a section is made of: an entry of its registry, or a function of the user's own.

    Attributes:
        setting: its first line.
        options: the own ones, by name.
    """

    setting: str
    options: Mapping[str, Option]


def write_study(
    name: str, data: str = "digits", model: str | None = None, folder: Path | None = None
) -> Path:
    """Write `<name>.toml`, a complete study of a family's width and dropout on a dataset.

    Args:
        name: of the study and its file.
        data, model: names of the registries, or functions of the user's own as module:function;
            the family by default suits the dataset.
        folder: where; by default the current one.

    Raises:
        UnknownNameError: a dataset or family that there is not, with the nearest match.
        InterplayError: a name that is no file name, a function that is not there, or a file that
            is.
    """
    name = name.removesuffix(".toml")
    if not is_name(name):
        raise InterplayError(f"{name!r} is no name of a study: {NAMES}, without a folder")
    folder = folder or Path()
    held = _chosen("data", data, folder)
    built = _chosen("model", _suited(data) if model is None else model, folder)
    file = folder / f"{name}.toml"
    if file.exists():
        raise InterplayError(f"{file} is there already; choose another name")
    file.write_text(_study(name, held, built, _task(data)), encoding="utf-8")
    return file


def _chosen(section: str, name: str, folder: Path) -> Chosen:
    registry = RULES[section].registry
    assert registry is not None
    if ":" not in name:
        if name not in registry:
            known = [*registry.names, "module:function of your own"]
            raise UnknownNameError(registry.what, name, known)
        return Chosen(f"name = {value_text(name)}", registry.get(name).options.by_name)
    mistakes: list[Mistake] = []
    folders = list(dict.fromkeys([folder.resolve(), Path.cwd()]))
    checked, _ = check_section(section, {"builder": name}, folders, mistakes)
    if checked is None:
        raise StudyError("a function of your own", mistakes)
    return Chosen(f"builder = {value_text(name)}", checked.options[""].by_name)


def _suited(data: str) -> str:
    """The family to begin with: of those that read the dataset's inputs, the one that prefers them."""
    entry = DATASETS.get(data) if data in DATASETS else None
    if entry is not None and entry.suits is not None:
        return entry.suits
    kind: Any = None if entry is None else entry.shape.partition(" ")[0]
    readers = [family for family in FAMILIES if kind in family.accepts] or [*FAMILIES]
    return min(readers, key=lambda f: f.accepts.index(kind) if kind in f.accepts else 0).name


def _task(data: str) -> Task | None:
    """The dataset's task; None where its rows must tell."""
    entry = DATASETS.get(data) if data in DATASETS else None
    return None if entry is None or entry.any_task else entry.task


def _study(name: str, data: Chosen, model: Chosen, task: Task | None) -> str:
    varied = _varied(model)
    of_classes, of_numbers = (metrics_of(kind)[0] for kind in get_args(Task))
    metric = of_numbers if task == "regression" else of_classes
    search = [f'metric = "{metric}"', f'mode   = "{mode_of(metric)}"']
    if task is None:
        about = f"by default {of_classes} of classes, else {of_numbers}"
        search = [_line(f'# metric = "{metric}"', about)]
    others = [method.name for method in METHODS if method.trials]
    # Where the model has not two options to vary, the rate and the batch are there in any study.
    axes = [*varied, "lr", "batch_size"][:2]
    lr = "[1e-4, 1e-3, 1e-2]" if "lr" in axes else "1e-3"
    batch = "[16, 32, 64]" if "batch_size" in axes else "32"
    lines = [
        f"# {name}: what do you ask, and what do you expect?",
        _line(f"name   = {value_text(name)}", "the run is kept in runs/<name>"),
        _line("epochs = 15", "every model trains exactly this long"),
        _line("seeds  = 5", "seeds 0…4, the same in every cell; 3 give a verdict, 5 intervals"),
        "",
        "[data]",
        data.setting,
        *_set(data.options, {}),
        _line(f"batch_size = {batch}", "rows of one step"),
        *_set(_common("data", ["batch_size"]), {}),
        "",
        _line("[model]", "any value may be a range: [8, 16], or { low, high, count }"),
        model.setting,
        *_set({**model.options, **_common("model", model.options)}, varied),
        "",
        "[optimizer]",
        _line(_usual("optimizer"), ", ".join(OPTIMIZERS.names)),
        f"lr = {lr}",
        "# weight_decay = 0.0",
        "",
        "[schedule]",
        _line(_usual("schedule"), _schedules()),
        "",
        "[training]",
        *_set(_common("training"), {}),
        "",
        "[search]",
        _line(f'method = "{Search().method}"', f"or {', '.join(others)}, with trials = N"),
        *search,
        "",
        "[heatmap]",
        f"x = {value_text(axes[0])}",
        f"y = {value_text(axes[1])}",
    ]
    return "\n".join(lines) + "\n"


def _common(section: str, but: Collection[str] = ()) -> dict[str, Option]:
    """The options that a section has whatever its name, but those that stand there already."""
    common = RULES[section].common.by_name
    return {name: option for name, option in common.items() if name not in but}


def _varied(model: Chosen) -> dict[str, str]:
    """The model's options that vary: its width and dropout, or numbers that its function takes."""
    options = model.options
    width = next((name for name in WIDTHS if name in options), None)
    found = {} if width is None else {width: WIDTHS[width]}
    if "dropout" in options:
        found["dropout"] = DROPOUT
    for name, option in options.items() if model.setting.startswith("builder") else ():
        values = _around(option.default)
        if name not in found and values and not any(option.mistake(name, v) for v in values):
            found[name] = value_text(values)
    return dict(list(found.items())[:2])


def _around(default: object) -> list[int]:
    """Whole numbers to begin with; none around what is no such number."""
    if type(default) is not int or default < 1:
        return []
    return sorted({max(1, default // 2), default, 2 * default})


def _usual(section: str) -> str:
    return f"name = {value_text(RULES[section].default)}"


def _schedules() -> str:
    own = {entry.name: ", ".join(entry.options.by_name) for entry in SCHEDULES}
    return ", ".join(f"{name} ({keys})" if keys else name for name, keys in own.items())


def _set(options: Mapping[str, Option], varied: Mapping[str, str]) -> list[str]:
    """Options as they may be set: what varies plain, the rest as comments."""
    lines = []
    for name, option in options.items():
        about = ": ".join(text for text in (option.doc, option.allowed) if text)
        if name in varied:
            setting = f"{name} = {varied[name]}"
        elif option.required:
            setting, about = (
                f"# {name} = …",
                f"{about}; must be given" if about else "must be given",
            )
        else:
            setting = f"# {name} = {_default(option)}"
        lines.append(_line(setting, about))
    return lines


def _default(option: Option) -> str:
    """As a file has it; "…" where none can, as of nothing at all, or of a function."""
    try:
        return "…" if option.default is None else value_text(option.plain_default)
    except (TypeError, ValueError):
        return "…"


def _line(setting: str, about: str = "") -> str:
    """A setting and what is to be said of it, which goes on below where it is long."""
    column = max(COLUMN, len(setting))
    first, *rest = textwrap.wrap(about, max(LINE - column - 3, 24)) or [""]
    lines = [f"{setting:<{column}} # {first}" if first else setting]
    return "\n".join([*lines, *(f"{'':<{column}} # {part}" for part in rest)])
