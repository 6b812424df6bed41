"""What a reader may change of any picture: its title, its colours, its size and its words."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypedDict

from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import Colormap

from interplay.analysis.cells import Cells
from interplay.analysis.interaction import Interaction
from interplay.analysis.numbers import short_names
from interplay.errors import InterplayError, UnknownNameError
from interplay.plots.letters import shown


class Looks(TypedDict, total=False):
    """The arguments that every drawing takes.

    title: the first line above it; "" for none. It is the axes' own title, so `ax.set_title`
        replaces it.
    cmap: its colours, a name or a `Colormap` of matplotlib; as given, its upper end is the
        higher number.
    figsize: width and height in inches of a new figure; not with `ax`, whose figure has a size.
    labels: what is drawn in place of a name: `{"hidden_size": "units", "accuracy": "share right"}`.
    """

    title: str | None
    cmap: str | Colormap | None
    figsize: tuple[float, float] | None
    labels: Mapping[str, str]


class Names(NamedTuple):
    """What the axes and the metric are called in a picture."""

    x: str
    y: str
    metric: str


@dataclass(frozen=True)
class Look:
    """`Looks`, checked."""

    title: str | None = None
    cmap: Colormap | None = None
    figsize: tuple[float, float] | None = None
    labels: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, given: Mapping[str, Any], ax: Axes | Sequence[Axes] | None = None) -> Look:
        """The arguments of a drawing on `ax`.

        Raises:
            InterplayError: an argument that there is not, or that is of another kind.
        """
        for name in given:
            if name not in Looks.__annotations__:
                raise UnknownNameError("a picture's argument", name, Looks.__annotations__)
        title, cmap, size, labels = (given.get(name) for name in Looks.__annotations__)
        if title is not None and not isinstance(title, str):
            raise InterplayError(f"title = {title!r}: a title is a text")
        if isinstance(cmap, str):
            if cmap not in colormaps:
                raise UnknownNameError("cmap", cmap, sorted(n for n in colormaps if n[-2:] != "_r"))
            cmap = colormaps[cmap]
        elif cmap is not None and not isinstance(cmap, Colormap):
            raise InterplayError(f"cmap = {cmap!r}: the name of a colour map, or a Colormap")
        if size is not None:
            size = _size(size, ax)
        return cls(title, cmap, size, _texts(labels))

    def names(self, numbers: Cells | Interaction) -> Names:
        """What x, y and the metric of a picture are called.

        Raises:
            UnknownNameError: a label for a name that the picture has not.
        """
        full = numbers.x.name, numbers.y.name, numbers.metric
        short = (*short_names(*full[:2]), numbers.metric)
        self.check_labels({*full, *short})
        texts = (self.label(name, self.label(last)) for name, last in zip(full, short, strict=True))
        return Names(*texts)

    def label(self, name: str, usual: str | None = None) -> str:
        """What is drawn for a name."""
        return shown(self.labels.get(name, name if usual is None else usual))

    def check_labels(self, known: set[str]) -> None:
        """See that each label is of one of these names."""
        for name in self.labels:
            if name not in known:
                raise UnknownNameError("labels: the name", name, sorted(known))

    def first_line(self, usual: str) -> str:
        """The title as asked for, or the usual one."""
        return shown(usual if self.title is None else self.title, lines=True)

    def two_colours(self, dark: str, pale: str) -> tuple[Any, Any]:
        """A dark and a pale colour: these, or those of the colour map asked for."""
        from interplay.plots.palette import DARK_AT, PALE_AT

        return (dark, pale) if self.cmap is None else (self.cmap(DARK_AT), self.cmap(PALE_AT))


def _size(size: Any, ax: object) -> tuple[float, float]:
    if ax is not None:
        raise InterplayError(
            f"figsize = {size!r}: is of a new figure, and `ax` lies in one already; "
            "give that its size: ax.figure.set_size_inches(width, height)"
        )
    try:
        width, height = map(float, size)
    except (TypeError, ValueError):
        width = height = math.nan
    if not (0 < width <= 200 and 0 < height <= 200):
        raise InterplayError(f"figsize = {size!r}: two numbers, width and height in inches")
    return width, height


def _texts(labels: Any) -> Mapping[str, str]:
    labels = {} if labels is None else labels
    if not isinstance(labels, Mapping) or not all(
        isinstance(part, str) for item in labels.items() for part in item
    ):
        raise InterplayError(
            f"labels = {labels!r}: names and what is drawn for them, {{'hidden_size': 'units'}}"
        )
    return labels
