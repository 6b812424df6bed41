"""Does [search] fit the study? What its method needs, and what belongs to another."""

from __future__ import annotations

from collections.abc import Sequence

from interplay.data import common as common_data
from interplay.data.folds import IN_ORDER
from interplay.errors import Mistake, how_many, nearest
from interplay.identity import Value
from interplay.metrics import mode_of
from interplay.models.common import UNLEARNT
from interplay.options import options_of
from interplay.search import METHODS
from interplay.space.domains import Choice, Domain, within
from interplay.space.space import Cell, Space, resolve_name
from interplay.study.checked import Checked
from interplay.study.settings import MOST, Search, Settings

FUNCTION = "trial.function"
FOLDS_BY = "data.folds_by"
COMMON = frozenset(options_of(common_data.data).by_name)
MOST_DATA = 10_000
"""Datasets of one search: they are in memory together."""


def check_search(settings: Settings, space: Space, mistakes: list[Mistake]) -> Search:
    """The [search] section with full names; what is wrong with it is added to `mistakes`."""
    search = settings.search
    method = METHODS.get(search.method)
    if method.trials and search.trials is None:
        reason = f"method {method.name!r} needs it"
        mistakes.append(Mistake("search.trials", reason, None, "1 or more"))
    elif not method.trials and search.trials is not None:
        reason = f"method {method.name!r} tries {method.summary}"
        mistakes.append(Mistake("search.trials", reason, search.trials, 'method = "random"'))
    if method.on_grid:
        for name, domain in space.domains.items():
            if isinstance(domain, Choice) and domain.probabilities is not None:
                reason = "a grid has every value, however probable"
                allowed = 'values alone, or search.method = "random"'
                mistakes.append(Mistake(f"{name}.probabilities", reason, None, allowed))
            if not _on_grid(domain):
                mistakes.append(
                    Mistake(
                        name,
                        "a range on a grid needs count or step",
                        str(domain),
                        '{ low = …, high = …, count = 5 }, or search.method = "random"',
                    )
                )
    if method.varied is False:
        reason = f"search.method {method.name!r} trains {method.summary}, and this varies"
        mistakes += [
            Mistake(name, reason, str(space.domains[name]), "one value") for name in space.varied
        ]
    if method.varied and not space.varied:
        mistakes.append(Mistake("search.method", "nothing varies", search.method, "single"))
    if not search.listed:
        _check_data(space, mistakes)
    _check_size(settings, space, mistakes)
    _check_scan(settings, mistakes)
    if FUNCTION in space.domains:
        _check_own_metric(search, mistakes)
    return search.model_copy(update={"points_to_evaluate": _points(search, space, mistakes)})


def check_folds(settings: Settings, space: Space, mistakes: list[Mistake]) -> None:
    """Do the folds fit the study? What data they do not fit is seen when it is there."""
    asked = space.domains.get(FOLDS_BY)
    ways = [] if asked is None else [str(way) for way in asked.grid()]
    if settings.folds is None:
        if ways not in ([], ["auto"]):
            mistakes.append(Mistake(FOLDS_BY, "belongs to folds", str(asked), "folds = 5"))
        if settings.repeats > 1:
            mistakes.append(Mistake("repeats", "of no folds", settings.repeats, "folds = 5"))
    elif settings.repeats > 1 and IN_ORDER in ways:
        reason = f"data.folds_by = {IN_ORDER} cuts in order, each time alike"
        allowed = "1, or data.folds_by = shuffled"
        mistakes.append(Mistake("repeats", reason, settings.repeats, allowed))


def check_frozen(space: Space, sections: Sequence[Checked], mistakes: list[Mistake]) -> None:
    """Only what was learnt before can be kept as it is."""
    frozen = space.domains.get("model.frozen")
    if frozen is None or "model.start" in space.domains:
        return
    above = [value for value in frozen.corners() if value != 0]
    if above and any(section.shares("model.frozen") for section in sections):
        mistakes.append(Mistake("model.frozen", UNLEARNT, above[0], "0, or model.start beside it"))


def loads(name: str) -> bool:
    """Whether a hyperparameter decides which data is loaded, not how it is split and batched."""
    section, _, key = name.partition(".")
    return section == "data" and key not in COMMON


def _check_data(space: Space, mistakes: list[Mistake]) -> None:
    """Every dataset that a search may come to is loaded before it begins."""
    number = 1
    for name, domain in space.domains.items():
        if not loads(name):
            continue
        if domain.size is None:
            reason = "a range of which data is loaded, which is loaded before the search begins"
            allowed = "a list, or a range with count or step"
            mistakes.append(Mistake(name, reason, str(domain), allowed))
        number *= domain.size or 1
    if number > MOST_DATA:
        reason = f"{number:,} datasets, all of which are loaded before the search begins"
        allowed = f"up to {MOST_DATA:,}: fewer values of what is loaded"
        mistakes.append(Mistake("data", reason, None, allowed))


