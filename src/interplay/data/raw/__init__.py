"""Raw inputs, as one has them outside a study, to the arrays of a dataset: one file a form.

A dataset says of itself which form its inputs have and by which numbers and words it is read (`Raw`):
plain data, no code, so that it can be handed over with a model. Importing this loads no numpy.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from interplay.options import arguments_of
from interplay.registry import Entry, Registry

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from interplay.data.dataset import Dataset


@dataclass(frozen=True)
class Taken:
    """What a form made of raw inputs.

    Attributes:
        inputs: (n, *shape) as in `Dataset.inputs`; the steps of sequences are as many as the longest
            has, and no fewer than the dataset's.
        lengths: (n,) true steps, where the dataset has lengths.
        single: whether one input was given, not a batch of them.
    """

    inputs: NDArray[Any]
    lengths: NDArray[np.int64] | None = None
    single: bool = False


@dataclass(frozen=True)
class Raw:
    """How raw inputs are read: a form by name, and its options, which JSON can hold.

    Attributes:
        unit: what a target of 1 stands for in the source's own unit.
    """

    form: str
    options: Mapping[str, Any] = field(default_factory=dict)
    unit: float = 1.0

    def read(self, given: Any) -> Taken:
        """
        Raises:
            DataError: where they are not what the form reads.
        """
        build = FORMS.get(self.form).build
        taken: Taken = build(given, **arguments_of(build, self.options, {}))
        return taken


@dataclass(frozen=True)
class Form(Entry):
    """A form of raw inputs: `build(given, **options)` gives `Taken`; the summary says what goes in."""


FORMS: Registry[Form] = Registry("form of raw inputs")

for _entry in (
    Form("arrays", "interplay.data.raw.arrays:arrays", "arrays of one shape"),
    Form("sequences", "interplay.data.raw.sequences:sequences", "sequences of any length"),
    Form(
        "pictures",
        "interplay.data.raw.pictures:pictures",
        "files of pictures, pictures of PIL, or pixels from 0 to 255",
    ),
    Form("words", "interplay.data.raw.words:words", "texts"),
    Form("columns", "interplay.data.raw.columns:columns", "rows with these columns"),
):
    FORMS.register(_entry)


def raw_of(dataset: Dataset) -> Raw:
    """What the dataset says, or else that its own arrays go in, sequences in their own length."""
    if dataset.raw is not None:
        return dataset.raw
    shape = list(dataset.inputs.shape[1:])
    if dataset.lengths is not None:
        return Raw("sequences", {"shape": shape})
    return Raw("arrays", {"shape": shape, "whole": dataset.kind == "tokens"})
