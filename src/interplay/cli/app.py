"""The `interplay` command: its verbs in the order of its help, and the door its errors leave by."""

from __future__ import annotations

import functools
import inspect
import io
import os
import sys
from collections.abc import Callable
from typing import Annotated, Any

import typer

from interplay import __version__
from interplay.cli import best, bring, make, read, track, train
from interplay.cli.options import of_heatmap
from interplay.errors import InterplayError, Option, as_flag

VERBS: tuple[Callable[..., None], ...] = (
    train.tune,
    make.space,
    read.table,
    read.columns,
    make.models,
    make.data,
    read.heatmap,
    read.interaction,
    best.best,
    bring.import_,
    bring.convert,
    make.new,
    make.report,
    track.track,
)

app = typer.Typer(
    name="interplay",
    help="How two hyperparameters of a neural network interact, shown honestly and fast.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _door(verb: Callable[..., None]) -> Callable[..., None]:
    """A user's mistake is one message and exit status 2; Ctrl-C is 130; neither has a traceback."""

    @functools.wraps(verb)
    def wrapped(*args: Any, **kwargs: Any) -> None:
        try:
            verb(*args, **kwargs)
            sys.stdout.flush()  # a full disk is said here, and not by Python at its end
        except InterplayError as error:
            message = error.said(functools.partial(_written, verb))
        except KeyboardInterrupt as error:
            typer.echo(str(error) or "interrupted", err=True)
            raise typer.Exit(130) from None
        except BrokenPipeError:
            _forget_stdout()  # the reader (head, less) has seen enough
            raise typer.Exit(0) from None
        except OSError as error:
            message = _told(error)
            try:
                sys.stdout.flush()
            except OSError:
                _forget_stdout()
        except MemoryError as error:
            message = f"this does not fit into memory{f': {error}' if str(error) else ''}"
        except RecursionError:
            message = "what was given is nested too deeply to be read"
        else:
            return
        typer.echo(f"error: {message}", err=True)
        raise typer.Exit(2)

    return wrapped


def _forget_stdout() -> None:
    """Let Python say nothing at its end of what could not be written."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _written(verb: Callable[..., None], option: Option) -> str:
    """An option as the reader of a verb's message can give it."""
    if option.name in inspect.signature(verb).parameters:
        return as_flag(option)
    if verb is make.report and option.name in make.REPORT_KEYS:
        return f"`{option.name}` in its report.toml"
    return of_heatmap(option)


def _told(error: OSError) -> str:
    """What the system refused, as a sentence: of which path, and why."""
    if error.strerror is None:
        return str(error) or type(error).__name__
    paths = [str(path) for path in (error.filename, error.filename2) if path is not None]
    return f"{' -> '.join(paths)}: {error.strerror}" if paths else error.strerror


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(f"interplay {__version__}")
        raise typer.Exit


@app.callback()
def _interplay(
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version.", callback=_print_version, is_eager=True
        ),
    ] = False,
) -> None:
    pass


for _verb in VERBS:
    app.command(_verb.__name__.rstrip("_"))(_door(_verb))


def _speak_utf8() -> None:
    """Write UTF-8, as all our files are: a redirected stream of Windows knows neither "ω²" nor "✓".

    What is no UTF-8, such as a name of a file that was never text, is written as its code.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and not stream.isatty():
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def main() -> None:
    """The `interplay` command."""
    _speak_utf8()
    app()


def hypertune() -> None:
    """`python hypertune.py [STUDY] [KEY=VALUE …]`: the verb `tune`."""
    _speak_utf8()
    app(["tune", *sys.argv[1:]], prog_name="hypertune.py")