def _check_size(settings: Settings, space: Space, mistakes: list[Mistake]) -> None:
    """Refuse what is too large to be listed, without listing it."""
    search, method = settings.search, METHODS.get(settings.search.method)
    cells = (search.trials or 1) if method.trials else space.size
    if cells is None:
        return  # a range that is on no grid, which is said where it stands
    seeds = settings.seeds if isinstance(settings.seeds, int) else len(settings.seeds)
    parts = (settings.folds or 1) * settings.repeats
    members = cells * seeds * parts
    if members > MOST:
        folds = how_many(parts, "fold")
        each = f"{cells:,} cells × {seeds:,} seeds × {folds}"
        days = members / 100 / 86_400
        reason = (
            f"{each} = {members:,} members; at a hundredth of a second each {days:,.0f} days, "
            f"and {members * 2e-7:,.0f} GB of results"
        )
        key = "search.trials" if method.trials else "search.method"
        value = search.trials if method.trials else search.method
        allowed = f'up to {MOST:,} members: fewer values, or method = "random" with trials'
        mistakes.append(Mistake(key, reason, value, allowed))


def _on_grid(domain: Domain) -> bool:
    return domain.size is not None


def _check_scan(settings: Settings, mistakes: list[Mistake]) -> None:
    search = settings.search
    if search.scheduler is None:
        for key in ("grace_period", "reduction_factor"):
            if key in search.model_fields_set:
                mistakes.append(
                    Mistake(f"search.{key}", "belongs to a scan", getattr(search, key), "scheduler")
                )
        return
    if settings.epochs is None or settings.epochs < 2:
        reason = "a scan stops cells between epochs"
        mistakes.append(Mistake("search.scheduler", reason, search.scheduler, "epochs = 2 or more"))
    elif search.grace_period is not None and search.grace_period >= settings.epochs:
        reason = f"nothing could be stopped in {settings.epochs} epochs"
        allowed = f"1 to {settings.epochs - 1}"
        mistakes.append(Mistake("search.grace_period", reason, search.grace_period, allowed))
    if search.reduction_factor != 3 and search.scheduler != "asha":
        mistakes.append(
            Mistake("search.reduction_factor", "belongs to asha", search.reduction_factor)
        )
    if settings.heatmap is not None:
        reason = "a scan's cells train unequally long, and no heatmap compares those"
        mistakes.append(Mistake("heatmap", reason, None, "a study without search.scheduler"))


def _check_own_metric(search: Search, mistakes: list[Mistake]) -> None:
    """A function of the user's has metrics that only the user knows."""
    if not search.metric:
        reason = "missing: which of the metrics that the function returns is compared"
        mistakes.append(Mistake("search.metric", reason, None, "a name"))
    elif search.mode is None and mode_of(search.metric) is None:
        reason = f"missing: whether {search.metric!r} is better high or low"
        mistakes.append(Mistake("search.mode", reason, None, "max, min"))


def _points(search: Search, space: Space, mistakes: list[Mistake]) -> list[dict[str, Value]]:
    """`points_to_evaluate` with full names."""
    points = []
    for number, point in enumerate(search.points_to_evaluate):
        before, place = len(mistakes), f"search.points_to_evaluate[{number}]"
        full: dict[str, Value] = {}
        for key, value in point.items():
            where = f"{place}.{key}"
            name, near = resolve_name(key, tuple(space.domains))
            if name is None:
                known = ", ".join(space.varied)
                near = near or nearest(key, space.domains)
                mistakes.append(Mistake(where, "no such hyperparameter", value, known, near))
            elif name not in space.times and not within(space.domains[name], value):
                allowed = str(space.domains[name])
                mistakes.append(Mistake(where, "outside what is searched", value, allowed))
            else:
                full[name] = value
        if len(mistakes) == before:
            _check_point(place, full, space, mistakes)
        points.append(full)
    return points


def _check_point(place: str, point: Cell, space: Space, mistakes: list[Mistake]) -> None:
    """Whether a point, what it leaves out filled in, is a cell of the space."""
    cell = space.filled(point)
    for name in point.keys() - cell.keys():
        mistakes.append(Mistake(f"{place}.{name}", "not there in this cell", point[name]))
    if space.holds(cell):
        return
    broken = [rule.text for rule in space.rules if not rule.keeps(cell)]
    reason = f"breaks the rule {broken[0]!r}" if broken else "outside what is searched"
    mistakes.append(Mistake(place, reason, cell))
