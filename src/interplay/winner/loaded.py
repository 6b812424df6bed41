"""A handed-over model as one uses it: raw inputs in, names or values out."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from interplay.data.dataset import DataSpec, as_kind
from interplay.data.raw import Raw, Taken
from interplay.data.scaling import Scaling
from interplay.errors import DataError, InterplayError
from interplay.models.network import call, takes_lengths
from interplay.winner.manifest import Manifest

ROWS = 4096  # at once, as validation has them: it bounds the memory


class HandedOver(nn.Module):
    """A trained model that reads raw inputs; in eval mode.

    Args:
        network: maps (batch, *spec.shape), and lengths where it takes them, to (batch, outputs).

    Attributes:
        spec: of the data as the network reads it.
        classes: their names in the order of the outputs; () where they have none.
        manifest: all that is known of it.
    """

    def __init__(self, network: nn.Module, manifest: Manifest) -> None:
        super().__init__()
        self.network = network
        self.manifest = manifest
        self.spec = DataSpec(**manifest.spec.model_dump())
        self.classes = manifest.classes
        self.raw = Raw(**manifest.raw.model_dump())
        held = manifest.scaling
        self.scaling = None if held is None else Scaling(held.middle, held.width)
        self.takes_lengths = manifest.lengths and takes_lengths(network)
        self.eval()

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Inputs that are prepared already, (batch, *spec.shape), to (batch, outputs)."""
        return call(self.network, x if lengths is None else (x, lengths), self.takes_lengths)

    def prepared(self, taken: Taken) -> tuple[Tensor, Tensor | None]:
        """The network's inputs, and their lengths where there are any, of the dataset's arrays."""
        inputs = taken.inputs
        if self.scaling is not None:
            inputs = self.scaling.apply(inputs, taken.lengths)
        x = torch.from_numpy(np.ascontiguousarray(self._viewed(inputs)))
        return x, None if taken.lengths is None else torch.from_numpy(taken.lengths)

    def _viewed(self, inputs: NDArray[Any]) -> NDArray[Any]:
        return as_kind(inputs, self.manifest.own_kind, self.spec.kind)

    def outputs(self, raw: Any) -> Tensor:
        """The network's outputs for raw inputs, (n, outputs): logits, or values as trained."""
        return self._outputs(self.raw.read(raw))

    def _outputs(self, taken: Taken) -> Tensor:
        if self.manifest.lengths:
            self._check_steps(taken)
        x, lengths = self.prepared(taken)
        with torch.no_grad():
            return torch.cat(
                [
                    self(x[i : i + ROWS], None if lengths is None else lengths[i : i + ROWS])
                    for i in range(0, len(x), ROWS)
                ]
            )

    def predict(self, raw: Any) -> Any:
        """What the model says of raw inputs: one, or several of them.

        Returns:
            Of one input: its class's name (its number where classes have no names); in regression
            (outputs,) values in the source's own unit. Of several: an array of such, n first.

        Raises:
            DataError: where they are not what the model reads.
        """
        taken = self.raw.read(raw)
        out = self._outputs(taken)
        if self.spec.task == "regression":
            values = out.numpy() * self.raw.unit if self.raw.unit != 1 else out.numpy()
            return values[0] if taken.single else values
        said = out.argmax(-1).numpy()
        if not self.classes:
            return int(said[0]) if taken.single else said
        names = np.array(self.classes)[said]
        return str(names[0]) if taken.single else names

    def probabilities(self, raw: Any) -> NDArray[np.float64]:
        """(n, classes), or (classes,) of one input: how likely each class is, as the model has it.

        Raises:
            InterplayError: in regression, which has none.
        """
        if self.spec.task == "regression":
            raise InterplayError("a regression has no probabilities; use predict")
        taken = self.raw.read(raw)
        found: NDArray[np.float64] = self._outputs(taken).double().softmax(-1).numpy()
        return found[0] if taken.single else found

    def _check_steps(self, taken: Taken) -> None:
        """
        Raises:
            DataError: for sequences longer than any trained on, where the model cannot read them.
        """
        most = self._steps
        if taken.inputs.shape[1] <= most or self._reads_longer(taken):
            return
        raise DataError(
            f"this model reads sequences of at most {most} steps, as it was trained on; one of "
            f"these has {taken.inputs.shape[1]}: leave out some of its steps"
        )

    @property
    def _steps(self) -> int:
        """The longest that it was trained on."""
        options = self.raw.options
        return int(options["max_length"] if "max_length" in options else options["shape"][0])

    def _reads_longer(self, taken: Taken) -> bool:
        """Whether what stands behind the longest steps trained on has a say: a network may not take
        them at all, or cut them off."""
        if self.spec.kind != self.manifest.own_kind:
            return False
        longest = taken.lengths.argmax() if taken.lengths is not None else 0
        one = slice(longest, longest + 1)
        lengths = None if taken.lengths is None else taken.lengths[one]
        other = taken.inputs[one].copy()
        end = other[:, self._steps :]
        end[...] = (end + 1) % self.spec.vocabulary if self.spec.vocabulary else end + 1
        try:
            with torch.no_grad():
                here, there = (
                    self(*self.prepared(Taken(x, lengths))) for x in (taken.inputs[one], other)
                )
        except Exception:  # whatever the user's own network raises at such a shape
            return False
        return not torch.equal(here, there)
