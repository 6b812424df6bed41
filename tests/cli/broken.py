"""Tables as they should not be: each a whole table, broken in a few ways, by a seed."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

NAMES = (
    ("lr", "width", "seed", "accuracy", "epochs", "status"),
    ("config/lr", "config/net/width", "config/seed", "loss", "training_iteration", "trial_status"),
    ("params_lr", "params_width", "user_attrs_seed", "value", "user_attrs_epochs", "state"),
    ("params.lr", "params.width", "tags.seed", "metrics.accuracy", "metrics.epoch", "status"),
    ("param_a__lr", "param_width", "random_state", "split0_test_score", "n_resources", "iter"),
)
WORDS = ("", " ", "nan", "None", "none", "NULL", "inf", "-inf", "1e308", "True", "no", "0x1f", "1_000",
         "2026-01-01", "12:30", "1,5", "1.5.2", "½", "١٢", "9" * 400, "-0.0", "a" * 5000, "$\\frac$",
         "<b>", "=1+1", "🤷", "\u202eabc", "e\u0301", "line\nbreak", '"', "'", ";", "\t", "\\", "%s", "{}",
         "[1, 2]", '{"a": 1}', "1e999", "+5", "5%", "(1, 2)", "1 000", "#", "nan%", "\ufeff")  # fmt: skip
NUMBERS = (
    0,
    -0.0,
    1,
    -1,
    0.5,
    1e308,
    -1e308,
    1e-308,
    5e-324,
    1.7e77,
    2**53 + 1,
    10**30,
    np.nan,
    np.inf,
    -np.inf,
)
THINGS: tuple[Any, ...] = ([1, 2], [], {"a": [1]}, {}, None, True, [[1], {"b": None}], 10**400, "x")


CELLS = 2_000_000
"""Of one table: more take seconds to be read, by whatever reads them."""


def whole(chance: random.Random) -> pd.DataFrame:
    """A table as it should be."""
    lr, width, seed, metric, budget, status = chance.choice(NAMES)
    rows = [
        {lr: a, width: b, seed: s, metric: chance.random(), budget: 5, status: "complete"}
        for a in (0.001, 0.01, 0.1)[: chance.randint(1, 3)]
        for b in (8, 16, 32, 64)[: chance.randint(1, 4)]
        for s in range(chance.randint(1, 4))
    ]
    frame = pd.DataFrame(rows)
    return frame[chance.sample(list(frame), len(frame.columns))] if chance.random() < 0.2 else frame


def _some(frame: pd.DataFrame, chance: random.Random, values: tuple[Any, ...]) -> pd.DataFrame:
    """With a value of these in some rows of a column, or in all."""
    if frame.empty or not len(frame.columns):
        return frame
    place = chance.randrange(len(frame.columns))
    column = list(frame.iloc[:, place])
    one = chance.choice(values) if chance.random() < 0.5 else None
    for row in range(len(column)):
        if chance.random() < chance.choice((0.1, 0.5, 1)):
            column[row] = chance.choice(values) if one is None else one
    series = pd.Series(column, index=frame.index, dtype=object)
    parts = [
        frame.iloc[:, i] if i != place else series.rename(frame.columns[i])
        for i in range(len(frame.columns))
    ]
    return pd.concat(parts, axis=1)


def _dropped(frame: pd.DataFrame, chance: random.Random) -> pd.DataFrame:
    keep = [i for i in range(len(frame.columns)) if chance.random() < 0.7]
    return frame.iloc[:, keep]


def _named(frame: pd.DataFrame, chance: random.Random) -> pd.DataFrame:
    names = list(frame.columns)
    if names:
        others = (
            *WORDS,
            *names,
            "status",
            "seed",
            "fold",
            "epoch",
            "split0_test_score",
            "params",
            "loss__MIN",
            "error",
        )
        names[chance.randrange(len(names))] = chance.choice(others)
    return frame.set_axis(names, axis=1)


def _wide(frame: pd.DataFrame, chance: random.Random) -> pd.DataFrame:
    count = chance.choice((30, 300, 10_000))
    kinds: tuple[Callable[[int], Any], ...] = (
        lambda i: i,
        lambda i: chance.random(),
        lambda i: f"w{chance.randrange(3)}",
        lambda i: None,
    )
    kind, before = (
        chance.choice(kinds),
        chance.choice(("c", "config/", "params_", "split", "metrics.")),
    )
    after = "_test_score" if before == "split" else ""
    count = min(count, CELLS // max(len(frame), 1))
    more = {f"{before}{i}{after}": [kind(i) for _ in range(len(frame))] for i in range(count)}
    return pd.concat([frame.reset_index(drop=True), pd.DataFrame(more)], axis=1)


def _long(frame: pd.DataFrame, chance: random.Random) -> pd.DataFrame:
    count = chance.choice((50, 2000))
    count = min(count, max(CELLS // max(frame.size, 1), 1))
    much = pd.concat([frame] * count, ignore_index=True)
    for name in list(much.columns)[:2] if chance.random() < 0.5 else ():
        much = much.assign(**{str(name): np.arange(len(much)) * chance.choice((1, -0.5, 1e300))})
    return much


BREAKS: tuple[Callable[[pd.DataFrame, random.Random], pd.DataFrame], ...] = (
    _dropped,
    _named,
    _wide,
    _long,
    lambda frame, chance: _some(frame, chance, WORDS),
    lambda frame, chance: _some(frame, chance, WORDS),
    lambda frame, chance: _some(frame, chance, NUMBERS),
    lambda frame, chance: _some(frame, chance, NUMBERS),
    lambda frame, chance: _some(frame, chance, THINGS),
    lambda frame, chance: _some(frame, chance, ("FAILED", "PRUNED", "RUNNING", "x", None)),
    lambda frame, chance: frame.iloc[: chance.randrange(3)],
    lambda frame, chance: frame.iloc[:, :0] if chance.random() < 0.3 else frame,
    lambda frame, chance: pd.concat(
        [frame, frame.sample(frac=0.5, random_state=chance.randrange(99))]
    ),
    lambda frame, chance: frame.set_axis(range(len(frame.columns)), axis=1),
    lambda frame, chance: (
        frame.set_index(list(frame.columns)[:2]) if len(frame.columns) > 3 else frame
    ),
    lambda frame, chance: pd.concat([frame, frame.iloc[:, :1]], axis=1),
    lambda frame, chance: frame.assign(day=pd.date_range("2026-01-01", periods=len(frame))),
    lambda frame, chance: frame.astype(str),
    lambda frame, chance: _mapped(frame, lambda value: value if chance.random() < 0.8 else None),
)


def _of_bytes(text: bytes, chance: random.Random) -> bytes:
    """What may become of a file on its way."""
    cut = chance.randrange(len(text) + 1)
    lines = text.split(b"\n")
    return chance.choice((
        text[:cut],
        text[:cut] + b"\0" + text[cut:],
        text[:cut] + b'"' + text[cut:],
        text[:cut] + bytes(chance.randrange(256) for _ in range(5)) + text[cut:],
        b"\xef\xbb\xbf" + text,
        text.decode("utf-8", "replace").encode("utf-16"),
        text.decode("utf-8", "replace").encode("latin-1", "replace"),
        text.replace(b"\n", b"\r\n"),
        text.replace(b"\n", b"\r"),
        text.replace(b",", b";").replace(b".", b","),
        text.replace(b",", b"\t"),
        text.replace(b",", b", "),
        b"\n".join(line + b",1" * chance.randrange(3) for line in lines),
        b"\n".join(line.rpartition(b",")[0] if chance.random() < 0.1 else line for line in lines),
        b"\n".join([*lines[:-1], *lines]),
        b"# a comment\n\n" + text,
        b"",
    ))  # fmt: skip


def _plain(value: Any) -> Any:
    return json.dumps(value, default=str) if isinstance(value, (list, dict)) else value


def _mapped(frame: pd.DataFrame, made: Callable[[Any], Any]) -> pd.DataFrame:
    """With each value made another; pandas' own `map` turns what is large into floats."""
    columns = [
        pd.Series([made(v) for v in column.tolist()], frame.index, dtype=object, name=name)
        for name, column in frame.items()
    ]
    return pd.concat(columns, axis=1) if columns else frame


