"""Laws of probability: draws against scipy's, what may come out, and places in them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from interplay.identity import same_as
from interplay.space.domains import Choice, Law, within
from interplay.space.laws import LAWS

KNOWN = [
    (Law("uniform", (-1.0, 3.0)), stats.uniform(-1, 4)),
    (Law("loguniform", (1e-4, 1e-1)), stats.loguniform(1e-4, 1e-1)),
    (Law("normal", (2.0, 0.5)), stats.norm(2, 0.5)),
    (Law("lognormal", (-3.0, 1.5)), stats.lognorm(s=1.5, scale=np.exp(-3))),
    (Law("beta", (2.0, 5.0)), stats.beta(2, 5)),
    (Law("beta", (0.5, 0.5)), stats.beta(0.5, 0.5)),
]
ROUNDED = [
    (Law("uniform", (0.05, 1.0), 0.1), stats.uniform(0.05, 0.95)),
    (Law("uniform", (3.0, 64.0), 8), stats.uniform(3, 61)),
    (Law("loguniform", (1.0, 512.0), 4), stats.loguniform(1, 512)),
    (Law("normal", (0.0, 3.0), 1), stats.norm(0, 3)),
    (Law("normal", (0.0, 3.0), 0.5), stats.norm(0, 3)),
    (Law("lognormal", (2.0, 1.0), 2), stats.lognorm(s=1, scale=np.exp(2))),
    (Law("beta", (2.0, 2.0), 0.25), stats.beta(2, 2)),
]


def draws(domain, number=4000, seed=0):
    generator = np.random.default_rng(seed)
    return [domain.draw(generator) for _ in range(number)]


@pytest.mark.parametrize(("law", "known"), KNOWN, ids=lambda one: str(one)[:40])
def test_draws_are_scipys(law, known):
    assert stats.kstest(draws(law), known.cdf).pvalue > 0.01
    assert stats.kstest(draws(law), stats.uniform(-9, 9).cdf).pvalue < 1e-6  # it would be seen
    u = np.linspace(0.01, 0.99, 25)
    assert law.values(u) == pytest.approx(known.ppf(u), rel=1e-9)
    assert law.share(known.ppf(u)) == pytest.approx(u, rel=1e-9)


def test_n_less_a_draw_is_log_uniform():
    law = Law("reversed_loguniform", (1e-3, 0.1, 1.0))
    assert stats.kstest(1 - np.array(draws(law)), stats.loguniform(1e-3, 0.1).cdf).pvalue > 0.01
    assert (law.low, law.high) == (0.9, 0.999)
    assert law.share(law.values(0.3)) == pytest.approx(0.3)


@pytest.mark.parametrize(("law", "known"), ROUNDED, ids=lambda one: str(one)[:40])
def test_rounded_draws_have_the_chances_of_what_rounds_to_them(law, known):
    drawn = draws(law)
    assert {type(value) for value in drawn} == {type(law.q)}
    values, counts = np.unique(drawn, return_counts=True)
    assert np.allclose(values / law.q, np.round(values / law.q))
    chances = known.cdf(values + law.q / 2) - known.cdf(values - law.q / 2)
    assert chances.sum() > 0.98
    likely = chances * len(drawn) > 5
    expected = np.append(chances[likely], max(1 - chances[likely].sum(), 1e-9)) * len(drawn)
    found = np.append(counts[likely], len(drawn) - counts[likely].sum())
    if expected[-1] < 1:
        expected, found = expected[:-1] * found[:-1].sum() / expected[:-1].sum(), found[:-1]
    assert stats.chisquare(found, expected * found.sum() / expected.sum()).pvalue > 0.01


def test_rounding_may_leave_the_bounds():
    law = Law("uniform", (0.04, 0.97), 0.1)
    assert (law.low, law.high) == (0.0, 1.0)
    assert within(law, 0.0)
    assert not within(law, 0.05)
    whole = Law("uniform", (1.0, 10.0), 4)
    assert sorted(set(draws(whole, 200))) == [0, 4, 8]
    assert within(whole, 8.0)
    assert not within(whole, 7)


def test_choices_come_as_often_as_they_are_probable():
    choice = Choice(("a", "b", "c"), (0.7, 0.2, 0.1))
    drawn = draws(choice)
    counts = [drawn.count(value) for value in choice.values]
    assert stats.chisquare(counts, 4000 * np.array(choice.probabilities)).pvalue > 0.01
    assert [choice.at(choice.share(value)) for value in choice.values] == ["a", "b", "c"]
    assert (choice.at(0.0), choice.at(1.0)) == ("a", "c")
    assert str(choice) == "one of a (0.7), b (0.2), c (0.1)"


numbers = st.floats(-1e3, 1e3).map(lambda v: round(v, 6))
scales = st.floats(1e-3, 30).map(lambda v: round(v, 6))
low_high = st.tuples(scales, st.floats(1.01, 1e3)).map(lambda pair: (pair[0], pair[0] * pair[1]))
parameters = {
    "uniform": st.tuples(numbers, scales).map(lambda pair: (pair[0], pair[0] + pair[1])),
    "loguniform": low_high,
    "reversed_loguniform": st.tuples(low_high, scales).map(
        lambda three: (*three[0], three[0][1] + three[1])
    ),
    "normal": st.tuples(numbers, scales),
    "lognormal": st.tuples(st.floats(-10, 10), st.floats(0.01, 3)),
    "beta": st.tuples(scales, scales),
}
any_law = st.sampled_from(sorted(LAWS)).flatmap(
    lambda name: st.builds(
        Law,
        st.just(name),
        parameters[name],
        st.none() | st.integers(1, 20) | st.floats(0.01, 3).map(lambda v: round(v, 3)),
    )
)


@given(any_law, st.integers(0, 2**32 - 1))
def test_whatever_is_drawn_lies_in_the_law(law, seed):
    for value in draws(law, 3, seed):
        assert within(law, value), (value, law.low, law.high)
        assert law.low <= value <= law.high
    for value in (*law.corners(), law.middle()):
        assert within(law, value)


@given(any_law, st.floats(0.001, 0.999))
def test_a_share_of_a_value_is_a_place_of_it(law, u):
    value = law.at(u)
    back = law.at(float(law.share(value)))
    if law.q is None:
        assert back == pytest.approx(value, rel=1e-6, abs=1e-6)
    else:
        assert same_as(back) == same_as(value)
