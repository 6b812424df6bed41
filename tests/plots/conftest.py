"""Figures are closed after each test, and laid out where a test asks for it."""

import matplotlib.pyplot as plt
import pytest
from matplotlib.figure import Figure


@pytest.fixture
def at_once():
    """A test of drawings that are laid out when they are made, as users have them."""


@pytest.fixture(autouse=True)
def _later(request, monkeypatch):
    """To lay a figure out takes most of the time of a drawing, and of most only words and marks
    are looked at: it is done by `laid_out`, which all that measures calls."""
    if "at_once" not in request.fixturenames:
        monkeypatch.setattr(Figure, "draw_without_rendering", lambda figure: None)


@pytest.fixture(autouse=True)
def _closed():
    yield
    plt.close("all")
