"""Spaces written down in our notation and read again, and what is drawn from them."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interplay.errors import StudyError
from interplay.identity import same_as
from interplay.space.domains import within
from interplay.study.study import Study
from interplay.study.writing import toml_of
from tests.examples import examples

NAMES = ("aa", "bb", "cc", "dd", "ee")
WORDS = st.sampled_from(["x", "y", "none", "it's"])
NUMBERS = st.integers(1, 5)
RULES = ("aa * 2 <= 6", "aa != bb", "min(aa, bb) < 4 or cc in [1, 2]", "aa % 2 == 0")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("written")
    (folder / "anything.py").write_text("def train(seed, **options): ...\n", encoding="utf-8")
    return folder


@st.composite
def raws(draw):
    """A study's hyperparameters: lists and ranges, tied to what stands before or behind them."""
    raw = {}
    for name in draw(st.permutations(NAMES[: draw(st.integers(2, 5))])):
        kind = draw(st.sampled_from(["numbers", "words", "int", "float", "one"]))
        if kind in ("numbers", "words"):
            several = NUMBERS if kind == "numbers" else WORDS
            own = {"values": draw(st.lists(several, min_size=1, max_size=3, unique=True))}
        elif kind == "one":
            own = {"value": draw(NUMBERS)}
        else:
            low = draw(NUMBERS)
            high = low + draw(NUMBERS)
            ends = (
                {"low": low, "high": high} if kind == "int" else {"low": low / 2, "high": high / 2}
            )
            own = ends | draw(st.sampled_from([{"count": 2}, {"step": ends["high"] - ends["low"]}]))
        listed = [other for other in raw if "values" in raw[other] and "times" not in raw[other]]
        if listed and draw(st.booleans()):
            asked = draw(st.sampled_from(listed))
            values = st.sampled_from(raw[asked]["values"])
            own["when"] = {asked: draw(values | st.lists(values, min_size=1, max_size=2))}
        factors = [other for other in raw if not _has_words(raw[other])]
        if factors and not _has_words(own) and draw(st.integers(0, 3)) == 0:
            own["times"] = draw(st.sampled_from(factors))
        raw[name] = own
    return raw


def _has_words(own):
    return any(isinstance(value, str) for value in own.get("values", ()))


def study(raw, rules, folder, **search):
    tables = {"name": "w", "epochs": 1, "seeds": 1, "trial": {"function": "anything:train", **raw}}
    tables["search"] = {"metric": "loss", **search}
    if rules:
        tables["constraint"] = [{"rule": rule} for rule in rules]
    return Study(folders=[folder], **tables)


@examples(60)
@given(raws(), st.lists(st.sampled_from(RULES), max_size=1))
def test_what_is_written_reads_back_and_draws_what_it_says(folder, raw, rules):
    if len(raw) < 3:
        rules = [rule for rule in rules if "cc" not in rule]
    try:
        first = study(raw, rules, folder)
    except StudyError as error:
        if "constraint" in str(error):  # which no cell keeps, or means nothing for words
            return
        raise
    file = folder / "w.toml"
    file.write_text(toml_of(first.tables), encoding="utf-8")
    again = Study.load(file)
    assert again.space == first.space
    cells = list(again.space.grid())
    keys = [same_as(cell) for cell in cells]
    assert len(set(keys)) == len(keys)
    assert set(keys) == {same_as(cell) for cell in brute(again.space)}

    for number in range(5):
        if not cells:
            break
        cell = again.space.draw(0, number)
        assert all(rule.keeps(cell) for rule in again.space.rules)
        assert set(cell) == set(again.space.active(cell))
        values = again.space.values(cell)
        assert all(within(again.space.domains[name], values[name]) for name in cell)


def brute(space):
    """The cells of all assignments of values to all names."""
    domains = space.domains
    for values in itertools.product(*(domain.grid() for domain in domains.values())):
        cell = space.cell(dict(zip(domains, values, strict=True)))
        if all(rule.keeps(cell) for rule in space.rules):
            yield cell
