"""What several verbs ask for: arguments, options, and the question that these make."""

# No `from __future__ import annotations`: verbs elsewhere get these annotations as they are.

import functools
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from interplay import kinds, metrics
from interplay.errors import InterplayError, Option, as_flag

if TYPE_CHECKING:
    from interplay.results.question import Question

Study = Annotated[
    str, typer.Argument(metavar="STUDY", help="A study file, ours or another tool's sweep.")
]
Overrides = Annotated[
    list[str] | None,
    typer.Argument(metavar="[KEY=VALUE]…", help="Values in place of the file's, as epochs=5."),
]
Run = Annotated[str, typer.Argument(metavar="RUN", help="A run folder, as runs/digits.")]
Source = Annotated[
    str,
    typer.Argument(metavar="SOURCE", help="A run folder, a table, or what another tool left."),
]
Mlflow = Annotated[
    str | None,
    typer.Option(metavar="URI", help="MLflow's server or database that gets the trainings, too."),
]
Tensorboard = Annotated[
    str | None,
    typer.Option(metavar="DIR", help="TensorBoard's folder that gets the trainings, too."),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]

X = Annotated[str | None, typer.Option(help="Across; the study's if left out.")]
Y = Annotated[str | None, typer.Option(help="Upwards; the study's if left out.")]
Metric = Annotated[str | None, typer.Option(help="What is compared.")]
Seed = Annotated[str | None, typer.Option(metavar="COLUMN", help="Seeds of a table.")]
Fold = Annotated[str | None, typer.Option(metavar="COLUMN", help="Folds of a table.")]
Status = Annotated[
    str | None, typer.Option(metavar="COLUMN", help="How a table's trainings ended.")
]
Params = Annotated[
    str | None,
    typer.Option(metavar="A,B,…", help="A table's hyperparameters, all of them."),
]
Map = Annotated[
    list[str] | None,
    typer.Option("--map", metavar="OLD=NEW", help="Another name of a table's column."),
]
SweepMap = Annotated[
    list[str] | None,
    typer.Option("--map", metavar="OLD=NEW", help="Our name of a sweep's hyperparameter."),
]
Mode = Annotated[metrics.Mode | None, typer.Option(help="Which way is better.")]
Budget = Annotated[
    str | None, typer.Option(metavar="COLUMN", help="How long a table's rows trained.")
]
Where = Annotated[list[str] | None, typer.Option(metavar="K=V", help="Only rows with this value.")]
Over = Annotated[kinds.Over | None, typer.Option(help="What becomes of others that vary.")]
AtEpoch = Annotated[int | None, typer.Option(min=1, help="Compare all rows at this epoch.")]
Bins = Annotated[int | None, typer.Option(help="Bins of an axis of random samples.")]
Log = Annotated[
    list[str] | None, typer.Option(metavar="AXIS[=no]", help="An axis that is logarithmic.")
]
Order = Annotated[
    list[str] | None, typer.Option(metavar="AXIS=A,B,…", help="The order of an axis of words.")
]


def of_heatmap(option: Option) -> str:
    """An option that the verb which was called has not, but the one that draws has."""
    return f"{as_flag(option)} of `interplay heatmap`"


def question_of(
    x: X = None,
    y: Y = None,
    metric: Metric = None,
    mode: Mode = None,
    seed: Seed = None,
    fold: Fold = None,
    budget: Budget = None,
    status: Status = None,
    params: Params = None,
    map: Map = None,  # noqa: A002 - it is the option's name
    where: Where = None,
    over: Over = None,
    at_epoch: AtEpoch = None,
    bins: Bins = None,
    log: Log = None,
    order: Order = None,
) -> "Question":
    """What the options ask of a table.

    Raises:
        InterplayError: what is no KEY=VALUE, or the second one of its key.
    """
    from interplay.results.question import Question
    from interplay.study.files import parse_value

    names = tuple(name.strip() for name in (params or "").split(",") if name.strip())
    return Question(
        x=x, y=y, metric=metric, mode=mode, seed=seed, fold=fold, budget=budget, status=status,
        params=names, map=pairs_of("map", map, str),
        where=pairs_of("where", where, parse_value), over=over, at_epoch=at_epoch, bins=bins,
        log=pairs_of("log", log, _yes, "yes"), order=pairs_of("order", order, _values),
    )  # fmt: skip


