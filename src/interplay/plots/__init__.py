"""Numbers in, axes out: drawings of what `analysis` computed. No statistics, nothing is saved.

A picture a file; `palette` has every colour and size, `look` what a reader may change, `letters`
how names are drawn, `canvas` the page.
"""

from interplay.plots.choice import draw_choice
from interplay.plots.curves import draw_curves
from interplay.plots.full import draw_full
from interplay.plots.heatmap import draw_heatmap
from interplay.plots.lines import draw_lines
from interplay.plots.multiples import draw_multiples
from interplay.plots.predictions import draw_confusion, draw_errors
from interplay.plots.residuals import draw_residuals
from interplay.plots.ridge import draw_ridge, overlay_ridge

__all__ = [
    "draw_choice",
    "draw_confusion",
    "draw_curves",
    "draw_errors",
    "draw_full",
    "draw_heatmap",
    "draw_lines",
    "draw_multiples",
    "draw_residuals",
    "draw_ridge",
    "overlay_ridge",
]
