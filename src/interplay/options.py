"""The options of a function, read off its signature: names, types, defaults, one line each.

Families, optimisers, schedules, datasets and users' own builders are all plain functions with
keyword arguments, so a study's keys are checked in one way everywhere. Nothing here imports torch.
"""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import PydanticSchemaGenerationError, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo


@dataclass(frozen=True)
class Option:
    """One keyword argument.

    Attributes:
        name: as in the signature.
        annotation: its type, `Any` where there is none.
        default: `inspect.Parameter.empty` where it must be given.
        doc: one line, from the annotation's `Field(description=…)`.
    """

    name: str
    annotation: Any
    default: Any
    doc: str = ""

    @property
    def required(self) -> bool:
        return self.default is inspect.Parameter.empty

    @property
    def allowed(self) -> str:
        """What values it takes, in words: `whole number ≥ 1`, `none, batch, layer`."""
        adapter = _adapter(self.annotation)
        return "" if adapter is None else _words(adapter.json_schema())

    def read(self, value: Any) -> Any:
        """`value` as the option's type (an int becomes a float where floats are meant).

        Raises:
            ValueError: where it is not allowed, with the reason.
        """
        adapter = _adapter(self.annotation)
        if adapter is None:
            return value
        try:
            return adapter.validate_python(value, strict=True)
        except ValidationError as error:
            raise ValueError(_reason(error)) from None


@dataclass(frozen=True)
class Options:
    """All keyword arguments of a function; `open` where it also takes `**kwargs`."""

    by_name: dict[str, Option]
    open: bool = False


def options_of(function: Callable[..., Any], given: frozenset[str] = frozenset()) -> Options:
    """The options of `function`: every parameter that can be given by name, but the `given` ones.

    Args:
        function: anything callable.
        given: parameters that the caller fills in itself (such as `input_shape`).
    """
    parameters = inspect.signature(function).parameters.values()
    options: dict[str, Option] = {}
    for parameter in parameters:
        named = parameter.kind in (parameter.KEYWORD_ONLY, parameter.POSITIONAL_OR_KEYWORD)
        if not named or parameter.name in given:
            continue
        annotation = _hint(function, parameter)
        fields = [m for m in typing.get_args(annotation)[1:] if isinstance(m, FieldInfo)]
        doc = next((field.description for field in fields if field.description), "")
        options[parameter.name] = Option(parameter.name, annotation, parameter.default, doc)
    return Options(options, any(p.kind is p.VAR_KEYWORD for p in parameters))


def _hint(function: Callable[..., Any], parameter: inspect.Parameter) -> Any:
    """The parameter's type; `Any` where there is none, or only a type checker can know it."""
    if parameter.annotation is parameter.empty:
        return Any
    holder = type("Holder", (), {"__annotations__": {"hint": parameter.annotation}})
    scope = getattr(inspect.unwrap(function), "__globals__", {})
    try:
        return typing.get_type_hints(holder, globalns=scope, include_extras=True)["hint"]
    except Exception:  # whatever a user's annotation may raise
        return Any


def _adapter(annotation: Any) -> TypeAdapter[Any] | None:
    if annotation is Any:
        return None
    try:
        return TypeAdapter(annotation)
    except PydanticSchemaGenerationError:
        return None  # a class of the user's own: nothing to check against


def _reason(error: ValidationError) -> str:
    """The most telling of pydantic's reasons, in lower case."""
    first = error.errors()[0]["msg"]
    return first[:1].lower() + first[1:]


def _words(schema: dict[str, Any], known: Sequence[Any] = ()) -> str:
    """A JSON schema in words; `known` are those said already beside it."""
    if "enum" in schema:
        return ", ".join(str(value) for value in schema["enum"])
    if "const" in schema:
        return str(schema["const"])
    if "anyOf" in schema:
        parts = schema["anyOf"]
        return " or ".join(dict.fromkeys(_words(part, parts) for part in parts))
    kind = schema.get("type")
    if kind == "array":
        items = _words(schema.get("items", {})) or "values"
        return "a list of such" if schema.get("items") in known else f"a list of ({items})"
    names = {
        "integer": "whole number",
        "number": "number",
        "string": "text",
        "boolean": "true, false",
        "null": "nothing",
    }
    words = names.get(str(kind), "")
    if "minimum" in schema and "maximum" in schema:
        return f"{words} {_number(schema['minimum'])} to {_number(schema['maximum'])}"
    bounds = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}
    limits = [f"{sign} {_number(schema[name])}" for name, sign in bounds.items() if name in schema]
    return " ".join([words, " and ".join(limits)]).strip()


def _number(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:g}"
