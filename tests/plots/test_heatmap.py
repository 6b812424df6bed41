"""What the ink says: numbers, words, colours and titles of drawn heatmaps."""

import itertools
from functools import cache

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import QuadMesh
from matplotlib.offsetbox import TextArea
from matplotlib.patches import Rectangle

from interplay.analysis import CellMeans
from interplay.plots import draw_heatmap
from interplay.plots.canvas import luminance
from interplay.plots.heatmap import grid_size
from tests.plots.pictures import bars, laid_out, squares


def table(xs=(8, 16, 32), ys=(0.0, 0.5), seeds=3):
    rows = [
        {"model.h": x, "model.d": y, "seed": s, "status": "complete", "epochs_run": 9}
        | {"accuracy": 0.5 + 0.01 * i + 0.1 * j + 0.01 * s}
        for (i, x), (j, y), s in itertools.product(enumerate(xs), enumerate(ys), range(seeds))
    ]
    return pd.DataFrame(rows)


def cells_of(frame, **options):
    return CellMeans(**{"x": "model.h", "y": "model.d", "metric": "accuracy", **options})(frame)


@cache
def plain(mode="max"):
    """The plain table's cells and heatmap, drawn once: only for looking at."""
    cells = cells_of(table(), mode=mode)
    return cells, draw_heatmap(cells)


def spoil(frame, x, y, status, seeds=(0, 1, 2)):
    at = (frame["model.h"] == x) & (frame["model.d"] == y) & frame["seed"].isin(seeds)
    frame.loc[at, ["status", "accuracy"]] = [status, np.nan]


def words(ax):
    """All text of the figure, legend and footnotes included."""
    found = {t.get_text() for t in ax.figure.findobj(plt.Text)}
    return "\n".join(found | {t.get_text() for t in ax.figure.findobj(TextArea)})


def test_every_square_states_mean_and_sd():
    cells, ax = plain()
    texts = {place: text.get_text() for place, text in squares(ax).items()}
    assert texts[0, 0] == "0.510\n±0.010"
    assert set(texts) == set(np.ndindex(2, 3))
    for place, text in texts.items():
        assert float(text.split("\n")[0]) == pytest.approx(cells.mean[place], abs=5e-4)
    assert ax.get_title() == "accuracy: mean ± sd over 3 seeds"
    assert "n = 3 per cell" in words(ax)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("h", "d")
    assert [t.get_text() for t in ax.get_xticklabels()] == ["8", "16", "32"]
    assert [t.get_text() for t in ax.get_yticklabels()] == ["0", "0.5"]


SPOILT = ("diverged", "failed", "stopped", "unfinished")


@cache
def spoilt():
    """The heatmap of a column a kind: all of its rows below, some of them above; and one without a run."""
    frame = table((*range(len(SPOILT)), 9))
    for x, status in enumerate(SPOILT):
        spoil(frame, x, 0.0, status)
        spoil(frame, x, 0.5, status, seeds=(0,))
    frame = frame[(frame["model.h"] != 9) | (frame["model.d"] != 0.0)]
    return draw_heatmap(cells_of(frame, with_stopped=False))


def test_what_went_wrong_is_drawn_as_such():
    ax = spoilt()
    texts = {place: text.get_text() for place, text in squares(ax).items()}
    assert [texts[0, column] for column in range(5)] == [*SPOILT, "no run"]
    ends = [texts[1, column].split("\n", 2)[2] for column in range(5)]
    assert ends == ["1 div.", "1 fail.", "1 stop.", "1 unf.", "n=3"]  # most squares have two
    legend = "diverged (not finite)", "failed (error)", "stopped early", "no result yet", "no run"
    for part in legend:
        assert part in words(ax)
    short = "div. = diverged, fail. = failed, stop. = stopped, unf. = unfinished: not in the mean"
    assert short in words(ax)


def test_a_square_of_several_kinds_is_what_weighs_most():
    frame = table()
    spoil(frame, 8, 0.0, "unfinished")
    spoil(frame, 8, 0.0, "stopped", seeds=(0, 1))
    assert squares(draw_heatmap(cells_of(frame, with_stopped=False)))[0, 0].get_text() == "stopped"
    spoil(frame, 8, 0.0, "diverged", seeds=(2,))
    assert squares(draw_heatmap(cells_of(frame)))[0, 0].get_text() == "diverged"


def test_kinds_of_squares_are_told_apart_in_grey_too():
    ax = spoilt()
    hatched = [p for p in ax.patches if isinstance(p, Rectangle) and p.get_hatch()]
    assert len({p.get_hatch() for p in hatched}) == len({p.get_facecolor() for p in hatched}) == 5
    for one in hatched:
        light, dark = luminance(one.get_facecolor()), luminance(one.get_edgecolor())
        assert (light + 0.05) / (dark + 0.05) > 1.5


def test_the_legend_holds_only_what_occurs():
    text = words(plain()[1])
    assert "best" in text
    for part in ("diverged", "failed", "no run", "div.", "not in the mean"):
        assert part not in text


@pytest.mark.parametrize(("mode", "better"), [("max", "higher"), ("min", "lower")])
def test_the_bright_end_is_the_better_one(mode, better):
    cells, ax = plain(mode)
    mesh = next(c for c in ax.collections if isinstance(c, QuadMesh))
    light = [luminance(mesh.cmap(mesh.norm(v))) for v in (cells.mean.min(), cells.mean.max())]
    assert (light[1] > light[0]) == (mode == "max")
    assert f"accuracy ({better} is better)" in words(ax)


def test_text_stands_out_on_its_square():
    cells, ax = plain()
    mesh = next(c for c in ax.collections if isinstance(c, QuadMesh))
    for place, text in squares(ax).items():
        one, two = luminance(mesh.cmap(mesh.norm(cells.mean[place]))), luminance(text.get_color())
        assert (max(one, two) + 0.05) / (min(one, two) + 0.05) > 3.5


