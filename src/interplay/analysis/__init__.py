"""Tables in, tables out: what is computed from the tidy table, before anything is drawn."""

from interplay.analysis.axes import Axis
from interplay.analysis.cells import CellMeans, Cells
from interplay.analysis.checks import check_budgets

__all__ = ["Axis", "CellMeans", "Cells", "check_budgets"]
