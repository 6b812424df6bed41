"""What varies: domains and the space of them all.

`domains` are what one hyperparameter may be, `laws` by what it may be drawn; `space` says which are
there in a cell and which cells there are; `rules` are constraints, parsed.
"""

from interplay.identity import Value
from interplay.space.domains import Choice, Constant, Domain, Float, Int, Law
from interplay.space.space import Space, resolve_name

__all__ = ["Choice", "Constant", "Domain", "Float", "Int", "Law", "Space", "Value", "resolve_name"]
