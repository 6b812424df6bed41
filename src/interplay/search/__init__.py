"""Which cells next: search methods by name, one file (or folder) each.

A method is a function that takes a `guide.Task` and returns a `guide.Guide`; its keyword arguments
are its own keys of [search]. Importing this, or a method's function, imports neither ray nor a
searcher.
"""

from __future__ import annotations

from dataclasses import dataclass

from interplay.registry import Entry, Registry


@dataclass(frozen=True)
class Method(Entry):
    """A way to search.

    Attributes:
        package: what must be installed for it, as pip names it; "" where nothing more.
        module: how Python imports that.
        trials: whether `trials` says how many cells are tried; else the method ends by itself.
        listed: whether its cells are known before anything trains, so that they train across
            cells; a guide of such a method is told no scores.
        on_grid: whether every range needs `count` or `step`.
        varied: whether something must vary; False where nothing may, None where either goes.
    """

    package: str = ""
    module: str = ""
    trials: bool = True
    listed: bool = False
    on_grid: bool = False
    varied: bool | None = True

    def __post_init__(self) -> None:
        if not self.trials and not self.listed:
            raise ValueError(f"search method {self.name!r}: what is not listed has trials")


METHODS: Registry[Method] = Registry("search method")

METHODS.register(
    Method(
        "grid",
        "interplay.search.listed:grid",
        "every combination",
        trials=False,
        listed=True,
        on_grid=True,
        varied=None,
    )
)
METHODS.register(
    Method(
        "random",
        "interplay.search.listed:random",
        "independent draws",
        listed=True,
        varied=None,
    )
)
METHODS.register(
    Method(
        "single",
        "interplay.search.listed:grid",
        "the one configuration",
        trials=False,
        listed=True,
        varied=False,
    )
)
METHODS.register(
    Method(
        "bayes",
        "interplay.search.bayes.method:bayes",
        "Bayesian optimisation with a Gaussian process",
        package="bayesian-optimization",
        module="bayes_opt",
    )
)
METHODS.register(
    Method(
        "hyperopt",
        "interplay.search.hyperopt:hyperopt",
        "tree-structured Parzen estimators (hyperopt)",
        package="hyperopt",
        module="hyperopt",
    )
)
METHODS.register(
    Method(
        "optuna",
        "interplay.search.optuna.method:optuna",
        "Optuna's samplers, in a study that several drivers may share",
        package="interplay[optuna]",
        module="optuna",
    )
)
