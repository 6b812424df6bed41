"""Numbers in, axes out: drawings of what `analysis` computed. No statistics, nothing is saved."""

from interplay.plots.heatmap import draw_heatmap

__all__ = ["draw_heatmap"]
