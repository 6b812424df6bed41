"""TensorBoard: a folder a training, its curves as scalars and its settings for the HParams page, where
the trainings of a cell are one session group.

    DIR/<run>/<cell>/<member>/events.out.tfevents.<key>.<digest>

An event file is written whole under a name that says which training it holds: nothing is written
twice. In the run's own folder stands what the hyperparameters' domains are.
"""

from __future__ import annotations

import hashlib
import io
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from interplay.identity import as_held, canonical
from interplay.results.sources.events import OF_OURS, STATUS_TAG
from interplay.table.folder import remove, typed
from interplay.tracking.content import Asked, CellSoFar, Training

if TYPE_CHECKING:
    from tensorboard.compat.proto.summary_pb2 import Summary

EVENTS = "events.out.tfevents"
SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")


def mistake(address: str) -> str | None:
    """What is wrong with an address; None where nothing is."""
    if not address.strip() or "\0" in address or SCHEME.match(address):
        return "no path of a folder on this machine"
    if typed(address).is_file():
        return "a file, and no folder"
    return None


class TensorBoard:
    """As of `Mirror`.

    Args:
        address: the folder that `tensorboard --logdir` is given.
    """

    def __init__(self, address: str) -> None:
        self.place = address
        self._root = typed(address)

    def open(self, asked: Asked) -> Mapping[str, str]:
        """As of `Mirror`."""
        self._asked, self._folder = asked, self._root / asked.run
        self._metrics: dict[str, None] = {asked.metric: None}
        self._folder.mkdir(parents=True, exist_ok=True)
        found: dict[str, list[Path]] = {}
        for file in self._folder.glob(f"*/*/{EVENTS}.*"):
            found.setdefault(file.stem.rpartition(".")[2], []).append(file)
        # Two of one member: it was trained anew, and that broken off before the old one was removed.
        for file in (file for files in found.values() for file in files if len(files) > 1):
            remove(file)
        self._files = {key: files[0] for key, files in found.items() if len(files) == 1}
        return {key: file.suffix[1:] for key, file in self._files.items()}

    def training(self, training: Training, cell: CellSoFar) -> None:
        """As of `Mirror`."""
        row = training.row
        folder = self._folder / _safe(cell.name, cell.digest) / _safe(training.called, row.key)
        file = folder / f"{EVENTS}.{row.key}.{training.digest}"
        _write(file, self._summaries(training, cell), row.seconds)
        before = self._files.get(row.key, file)
        if before != file:
            remove(before)
        self._files[row.key] = file

    def cell(self, cell: CellSoFar) -> None:
        """As of `Mirror`: TensorBoard takes the mean of a group by itself."""
        metrics = {name: None for own in cell.last.values() for name in own}
        if metrics.keys() <= self._metrics.keys() and any(self._folder.glob(f"{EVENTS}.*")):
            return
        self._metrics |= metrics
        content = self._experiment()
        digest = hashlib.sha256(content.SerializeToString(deterministic=True)).hexdigest()[:16]
        file = self._folder / f"{EVENTS}.experiment.{digest}"
        if not file.is_file():
            _write(file, [(0, [content])], 0.0)
        for other in self._folder.glob(f"{EVENTS}.*"):
            if other != file:
                remove(other)

    def files(self, paths: Mapping[str, Path]) -> None:
        """As of `Mirror`: it keeps none."""

    def close(self, whole: bool) -> None:
        """As of `Mirror`: every training has ended by itself."""

    def _summaries(
        self, training: Training, cell: CellSoFar
    ) -> Iterator[tuple[int, Sequence[Summary.Value]]]:
        """What a training's file holds, by step."""
        from tensorboard.compat.proto.summary_pb2 import Summary
        from tensorboard.plugins.hparams import api_pb2, metadata, plugin_data_pb2

        row = training.row
        began = time.time() - row.seconds
        start = plugin_data_pb2.SessionStartInfo(group_name=cell.name, start_time_secs=began)
        for name, value in training.settings.items():
            _set(start.hparams[name], value)
        end = plugin_data_pb2.SessionEndInfo(
            status=api_pb2.STATUS_SUCCESS
            if row.status in ("complete", "stopped")
            else api_pb2.STATUS_FAILURE,
            end_time_secs=began + row.seconds,
        )
        data = plugin_data_pb2.HParamsPluginData
        own = Summary.Value(tag=STATUS_TAG, tensor=metadata.NULL_TENSOR)
        own.metadata.plugin_data.plugin_name = OF_OURS
        own.metadata.plugin_data.content = row.status.encode()
        yield 0, [_told(metadata.SESSION_START_INFO_TAG, data(session_start_info=start)), own]
        for epoch in range(1, max(map(len, training.curves.values()), default=0) + 1):
            there = {n: values for n, values in training.curves.items() if len(values) >= epoch}
            yield (
                epoch,
                [
                    Summary.Value(tag=name, simple_value=values[epoch - 1])
                    for name, values in there.items()
                ],
            )
        yield 0, [_told(metadata.SESSION_END_INFO_TAG, data(session_end_info=end))]

    def _experiment(self) -> Summary.Value:
        """What the HParams page knows of the study: what varies, over which values, and metrics."""
        from tensorboard.plugins.hparams import api_pb2, metadata, plugin_data_pb2

        told = self._asked.told
        experiment = api_pb2.Experiment(name=told["name"])
        levels, domains = told.get("levels", {}), {d["name"]: d for d in told.get("space", ())}
        for name in self._asked.varied:
            info = experiment.hparam_infos.add(name=name, type=api_pb2.DATA_TYPE_FLOAT64)
            domain = domains.get(name, {})
            if name in levels:
                values = [v for v in map(canonical, levels[name]) if v is not None]
                if all(isinstance(value, bool) for value in values):
                    info.type = api_pb2.DATA_TYPE_BOOL
                elif not all(_is_number(value) for value in values):
                    info.type = api_pb2.DATA_TYPE_STRING
                for value in values:
                    _set(info.domain_discrete.values.add(), value)
            elif _is_number(domain.get("low")) and _is_number(domain.get("high")):
                info.domain_interval.min_value = domain["low"]
                info.domain_interval.max_value = domain["high"]
        for metric in self._metrics:
            experiment.metric_infos.add(name=api_pb2.MetricName(tag=metric))
        data = plugin_data_pb2.HParamsPluginData(experiment=experiment)
        return _told(metadata.EXPERIMENT_TAG, data)