def study_of(
    first: str, overrides: list[str] | None, usual: str | None = None
) -> tuple[str | None, list[str]]:
    """The file that a study is in, None where its overrides say it all, and these.

    Args:
        first: the file, or the first override where none is given.
        usual: the file that is meant where none is given.
    """
    from interplay.study.overrides import stands_alone

    given = list(overrides or [])
    if "=" not in first or Path(first).exists():
        return first, given
    given = [first, *given]
    alone = stands_alone(given) is not None
    return (None, given) if alone or usual is None else (usual, given)


def pairs_of(
    option: str,
    given: list[str] | None,
    read: Callable[[str], Any],
    without: str | None = None,
) -> dict[str, Any]:
    """The values that an option which may be repeated gives, by column.

    Args:
        read: makes a value of its text.
        without: the text where a column stands alone; None: none may.

    Raises:
        InterplayError: what is no KEY=VALUE, or the second one of its key.
    """
    pairs: dict[str, Any] = {}
    for text in given or []:
        key, equals, value = text.partition("=")
        if not key or not (equals or without):
            raise InterplayError(f"--{option} {text!r} is not KEY=VALUE")
        if key in pairs:
            one = ", and a row has one" if option == "where" else ""
            raise InterplayError(f"--{option} {text!r}: {key} has a value already{one}")
        try:
            pairs[key] = read(value if equals else str(without))
        except ValueError as error:
            raise InterplayError(f"--{option} {text!r}: {error}") from None
    return pairs


def _yes(text: str) -> bool:
    if text.lower() not in ("yes", "no", "true", "false"):
        raise ValueError("yes or no")
    return text.lower() in ("yes", "true")


def _values(text: str) -> list[Any]:
    """Values with commas between them; in lists and quotes commas are their own."""
    from interplay.study.files import parse_value

    read = parse_value(f"[{text}]")
    return read if isinstance(read, list) else [part.strip() for part in text.split(",")]


def asking(*only: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Of a verb: its parameter `question` stands for the options that make one, where it stands.

    Args:
        only: these options; all where none is named.
    """
    every = inspect.signature(question_of).parameters
    options = {name: option for name, option in every.items() if not only or name in only}

    def made(verb: Callable[..., None]) -> Callable[..., None]:
        # Evaluated but for `question`, whose class need not be imported for a page of help.
        own = inspect.signature(verb, eval_str=True, locals={"Question": object}).parameters

        @functools.wraps(verb)
        def wrapped(*args: Any, **given: Any) -> None:
            asked = {name: given.pop(name, None) for name in options}
            verb(*args, **given, question=question_of(**asked))

        parameters = [
            p
            for name, at in own.items()
            for p in (options.values() if name == "question" else [at])
        ]
        wrapped.__dict__["__signature__"] = inspect.Signature(parameters)
        wrapped.__annotations__ = {p.name: p.annotation for p in parameters}
        return wrapped

    return made


def file_of(output: str, suffixes: tuple[str, ...], what: str, option: str = "-o") -> Path:
    """The file that an option names.

    Args:
        suffixes: those that it may end in.
        what: is written there, as "a figure".

    Raises:
        InterplayError: another ending, or a folder that is not there.
    """
    from interplay.table.folder import typed

    file = typed(output)
    if file.suffix.lower() not in suffixes:
        one_of = "one of " if len(suffixes) > 1 else ""
        raise InterplayError(f"{option} {file}: {what} ends in {one_of}{', '.join(suffixes)}")
    if not file.parent.is_dir():
        raise InterplayError(f"{option} {file}: there is no folder {file.parent}")
    return file
