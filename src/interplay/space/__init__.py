"""What varies: domains and the space of them all.

`domains` are what one hyperparameter may be; `space` says which are there in a cell and which
cells there are; `rules` are constraints, parsed.
"""

from interplay.identity import Value
from interplay.space.domains import Choice, Constant, Domain, Float, Int
from interplay.space.space import Space, resolve_name

__all__ = ["Choice", "Constant", "Domain", "Float", "Int", "Space", "Value", "resolve_name"]
