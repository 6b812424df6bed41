"""Tables in, tables out: what is computed from the tidy table, before anything is drawn.

`rows` places and checks the rows of a question, `checks` has the guards (equal budgets above all);
`cells` are the numbers of a heatmap, `interaction` is the test of one, put together from the rest.
"""

from interplay.analysis.axes import Axis
from interplay.analysis.cells import CellMeans, Cells
from interplay.analysis.checks import check_budgets

__all__ = ["Axis", "CellMeans", "Cells", "check_budgets"]