def _as_text(frame: pd.DataFrame) -> pd.DataFrame:
    text = _mapped(
        frame, lambda value: str(_plain(value))[:9999] if not isinstance(value, int) else hex(value)
    )
    return text.set_axis(list(map(str, frame.columns)), axis=1)


WRITERS: dict[str, Callable[[pd.DataFrame, Path], Any]] = {
    "csv": lambda frame, path: _mapped(frame, _plain).to_csv(path, index=frame.index.names[0] is not None),
    "tsv": lambda frame, path: _mapped(frame, _plain).to_csv(path, index=False, sep="\t"),
    "json": lambda frame, path: path.write_text(
        json.dumps(frame.to_dict("list"), default=str), encoding="utf-8"
    ),
    "jsonl": lambda frame, path: path.write_text(
        "\n".join(json.dumps(row, default=str) for row in frame.to_dict("records")), encoding="utf-8"
    ),
    "parquet": lambda frame, path: frame.to_parquet(path),
    "xlsx": lambda frame, path: frame.to_excel(path, index=False),
}  # fmt: skip


def broken(seed: int, folder: Path) -> Path:
    """A broken table as a file in a folder, of any kind."""
    chance = random.Random(seed)
    frame = whole(chance)
    for _ in range(chance.choice((1, 1, 2, 3))):
        try:
            frame = chance.choice(BREAKS)(frame, chance)
        except (OverflowError, ValueError, TypeError):  # pandas cannot, with what stands in it
            continue
    kind = chance.choice(("csv", "csv", "csv", *WRITERS))
    if kind == "xlsx" and frame.size > 20_000:
        kind = "csv"
    path = folder / f"t{seed}.{kind}"
    try:
        WRITERS[kind](frame, path)
    except Exception:  # what the kind of file cannot hold, as text it can
        try:
            WRITERS[kind](_as_text(frame), path)
        except Exception:
            path = path.with_suffix(".csv")
            _as_text(frame).to_csv(path, index=False, errors="replace")
    if chance.random() < 0.25:
        path.write_bytes(_of_bytes(path.read_bytes(), chance))
    return path


