"""Folders of TensorBoard's event files, read by its own reader: scalars, and settings with them."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from interplay.errors import TableError, in_one_line

PATTERN = "*.tfevents.*"
"""What event files are called."""
HPARAMS = "hparams"
"""The plugin of TensorBoard's that knows settings."""
OF_OURS, STATUS_TAG = "interplay", "interplay/status"
"""What this tool writes beside, since TensorBoard knows success and failure only: how it ended."""


@dataclass
class Logged:
    """What the event files of one folder hold.

    Attributes:
        scalars: tag, step and value, in the order of logging.
        settings: hyperparameters by name; None where there are none on record.
        status: how the training ended, in TensorBoard's word or ours; None where that is not on
            record.
    """

    scalars: list[tuple[str, int, float]] = field(default_factory=list)
    settings: dict[str, Any] | None = None
    status: str | None = None


def event_folders(root: Path) -> list[Path]:
    """Every folder with event files, `root` or below it."""
    return sorted({file.parent for file in root.rglob(PATTERN) if file.is_file()})


def read_folder(folder: Path) -> Logged:
    """What lies in one folder, those below it left out; of a file broken off all before the break.

    Raises:
        TableError: TensorBoard cannot read it.
    """
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    try:
        found = EventAccumulator(str(folder), size_guidance={"scalars": 0, "tensors": 0})
        found.Reload()
        return _logged(found)
    except Exception as error:  # whatever its reader makes of what is no event file
        raise TableError(
            f"{folder} has an event file that TensorBoard cannot read: {in_one_line(error)}"
        ) from None


def _logged(found: Any) -> Logged:
    from tensorboard.util.tensor_util import make_ndarray

    logged, tags = Logged(), found.Tags()
    for tag in tags["scalars"]:
        logged.scalars += [(tag, e.step, float(e.value)) for e in found.Scalars(tag)]
    for tag in tags["tensors"]:
        # TensorFlow writes scalars so.
        if found.SummaryMetadata(tag).plugin_data.plugin_name == "scalars":
            events = found.Tensors(tag)
            logged.scalars += [(tag, e.step, float(make_ndarray(e.tensor_proto))) for e in events]
    with suppress(KeyError):  # of a plugin that wrote nothing here
        _add_settings(logged, found.PluginTagToContent(HPARAMS))
    with suppress(KeyError):
        logged.status = found.PluginTagToContent(OF_OURS)[STATUS_TAG].decode()
    return logged


def _add_settings(logged: Logged, contents: Mapping[str, bytes]) -> None:
    from tensorboard.plugins.hparams import api_pb2, metadata
    from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData

    for tag, content in contents.items():
        told = HParamsPluginData.FromString(content)
        if tag == metadata.SESSION_START_INFO_TAG:
            found = told.session_start_info.hparams  # in no order
            logged.settings = {name: _value(found[name]) for name in sorted(found)}
        elif tag == metadata.SESSION_END_INFO_TAG:
            word = api_pb2.Status.Name(told.session_end_info.status)
            logged.status = word.removeprefix("STATUS_").lower()
    if logged.settings is not None and logged.status is None:
        logged.status = "running"


def _value(value: Any) -> Any:
    """A setting; whole numbers, which TensorBoard keeps as floats, whole again."""
    kind = value.WhichOneof("kind")
    if kind in (None, "null_value"):
        return None
    found = getattr(value, kind)
    whole = isinstance(found, float) and found.is_integer() and abs(found) < 2**53
    return int(found) if whole else found
