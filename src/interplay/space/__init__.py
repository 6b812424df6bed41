"""What varies: domains and the space of them all."""

from interplay.identity import Value
from interplay.space.domains import Choice, Constant, Domain, Float, Int
from interplay.space.space import Space, resolve_name

__all__ = ["Choice", "Constant", "Domain", "Float", "Int", "Space", "Value", "resolve_name"]
