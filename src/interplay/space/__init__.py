"""What varies: domains, their readers, and the space of them all."""

from interplay.space.domains import Choice, Constant, Domain, Float, Int, Value
from interplay.space.space import Space, resolve_name

__all__ = ["Choice", "Constant", "Domain", "Float", "Int", "Space", "Value", "resolve_name"]