def asked(seed: int, path: Path) -> list[str]:
    """What is asked of it: a verb and its options, among the names that may be there."""
    chance = random.Random(-seed)
    names = _names(path)
    verb = chance.choice(("columns", "table", "interaction", "heatmap", "heatmap"))
    if verb == "columns":
        return [verb, str(path), *chance.choice(([], ["--json"]))]
    if verb == "table":
        kind = chance.choice(([], ["--csv"], ["--ranked"], ["--progress"], ["--curves"]))
        ranked = ["--metric", chance.choice(names), "--mode", "min"] if kind == ["--ranked"] else []
        return [verb, str(path), *kind, *ranked]
    given = dict(zip(("--x", "--y", "--metric"), chance.sample(names, 3), strict=True))
    told = [
        word for option, name in given.items() if chance.random() < 0.95 for word in (option, name)
    ]
    told += chance.choice(([], ["--mode", "max"]))
    for option in ("--seed", "--fold", "--budget", "--status", "--params"):
        told += [option, chance.choice(names)] if chance.random() < 0.1 else []
    told += chance.choice(([], [], ["--over", "mean"], ["--over", "mean"], ["--over", "best"]))
    told += chance.choice(
        ([], [], [], ["--bins", "3"], ["--log", given["--x"]], ["--where", f"{names[0]}=1"])
    )
    if verb == "interaction":
        return [verb, str(path), *told, *chance.choice(([], ["--json"]))]
    return [
        verb,
        str(path),
        *told,
        *chance.choice(([], ["--full"])),
        "-o",
        str(path.with_suffix(".png")),
    ]


def _names(path: Path) -> list[str]:
    """Some of the names that are meant in it, and some that are not."""
    from interplay.errors import InterplayError
    from interplay.results.results import Results

    try:
        found = list(Results.load(path).table.columns)[:9]
    except InterplayError:
        found = []
    # An option's value that begins with a dash is another option.
    return [*(n for n in found if n and not n.startswith("-")), "lr", "width", "accuracy"]
