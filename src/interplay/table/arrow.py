"""Members and rows as Arrow tables, and such tables as the frames that people read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from interplay.combination import combination_of, curve_of
from interplay.identity import as_held, canonical
from interplay.table.parts import CONFIG
from interplay.training.members import WITH_RESULT, Config, Member, Row

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    import pyarrow as pa

CURVE = "curve."
COLUMNS = tuple(f.name for f in fields(Row) if f.name not in ("key", CONFIG, "curves", "weights"))
NUMBERS = {"seed", "fold", "folds", "epochs", "epochs_asked", "epochs_run", "parameters"}


def rows_table(rows: Sequence[Row]) -> pa.Table:
    """Rows as they are kept: `key`, `config` as JSON, the other fields, and `curve.<metric>`."""
    import pyarrow as pa

    arrays = {"key": pa.array([row.key for row in rows], pa.string())}
    arrays[CONFIG] = _configs(row.config for row in rows)
    for name in COLUMNS:
        arrays[name] = pa.array([getattr(row, name) for row in rows], _type(name))
    for metric in dict.fromkeys(name for row in rows for name in row.curves or {}):
        values = [(row.curves or {}).get(metric) for row in rows]
        arrays[CURVE + metric] = pa.array(values, pa.list_(pa.float64()))
    return pa.table(arrays)


def rows_of(table: pa.Table) -> list[Row]:
    """The rows that `rows_table` made a table of; a metric that one lacks, it has not."""
    configs, codes = configs_of(table)
    columns = {name: table[name].to_pylist() for name in ("key", *COLUMNS)}
    curves = {name: table[CURVE + name].to_pylist() for name in metrics_of(table)}
    rows = []
    for i, code in enumerate(codes):
        own = {name: values[i] for name, values in curves.items() if values[i] is not None}
        told = {name: values[i] for name, values in columns.items()}
        rows.append(Row(config=configs[code], curves=own or None, **told))
    return rows


def asked_table(members: Sequence[Member]) -> pa.Table:
    """Members as they are asked for: `key`, `config` as JSON, and the other fields."""
    import pyarrow as pa

    arrays = {"key": pa.array([m.key for m in members], pa.string())}
    arrays[CONFIG] = _configs(m.config for m in members)
    for name in ("seed", "epochs", "fold", "folds"):
        arrays[name] = pa.array([getattr(m, name) for m in members], _type(name))
    return pa.table(arrays)


def configs_of(table: pa.Table) -> tuple[list[Config], np.ndarray[Any, Any]]:
    """The distinct configurations of a table in order of appearance, and which one each row has."""
    import numpy as np

    column = table[CONFIG].combine_chunks()
    found, first, codes = np.unique(
        column.indices.to_numpy(), return_index=True, return_inverse=True
    )
    order = np.argsort(first)
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    texts = column.dictionary.take(found[order]).to_pylist()
    return [json.loads(text) for text in texts], place[codes]


def last_values(table: pa.Table, metric: str) -> np.ndarray[Any, Any]:
    """Of every row the last value of a curve; NaN where it has none, or no result."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    if CURVE + metric not in table.column_names:
        return np.full(len(table), np.nan)
    values, lengths = _flat(table, CURVE + metric)
    counted = pc.is_in(table["status"], value_set=pa.array(WITH_RESULT)).to_numpy()
    with_value = counted & (lengths > 0)
    ends = np.cumsum(lengths) - 1
    found = np.full(len(table), np.nan)
    found[with_value] = values[ends[with_value]]
    return found


def frame_of(rows: pa.Table, asked: pa.Table, study: Mapping[str, Any]) -> pd.DataFrame:
    """The tidy table of `rows`, those of `asked` that there are, in its order; without any it has
    the columns that the study's rows will have.

    Hyperparameters are as asked: a row of an earlier version is the same training without an option
    that came later, whose default it has.
    """
    import numpy as np
    import pandas as pd
    import pyarrow as pa
    import pyarrow.compute as pc

    there = pc.is_in(asked["key"], value_set=rows["key"].combine_chunks())
    configs, codes = configs_of(asked.filter(there) if len(rows) else asked)
    hyper = settings_frame(configs)
    if not configs:
        hyper = pd.DataFrame(columns=[domain["name"] for domain in study.get("space", ())])
    frame = hyper.take(codes[: len(rows)]).reset_index(drop=True)
    columns = {name: rows[name].to_pandas() for name in COLUMNS}
    whole = {pa.int64(): pd.Int64Dtype()}  # whole numbers that some rows do not have
    for name in ("fold", "parameters"):
        columns[name] = rows[name].to_pandas(types_mapper=whole.get)
    if rows["fold"].null_count == len(rows):
        columns["fold"] = pd.Series(None, frame.index, dtype=object)
    for metric in metrics_of(rows):
        if _flat(rows, CURVE + metric)[1].any():
            columns[metric] = pd.Series(last_values(rows, metric))
    if "metric" in study:  # also where no member has come to a value
        columns.setdefault(study["metric"], pd.Series(np.nan, frame.index, dtype=float))
    return pd.concat([frame, pd.DataFrame(columns)], axis=1)


