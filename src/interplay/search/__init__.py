"""Which cells next: searchers by name. Importing this imports neither ray nor a searcher."""

from __future__ import annotations

from dataclasses import dataclass

from interplay.registry import Entry, Registry


@dataclass(frozen=True)
class Method(Entry):
    """A way to search; its builder takes a `Task` and returns a `Guide`.

    Attributes:
        package: what must be installed for it, as pip names it; "" where nothing more.
        module: how Python imports that.
    """

    package: str = ""
    module: str = ""


METHODS: Registry[Method] = Registry("search method")

METHODS.register(Method("grid", "interplay.search.listed:grid", "every combination"))
METHODS.register(Method("random", "interplay.search.listed:random", "independent draws"))
METHODS.register(Method("single", "interplay.search.listed:grid", "the one configuration"))
METHODS.register(
    Method(
        "bayes",
        "interplay.search.bayes.searcher:bayes",
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
        "interplay.search.optuna:optuna_guide",
        "Optuna's samplers, in a study that several drivers may share",
        package="interplay[optuna]",
        module="optuna",
    )
)
