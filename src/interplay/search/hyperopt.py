"""Tree-structured Parzen estimators: Ray's HyperOptSearch (Bergstra et al., 2011)."""

from __future__ import annotations

import logging
import math
from typing import Any, TypeGuard

from interplay.identity import canonical, same_as
from interplay.search.guide import METRIC, SearcherGuide, Task, derived_seed
from interplay.space.domains import Choice, Domain, Float, Int, Law, NoGridError, is_whole
from interplay.space.space import Cell

OWN = ("uniform", "loguniform", "normal", "lognormal")
"""Laws that hyperopt has by the same name, with the same parameters."""


class HyperoptGuide(SearcherGuide):
    """Lists and grids go in as a choice of positions, ranges as they are; laws too, but those that
    hyperopt does not have as the share of draws below."""

    def __init__(self, task: Task) -> None:
        from ray.tune.search.hyperopt import HyperOptSearch

        logging.getLogger("hyperopt").setLevel(logging.ERROR)
        self.domains = {name: task.space.domains[name] for name in task.space.varied}
        self.levels = {name: _levels(domain) for name, domain in self.domains.items()}
        space = {name: _ray_domain(d, self.levels[name]) for name, d in self.domains.items()}
        space = HyperOptSearch.convert_search_space(space)
        # What Ray has no notation for.
        own = {name: _expression(name, domain) for name, domain in self.domains.items()}
        space |= {name: expression for name, expression in own.items() if expression is not None}
        rounded = any(_by_share(d) and d.q is not None for d in self.domains.values())
        super().__init__(task, HyperOptSearch(space, metric=METRIC, mode=task.mode), rounded)

    def seed(self, number: int, attempt: int) -> None:
        import numpy as np

        self.searcher.rstate = np.random.RandomState(derived_seed(self.task, number, attempt))

    def decode(self, found: Cell) -> Cell:
        cell = {}
        for name, domain in self.domains.items():
            levels = self.levels[name]
            if levels is not None:
                cell[name] = levels[int(found[name])]
            elif _by_share(domain):
                cell[name] = domain.at(float(found[name]))
            else:
                assert isinstance(domain, (Float, Int, Law))
                kind = int if is_whole(domain) else float
                cell[name] = min(max(kind(canonical(found[name])), domain.low), domain.high)
        return cell

    def insert(self, number: int | None, cell: Cell, score: float) -> None:
        """As a finished document of hyperopt's own, which is what Ray's searcher lacks a way to."""
        del number
        from hyperopt.base import JOB_STATE_DONE

        trials, sign = self.searcher._hpopt_trials, self.searcher.metric_op
        (tid,) = trials.new_trial_ids(1)
        values: dict[str, Any] = {}
        for name, value in cell.items():
            levels = self.levels[name]
            if levels is not None:
                value = [same_as(v) for v in levels].index(same_as(value))
            elif _by_share(domain := self.domains[name]):
                value = float(domain.share(value))
            values[name] = value
        misc = {
            "tid": tid,
            "cmd": self.searcher.domain.cmd,
            "workdir": self.searcher.domain.workdir,
            "idxs": {name: [tid] for name in values},
            "vals": {name: [value] for name, value in values.items()},
        }
        result = {"loss": sign * score, "status": "ok"}
        (doc,) = trials.new_trial_docs([tid], [None], [result], [misc])
        doc["state"] = JOB_STATE_DONE
        trials.insert_trial_docs([doc])
        trials.refresh()


def _levels(domain: Domain) -> list[Any] | None:
    """The values that a domain may take, where they are listed or on a grid."""
    try:
        return domain.grid()
    except NoGridError:
        return None


def _by_share(domain: Domain) -> TypeGuard[Law]:
    return isinstance(domain, Law) and domain.name not in OWN


def _expression(name: str, domain: Domain) -> Any:
    """What hyperopt itself has for laws and probabilities; None of other domains."""
    from hyperopt import hp

    if isinstance(domain, Choice) and domain.probabilities is not None:
        return hp.pchoice(name, [(p, i) for i, p in enumerate(domain.probabilities)])
    if not isinstance(domain, Law):
        return None
    if _by_share(domain):
        return hp.uniform(name, 0.0, 1.0)
    scale = math.log if domain.name == "loguniform" else float
    law = getattr(hp, domain.name if domain.q is None else f"q{domain.name}")
    return law(name, *map(scale, domain.parameters), *([] if domain.q is None else [domain.q]))


def _ray_domain(domain: Domain, levels: list[Any] | None) -> Any:
    from ray import tune

    if levels is not None:
        return tune.choice(list(range(len(levels))))
    if isinstance(domain, Law):
        return tune.uniform(0.0, 1.0)  # `_expression` has it
    assert not isinstance(domain, Choice)
    if isinstance(domain, Int):
        draw = tune.lograndint if domain.log else tune.randint
        return draw(domain.low, domain.high + 1)
    assert isinstance(domain, Float)
    return (tune.loguniform if domain.log else tune.uniform)(domain.low, domain.high)


def hyperopt(task: Task, /) -> HyperoptGuide:
    return HyperoptGuide(task)
