"""The options of a function, read off its signature: names, types, defaults, one line each.

Families, optimisers, schedules, datasets and users' own builders are all plain functions with
keyword arguments, so a study's keys are checked in one way everywhere. Nothing here imports torch.
"""

from __future__ import annotations

import functools
import inspect
import json
import re
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pydantic import PydanticUserError, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import PydanticSerializationError

from interplay.errors import Mistake, nearest
from interplay.identity import Value, same_as


@dataclass(frozen=True)
class Late:
    """In an annotation: an option that came when rows had been kept already, whose default means
    what they did. A member's key leaves that default out, so that their keys are still right."""


@dataclass(frozen=True)
class Option:
    """One keyword argument.

    Attributes:
        name: as in the signature.
        annotation: its type, `Any` where there is none.
        default: `inspect.Parameter.empty` where it must be given.
        doc: one line, from the annotation's `Field(description=…)`.
        late: see `Late`.
    """

    name: str
    annotation: Any
    default: Any
    doc: str = ""
    late: bool = False

    @property
    def required(self) -> bool:
        return self.default is inspect.Parameter.empty

    @cached_property
    def allowed(self) -> str:
        """What values it takes, in words: `whole number ≥ 1`, `none, batch, layer`; "" where there
        are none for it."""
        try:
            return "" if self._adapter is None else in_words(self._adapter.json_schema())
        except PydanticUserError:  # of what no file can write, such as a function
            return ""

    @cached_property
    def plain_default(self) -> Value:
        """The default as a configuration holds it."""
        return self._plain(self.default)

    def read(self, value: Value) -> Value:
        """`value` as a configuration holds it: an int becomes a float where floats are meant, a
        dataclass gets its own defaults; a tuple stays a list and a path a word.

        Raises:
            ValueError: where it is not allowed, with the reason.
        """
        try:
            return self._plain(self._typed(value))
        except ValidationError as error:
            raise ValueError(_reason(error)) from None

    def mistake(self, key: str, value: Any) -> Mistake | None:
        """What is wrong with `value`, which stands under `key`; None where it is allowed."""
        try:
            self.read(value)
        except (TypeError, ValueError) as error:  # what no JSON can hold, such as a date
            allowed = self.allowed
            # No value and the value none look alike in a mistake.
            reason = f"none (null) is not taken: {error}" if value is None else str(error)
            return Mistake(key, reason, value, allowed, _near(value, allowed))
        return None

    def argument(self, value: Value) -> Any:
        """What the function is called with: `value` of a configuration, of the annotated type."""
        if not self.required and same_as(value) == same_as(self.plain_default):
            return self.default
        return self._typed(value)

    def _typed(self, value: Value) -> Any:
        if self._adapter is None:
            return value
        # As JSON: no number is taken for a word or the reverse, and yet a list can be a tuple, a
        # word a path or a member of an Enum, a table a dataclass.
        return self._adapter.validate_json(json.dumps(value), strict=True)

    def _plain(self, value: Any) -> Value:
        if self._adapter is None or _is_plain(value):
            return value
        try:
            plain = self._adapter.dump_python(value, mode="json", warnings=False)
        except PydanticSerializationError:  # a default that no file can write
            return value
        # A set has an order of its own in every process.
        return sorted(plain, key=same_as) if isinstance(value, (set, frozenset)) else plain

    @cached_property
    def _adapter(self) -> TypeAdapter[Any] | None:
        """What checks values; made once, for making it takes longer than all else."""
        if self.annotation is Any:
            return None
        try:
            return TypeAdapter(self.annotation)
        except Exception:  # as of a class of the user's own: nothing to check against
            return None


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
        notes = typing.get_args(annotation)[1:]
        fields = [note for note in notes if isinstance(note, FieldInfo)]
        late = any(isinstance(note, Late) for note in notes)
        doc = next((field.description for field in fields if field.description), "")
        options[parameter.name] = Option(parameter.name, annotation, parameter.default, doc, late)
    return Options(options, any(p.kind is p.VAR_KEYWORD for p in parameters))


def _scope(function: Any) -> dict[str, Any]:
    """The names that annotations may use where a function is written: the one that is wrapped, or
    of which arguments were filled in; a class's `__init__`, an object's `__call__`."""
    whole: Any = inspect.unwrap(function)
    while isinstance(whole, functools.partial):
        whole = inspect.unwrap(whole.func)
    if inspect.isclass(whole):
        whole = whole.__init__
    elif not hasattr(whole, "__globals__"):
        whole = type(whole).__call__
    return getattr(inspect.unwrap(whole), "__globals__", {})


def _hint(function: Callable[..., Any], parameter: inspect.Parameter) -> Any:
    """The parameter's type; `Any` where there is none, or only a type checker can know it."""
    if parameter.annotation is parameter.empty:
        return Any
    holder = type("Holder", (), {"__annotations__": {"hint": parameter.annotation}})
    try:
        return typing.get_type_hints(holder, globalns=_scope(function), include_extras=True)["hint"]
    except Exception:  # whatever a user's annotation may raise
        return Any


def arguments_of(
    function: Callable[..., Any], values: Mapping[str, Value], given: Mapping[str, Any]
) -> dict[str, Any]:
    """What `function` is called with.

    Args:
        values: of its options, as a configuration holds them.
        given: what the caller provides, where the function names it and no value stands for it.
    """
    options = options_of(function).by_name
    arguments = {name: value for name, value in given.items() if name in options}
    for name, value in values.items():
        arguments[name] = options[name].argument(value) if name in options else value
    return arguments


def _is_plain(value: Any) -> bool:
    """Whether TOML could have written it."""
    if isinstance(value, list):
        return all(map(_is_plain, value))
    return value is None or type(value) in (bool, int, float, str)


def _near(value: Any, allowed: str) -> str | None:
    if not isinstance(value, str):
        return None
    if re.fullmatch(r"[+-]?\d+,\d+", value) and "number" in allowed:
        return value.replace(",", ".")
    return nearest(value, allowed.split(", "))


def _reason(error: ValidationError) -> str:
    """The most telling of pydantic's reasons, in lower case."""
    first = error.errors()[0]["msg"].removeprefix("Value error, ")
    return first[:1].lower() + first[1:]


def in_words(schema: dict[str, Any], known: Sequence[Any] = ()) -> str:
    """A JSON schema in words; `known` are those said already beside it."""
    if "enum" in schema:
        return ", ".join(str(value) for value in schema["enum"])
    if "const" in schema:
        return str(schema["const"])
    if "anyOf" in schema:
        parts = schema["anyOf"]
        return " or ".join(dict.fromkeys(in_words(part, parts) for part in parts))
    kind = schema.get("type")
    if kind == "array":
        items = in_words(schema.get("items", {})) or "values"
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
    if value == 2**63:
        return "2^63"
    return f"{value:,}" if isinstance(value, int) else f"{value:g}"