def test_the_best_square_is_outlined_and_starred():
    cells, ax = plain()
    row, column = cells.best
    outlines = [p for p in ax.patches if isinstance(p, Rectangle) and not p.get_fill()]
    assert {p.get_xy() for p in outlines} == {(column, row)}
    (star,) = [t for t in ax.texts if t.get_text() == "★"]
    assert star.xy[0] == column + 1
    bad = cells_of(table().assign(accuracy=np.nan))
    assert "★" not in words(draw_heatmap(bad))


@pytest.mark.usefixtures("at_once")
def test_a_square_too_small_loses_its_sd_and_the_title_says_so():
    _, ax = plt.subplots(figsize=(3.4, 2.2), layout="constrained")
    draw_heatmap(cells_of(table(ys=range(6))), ax=ax)
    assert all("±" not in text.get_text() for text in squares(ax).values())
    assert squares(ax)
    assert "±" not in words(ax)
    assert ax.get_title().replace("\n", " ") == "accuracy: mean over 3 seeds"
    tiny = draw_heatmap(cells_of(table(range(20), range(20), 1)), figsize=(4.5, 4.0))
    assert not squares(tiny)
    assert max(grid_size(cells_of(table(range(60), range(60), 1)), [])) < 16


def test_numbers_go_up_and_words_go_down():
    _, up = plain()
    assert up.get_ylim()[0] < up.get_ylim()[1]
    none = draw_heatmap(cells_of(table(ys=(0.0, 0.5, "none"))))
    assert none.get_ylim()[0] < none.get_ylim()[1]
    down = draw_heatmap(cells_of(table(ys=("relu", "gelu"))))
    assert down.get_ylim()[0] > down.get_ylim()[1]


def test_names_that_end_alike_stay_whole():
    frame = table().rename(columns={"model.d": "data.h"})
    ax = draw_heatmap(cells_of(frame, y="data.h"))
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("model.h", "data.h")


def test_notes_and_warnings_are_written():
    frame = pd.concat([table().assign(**{"model.norm": n}) for n in ("a", "b")])
    frame["epochs_run"] = 9 + frame["seed"]
    ax = draw_heatmap(cells_of(frame, over="mean", others=("model.norm",)), title="My title")
    text = words(ax).replace("\n", " ")
    assert ax.get_title() == "My title"
    for part in ("over mean of model.norm", "mean ± sd over 3 seeds", "budgets differ between"):
        assert part in text


def test_bins_state_their_n_and_scale():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"lr": 10 ** rng.uniform(-4, 0, 50), "d": rng.random(50)})
    cells = cells_of(frame.assign(accuracy=rng.random(50)), x="lr", y="d")
    ax = draw_heatmap(cells)
    assert ax.get_xlabel() == "lr (bins, log scale)"
    for place, text in squares(ax).items():
        if cells.n[place]:
            assert f"n={cells.n[place]}" in text.get_text()


def outside(ax):
    """Texts that stick out of the figure, but for the colour bar's ticks, which end with it."""
    figure = ax.figure
    laid_out(figure)
    for bar in bars(ax):
        bar.set_yticks([])
    whole = figure.bbox.padded(1)
    shown = [t for t in figure.findobj(plt.Text) if t.get_text() and t.get_visible()]
    boxes = {t.get_text(): t.get_window_extent() for t in shown}
    return [t for t, b in boxes.items() if not (whole.contains(*b.min) and whole.contains(*b.max))]


@pytest.mark.parametrize(
    ("xs", "ys"),
    [
        ((8, 16), (0.0, 0.5)),
        (range(12), (0.0, 0.5)),
        ((1, 2), range(15)),
        (("cosine_annealing_with_warm_restarts", "linear"), ("a_normalisation_with_momentum", "b")),
    ],
)
def test_nothing_is_clipped(xs, ys):
    frame = table(xs, ys)
    spoil(frame, xs[0], ys[0], "diverged")
    spoil(frame, xs[1], ys[0], "failed", seeds=(0,))
    frame["epochs_run"] = 9 + frame["seed"]
    title = "A title that goes on for longer than any of these heatmaps is wide, or nearly so"
    assert outside(draw_heatmap(cells_of(frame), title=title)) == []


def test_it_reads_on_a_dark_page(tmp_path):
    with plt.style.context(["dark_background", {"savefig.facecolor": "black"}]):
        ax = draw_heatmap(cells_of(table()))
        ax.figure.savefig(tmp_path / "dark.png", dpi=40)
    image = plt.imread(tmp_path / "dark.png")
    assert image[2, 2].min() == 1  # opaque white, whatever the style says
    squares_text = set(squares(ax).values())
    texts = [t for t in ax.figure.findobj(plt.Text) if t.get_text() and t not in squares_text]
    assert all(luminance(t.get_color()) < 0.1 for t in texts if t.get_text() != "★")
    _, own = plt.subplots(facecolor="#111111")
    draw_heatmap(cells_of(table()), ax=own)
    assert luminance(own.xaxis.label.get_color()) > 0.5


def test_an_axes_given_is_the_axes_drawn_on():
    _, ax = plt.subplots()
    before = plt.get_fignums()
    assert draw_heatmap(cells_of(table()), ax=ax) is ax
    assert plt.get_fignums() == before


def test_a_failed_drawing_leaves_no_figure(monkeypatch):
    def broken(*_):
        raise RuntimeError("no ink")

    monkeypatch.setattr("interplay.plots.heatmap._draw_special", broken)
    with pytest.raises(RuntimeError):
        draw_heatmap(cells_of(table()))
    assert plt.get_fignums() == []