def _told(tag: str, data: Any) -> Summary.Value:
    """What the HParams page reads by a tag."""
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.plugins.hparams import metadata

    return Summary.Value(
        tag=tag,
        metadata=metadata.create_summary_metadata(data),
        tensor=metadata.NULL_TENSOR,
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _set(place: Any, value: Any) -> None:
    """Put a setting into protobuf's `Value`, which is null where there is none."""
    value = as_held(value)
    if value is None:
        place.null_value = 0
    elif isinstance(value, bool):
        place.bool_value = value
    elif _is_number(value):
        place.number_value = value
    else:
        place.string_value = str(value)


def _safe(words: str, digest: str) -> str:
    """A folder's name on every system, short enough for Windows, and no other's."""
    return f"{re.sub(r'[^A-Za-z0-9=.,_-]+', '_', words)[:60].strip('.')}-{digest[:8]}"


def _write(
    file: Path, summaries: Iterator[tuple[int, Sequence[Any]]] | list[Any], seconds: float
) -> None:
    """An event file, whole or not at all.

    Args:
        summaries: by step, in order.
        seconds: that they took, ending now.
    """
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.summary.writer.record_writer import RecordWriter

    steps = list(summaries)
    began, last = time.time() - seconds, max((step for step, _ in steps), default=0) or 1
    content = io.BytesIO()
    writer = RecordWriter(content)
    writer.write(Event(wall_time=began, file_version="brain.Event:2").SerializeToString())
    for step, values in steps:
        at = began + seconds * step / last
        event = Event(wall_time=at, step=step, summary=Summary(value=values))
        writer.write(event.SerializeToString())
    file.parent.mkdir(parents=True, exist_ok=True)
    half = file.with_name(".half")  # TensorBoard does not take it for one of its own
    half.write_bytes(content.getvalue())
    half.replace(file)