def settings_frame(configs: Iterable[Config]) -> pd.DataFrame:
    """A row a configuration, a column a hyperparameter."""
    import pandas as pd

    return pd.DataFrame.from_records(
        [{k: as_held(v) for k, v in config.items()} for config in configs]
    )


def curves_of(rows: pa.Table) -> pd.DataFrame:
    """A row a member (its number among `rows`) and epoch from 1, with the metrics."""
    import numpy as np
    import pandas as pd

    found = {metric: _flat(rows, CURVE + metric) for metric in metrics_of(rows)}
    found = {metric: (values, n) for metric, (values, n) in found.items() if len(values)}
    lengths = np.zeros(len(rows), dtype=np.int64)
    for _, own in found.values():
        lengths = np.maximum(lengths, own)
    starts = np.cumsum(lengths) - lengths
    member = np.repeat(np.arange(len(rows)), lengths)
    within = np.arange(len(member)) - np.repeat(starts, lengths)
    table = {"member": member, "epoch": within + 1}
    for metric, (values, own) in found.items():
        column = values
        if len(values) < len(member):  # some rows lack this metric, or have fewer epochs of it
            column = np.full(len(member), np.nan)
            column[within < np.repeat(own, lengths)] = values
        table[metric] = column
    return pd.DataFrame(table)


def curves_for(metric: str) -> list[str]:
    """The columns of rows that a metric is had from."""
    combined = combination_of(metric)
    return [CURVE + name for name in ((metric,) if combined is None else combined.metrics)]


def with_combined(rows: pa.Table, metric: str) -> pa.Table:
    """`rows` with the curves of a metric that combines others, where it does."""
    import pyarrow as pa

    combined = combination_of(metric)
    if combined is None or CURVE + metric in rows.column_names:
        return rows
    rows = with_columns(rows, curves_for(metric))
    flat = [_flat(rows, column) for column in curves_for(metric)]
    lengths = flat[0][1]
    if all((own == lengths).all() for _, own in flat):
        values = combined.value([values for values, _ in flat])
        offsets = pa.array([0, *lengths.cumsum().tolist()], pa.int32())
        curves = pa.ListArray.from_arrays(offsets, pa.array(values, pa.float64()))
    else:  # a function that gives one of them in some epochs only
        columns = {name: rows[CURVE + name].to_pylist() for name in combined.metrics}
        each = [{n: column[i] or [] for n, column in columns.items()} for i in range(len(rows))]
        curves = pa.array([curve_of(own, metric) for own in each], pa.list_(pa.float64()))
    return rows.append_column(CURVE + metric, curves)


def metrics_of(rows: pa.Table) -> list[str]:
    """The metrics that a table of rows has curves of."""
    names = [name for name in rows.column_names if name.startswith(CURVE)]
    return [name.removeprefix(CURVE) for name in names]


def with_columns(rows: pa.Table, names: Iterable[str]) -> pa.Table:
    """`rows` with every one of `names`, empty where they were written before there was such one."""
    import pyarrow as pa

    for name in names:
        if name not in rows.column_names:
            rows = rows.append_column(name, pa.nulls(len(rows), _type(name)))
    return rows


def _flat(table: pa.Table, column: str) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """The values of a column of lists one behind the other, and how many each row has."""
    import pyarrow.compute as pc

    lists = table[column]
    lengths = pc.fill_null(pc.list_value_length(lists), 0).to_numpy().astype("int64")
    return pc.list_flatten(lists).to_numpy(), lengths


def _configs(configs: Iterable[Config]) -> pa.DictionaryArray:
    """Configurations as JSON, each text once; members of a cell share theirs."""
    import pyarrow as pa

    texts: dict[str, int] = {}
    known: dict[int, tuple[Config, int]] = {}  # kept with its object, so that no id is used again
    codes = []
    for config in configs:
        if id(config) not in known:
            text = json.dumps(canonical(config), ensure_ascii=False)
            known[id(config)] = config, texts.setdefault(text, len(texts))
        codes.append(known[id(config)][1])
    return pa.DictionaryArray.from_arrays(
        pa.array(codes, pa.int32()), pa.array(list(texts), pa.string())
    )


def _type(name: str) -> pa.DataType:
    import pyarrow as pa

    if name.startswith(CURVE):
        return pa.list_(pa.float64())
    if name == "seconds":
        return pa.float64()
    return pa.int64() if name in NUMBERS else pa.string()
