"""Members (one training each) and rows (what one training gives)."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any, Literal

from interplay.identity import Value, canonical

Config = dict[str, Value]
Status = Literal["complete", "stopped", "diverged", "failed"]
WITH_RESULT: tuple[Status, ...] = ("complete", "stopped")
"""A diverged member's last finite value is not its result."""


@dataclass(frozen=True)
class Member:
    """One training: a cell × a seed × a fold.

    Attributes:
        key: what it is, as a digest; equal keys are the same training.
        config: the cell's whole configuration under full dotted names.
        seed: of weights, batches and dropout.
        fold, folds: which validation part of how many; None without cross-validation. Repeats count
            the fold on beyond `folds`.
        epochs: how long it trains.
    """

    key: str
    config: Config
    seed: int
    epochs: int
    fold: int | None = None
    folds: int | None = None


@dataclass
class Row:
    """What one training gave; metrics are those of its last epoch, curves hold every epoch's.

    Attributes:
        status: complete; stopped (by a scheduler); diverged (a loss that is not finite);
            failed (with the reason in `error`).
        note: what a reader should know of how it trained, such as why not in a stack.
        seconds: of training and evaluation, on the worker's clock.
        parameters: trainable numbers of the model.
        curves: by metric, one value an epoch.
        weights: of a member that came to its end, where they were asked for: the content of a
            safetensors file. No column of the table.
    """

    key: str
    config: Config
    seed: int
    fold: int | None
    status: Status
    epochs_asked: int
    engine: str
    device: str
    error: str | None = None
    note: str | None = None
    epochs_run: int = 0
    seconds: float = 0.0
    parameters: int | None = None
    curves: dict[str, list[float]] | None = None
    weights: bytes | None = None


def member_key(
    config: Config,
    *,
    epochs: int,
    seed: int,
    fold: int | None,
    folds: int | None,
    data_digest: str,
    sources: dict[str, str],
    model_version: int,
) -> str:
    """The digest that says whether two trainings are the same, 24 hexadecimal digits.

    Args:
        sources: digests of the user's own code, by section.
    """
    cell = CellKey(config, epochs, folds, data_digest, sources, model_version)
    return cell.member(seed, fold)


class CellKey:
    """The keys of a cell's members: what they share is written out and hashed once.

    A key is the digest of the member's description as canonical JSON, names sorted.

    Args: as of `member_key`.
    """

    def __init__(
        self,
        config: Config,
        epochs: int,
        folds: int | None,
        data_digest: str,
        sources: dict[str, str],
        model_version: int,
    ) -> None:
        shared = _text({"config": config, "data": data_digest, "epochs": epochs})
        self._start = hashlib.sha256(f'{shared[:-1]}, "fold": '.encode())
        self._folds = folds
        self._middle = f', "model_version": {_text(model_version)}, "seed": '
        self._end = f', "sources": {_text(sources)}}}'

    def member(self, seed: int, fold: int | None) -> str:
        """The key of one seed and fold."""
        digest = self._start.copy()
        own = f"{_text([fold, self._folds])}{self._middle}{_text(seed)}{self._end}"
        digest.update(own.encode())
        return digest.hexdigest()[:24]


def _text(value: Any) -> str:
    return json.dumps(canonical(value), sort_keys=True, ensure_ascii=False)


def section(config: Config, name: str) -> Config:
    """The part of `config` under `name.`, without that prefix."""
    prefix = f"{name}."
    return {k.removeprefix(prefix): v for k, v in config.items() if k.startswith(prefix)}


def row_of(member: Member, status: Status, *, engine: str, device: str, **rest: Any) -> Row:
    """The row of a member; `rest` are fields of `Row` that the member does not say."""
    return Row(
        key=member.key,
        config=member.config,
        seed=member.seed,
        fold=member.fold,
        status=status,
        epochs_asked=member.epochs,
        engine=engine,
        device=device,
        **rest,
    )


def failed_row(member: Member, reason: str) -> Row:
    """The row of a member that was never trained."""
    return row_of(member, "failed", engine="none", device="none", error=reason)
