"""`model.json`: all that is needed to build a handed-over model and to read its inputs. Data only."""

from __future__ import annotations

import hashlib
import json
import platform
from importlib import metadata
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from interplay.errors import InterplayError, near_path
from interplay.kinds import Kind, Task

FORMAT = 1
MANIFEST, WEIGHTS, CARD = "model.json", "model.safetensors", "README.md"
PROGRAM, ONNX, PICTURE = "program.pt2", "model.onnx", "heatmap.png"
NAMES = frozenset({MANIFEST, WEIGHTS, CARD, PROGRAM, ONNX, PICTURE})


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())


class SpecPart(_Strict):
    """A `DataSpec`."""

    task: Task
    kind: Kind
    shape: tuple[int, ...]
    num_outputs: int
    vocabulary: int


class RawPart(_Strict):
    """A `Raw`."""

    form: str
    options: dict[str, Any]
    unit: float


class ScalingPart(_Strict):
    """A `Scaling`."""

    middle: tuple[float, ...]
    width: tuple[float, ...]


class Manifest(_Strict):
    """What `model.json` holds.

    Attributes:
        interplay: the format's number.
        built_by: a family of ours, or the user's own builder.
        version: of the family, as `Family.version`.
        config: of the model's cell, whole.
        spec: of the data as the model reads it.
        own_kind: the form in which the dataset has its inputs, before `spec.kind`.
        raw: how raw inputs become the dataset's.
        scaling: of the dataset's inputs; None where they are not scaled.
        lengths: whether inputs are padded and come with their lengths.
        classes: their names, where they have names.
        files: SHA-256 of each other file of the folder.
        versions: of what it was made with.
    """

    interplay: int
    built_by: Literal["family", "builder"]
    version: int
    config: dict[str, Any]
    spec: SpecPart
    own_kind: Kind
    raw: RawPart
    scaling: ScalingPart | None
    lengths: bool
    classes: tuple[str, ...]
    files: dict[str, str]
    versions: dict[str, str]


def versions() -> dict[str, str]:
    """Of Python, of this package, and of what computes."""
    packages = ("interplay", "torch", "numpy", "safetensors")
    return {
        "python": platform.python_version(),
        **{name: metadata.version(name) for name in packages},
    }


def digest_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def written(manifest: Manifest) -> bytes:
    """The content of `model.json`, its own digest among it."""
    content = manifest.model_dump(mode="json")
    return json.dumps(
        {**content, "digest": _own_digest(content)}, indent=1, ensure_ascii=False
    ).encode("utf-8")


def is_export(folder: Path) -> bool:
    """Whether a folder is an export, whole or broken, and nothing else."""
    names = {path.name for path in folder.iterdir()}
    return MANIFEST in names and names <= NAMES


def read(folder: Path) -> tuple[Manifest, dict[str, bytes]]:
    """The manifest of a folder, and the content of its files, each as it was written.

    Raises:
        InterplayError: where it is no export, a newer one, or not as it was written.
    """
    if not folder.is_dir():
        raise InterplayError(f"there is no folder {folder}{near_path(folder)}")
    try:
        content = json.loads((folder / MANIFEST).read_bytes())
        number = content.pop("interplay")
        digest = content.pop("digest", None)
    except (OSError, ValueError, KeyError, AttributeError, TypeError, RecursionError):
        raise InterplayError(
            f"{folder} is no model that interplay handed over: it has no {MANIFEST} of one"
        ) from None
    if number != FORMAT:
        raise InterplayError(
            f"{folder} was written in format {number!r}, and this interplay reads format {FORMAT}; "
            "install the version of interplay that its README.md names"
        )
    content["interplay"] = number
    try:
        manifest = Manifest.model_validate_json(json.dumps(content), strict=True)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise InterplayError(f"{folder / MANIFEST} is broken: {where}: {first['msg']}") from None
    if digest != _own_digest(content):
        raise InterplayError(f"{folder / MANIFEST} {CHANGED}")
    # A card is for people, who may add to it.
    held = {name: digest for name, digest in manifest.files.items() if name != CARD}
    return manifest, {name: _checked(folder, name, digest) for name, digest in held.items()}


CHANGED = "is not as it was handed over (its SHA-256 is another); get the folder anew"


def _checked(folder: Path, name: str, digest: str) -> bytes:
    if name not in NAMES:  # such as ../elsewhere
        raise InterplayError(f"{folder / MANIFEST} names a file that no export has: {name!r:.80}")
    try:
        content = (folder / name).read_bytes()
    except OSError as error:
        raise InterplayError(f"{folder / name} cannot be read: {error.strerror}") from None
    if digest_of(content) != digest:
        raise InterplayError(f"{folder / name} {CHANGED}")
    return content


def _own_digest(content: dict[str, Any]) -> str:
    text = json.dumps(content, sort_keys=True, ensure_ascii=False)
    return digest_of(text.encode("utf-8", "surrogatepass"))
