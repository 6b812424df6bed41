"""A trained model into a folder that stands alone, whole or not at all."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from interplay.data.raw import Taken, raw_of
from interplay.data.scaling import fit_scaling
from interplay.errors import InterplayError
from interplay.models import BUILDER_VERSION, FAMILIES
from interplay.table.folder import remove, temporary
from interplay.training.kept import weights_of
from interplay.training.members import section
from interplay.winner import manifest as files
from interplay.winner.card import card
from interplay.winner.loaded import HandedOver
from interplay.winner.manifest import Manifest, RawPart, ScalingPart, SpecPart
from interplay.winner.program import (
    NotExportableError,
    export_program,
    onnx_bytes,
    program_bytes,
)

if TYPE_CHECKING:
    from torch import Tensor

    from interplay.winner.handed import Handed

TRIED = 64  # rows that an ONNX model is tried with


def export_model(folder: Path, handed: Handed, *, onnx: bool | None = None) -> list[Path]:
    """Write the model with all that is needed to use it and to know it.

    `model.safetensors`, `model.json`, the card `README.md`, `program.pt2` and `model.onnx`. The last
    two are left out where the model has none, and the card says why. An export of before is
    replaced.

    Args:
        onnx: whether ONNX is written; None: where onnx is installed.

    Returns:
        What was written.

    Raises:
        InterplayError: where the folder holds anything else, cannot be written, or ONNX was asked
            for and cannot be had.
    """
    folder = Path(folder).expanduser()
    if folder.exists() and not (folder.is_dir() and _replaceable(folder)):
        raise InterplayError(f"{folder} holds what no export wrote; name another folder")
    model, manifest = handed.model.eval(), _manifest(handed)
    whole = HandedOver(model, manifest)
    content = {files.WEIGHTS: weights_of(model.state_dict())}
    missing = {}
    inputs, outputs = _tried(whole, handed)
    try:
        program = export_program(model, inputs)
        content[files.PROGRAM] = program_bytes(program)
        if onnx is not False:
            content[files.ONNX] = onnx_bytes(program, inputs, outputs)
    except NotExportableError as error:
        if onnx:
            raise
        missing[files.ONNX if files.PROGRAM in content else files.PROGRAM] = str(error)
    if handed.story.picture is not None:
        content[files.PICTURE] = handed.story.picture.read_bytes()
    content[files.CARD] = card(handed, manifest, sorted(content), missing).encode("utf-8")
    digests = {name: files.digest_of(held) for name, held in content.items()}
    content[files.MANIFEST] = files.written(manifest.model_copy(update={"files": digests}))
    _write(folder, content)
    return [folder / name for name in sorted(content)]


def _replaceable(folder: Path) -> bool:
    return files.is_export(folder) or not any(folder.iterdir())


def _manifest(handed: Handed) -> Manifest:
    """All but the files' digests."""
    data, spec, raw = handed.dataset, handed.dataset.spec(handed.kind), raw_of(handed.dataset)
    model = section(handed.config, "model")
    scaling = fit_scaling(
        data.inputs, handed.train_rows, handed.config.get("data.scale", "none"), data.lengths
    )
    own = "builder" in model
    return Manifest(
        interplay=files.FORMAT,
        built_by="builder" if own else "family",
        version=BUILDER_VERSION if own else FAMILIES.get(model["name"]).version,
        config=handed.config,
        spec=SpecPart(
            task=spec.task,
            kind=spec.kind,
            shape=spec.shape,
            num_outputs=spec.num_outputs,
            vocabulary=spec.vocabulary,
        ),
        own_kind=data.kind,
        raw=RawPart(form=raw.form, options=dict(raw.options), unit=raw.unit),
        scaling=None
        if scaling is None
        else ScalingPart(middle=scaling.middle, width=scaling.width),
        lengths=data.lengths is not None,
        classes=data.classes,
        files={},
        versions=files.versions(),
    )


def _tried(whole: HandedOver, handed: Handed) -> tuple[tuple[Tensor, ...], Tensor]:
    """Some rows as the network is called with them, and its outputs; at least two rows."""
    data, rows = handed.dataset, np.resize(handed.train_rows, TRIED)
    lengths = None if data.lengths is None else data.lengths[rows]
    x, known = whole.prepared(Taken(data.inputs[rows], lengths))
    with torch.no_grad():
        outputs = whole(x, known)
    return ((x, known) if known is not None and whole.takes_lengths else (x,)), outputs


def _write(folder: Path, content: dict[str, bytes]) -> None:
    half, before = temporary(folder), temporary(folder)
    try:
        half.mkdir(parents=True)
        for name, held in content.items():
            (half / name).write_bytes(held)
        if folder.exists():
            folder.rename(before)
        half.rename(folder)
    except OSError as error:
        if before.exists() and not folder.exists():
            before.rename(folder)
        shutil.rmtree(half, ignore_errors=True)
        raise InterplayError(
            f"{folder} cannot be written: {error.strerror or error}; name another folder"
        ) from None
    remove(before)
