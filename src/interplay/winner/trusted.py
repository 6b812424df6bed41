"""A program of torch.export, loaded only where nothing in its file can run.

`torch.export.load` unpickles what the file marks so, falls back to full unpickling for the sample
inputs, loads compiled libraries, evaluates guards and the expressions of shapes as Python, and looks up
any function of torch by its name. So every part is looked at first: tensors as numbers, guards and
shapes of comparisons and sums, and torch's own operations on tensors.
"""

from __future__ import annotations

import ast
import io
import json
import re
import warnings
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn

from interplay.errors import InterplayError

FILES = re.compile(
    r"models/model\.json|data/weights/(weight_\d+|model_weights_config\.json)"
    r"|data/constants/(tensor_\d+|model_constants_config\.json)|data/sample_inputs/model\.pt"
    r"|archive_format|archive_version|byteorder|\.data/(version|serialization_id|storage_alignment)|version"
)
OPERATION = re.compile(r"torch\.ops\.aten\.(\w+)\.(\w+)")
# What an operation's texts are; those of others name files, or are printed.
TEXTS = frozenset(
    {
        *("approximate", "mode", "rounding_mode", "padding_mode", "padding", "equation", "reduce"),
        *("indexing", "interpolation", "side", "ord", "assert_msg"),
    }
)
ON_SHAPES = re.compile(
    r"_operator\.(getitem|add|sub|mul|floordiv|truediv|mod|neg|pow|eq|ne|lt|le|gt|ge|and_|or_)"
    r"|torch\.sym_(max|min|float|int|not|ite|sum)|math\.(ceil|floor|trunc|sqrt)"
)
IN_SHAPES = frozenset(
    {
        *("Symbol", "Integer", "Add", "Mul", "Pow", "Max", "Min", "Mod", "PythonMod", "FloorDiv"),
        *("CleanDiv", "CeilDiv", "IntTrueDiv", "Equality", "Unequality", "StrictLessThan"),
        *("LessThan", "StrictGreaterThan", "GreaterThan", "And", "Or", "Not"),
    }
)
SYMBOL = re.compile(r"[a-z]{1,2}\d+")  # s77, u0
TYPES = frozenset({None, "builtins.tuple", "builtins.list", "builtins.dict"})


class UntrustedError(Exception):
    """What was found in a program that could run, or was never ours."""


class Program(nn.Module):
    """A loaded program as a network: it predicts, and cannot be trained on."""

    def __init__(self, module: Any, lengths: bool) -> None:
        super().__init__()
        self._held = [module]  # no submodule: such a module refuses train() and eval()
        self._lengths = lengths

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        given = (x, lengths) if self._lengths else (x,)
        out: Tensor = self._held[0](*given)
        return out


def load_program(content: bytes, what: str) -> Program:
    """The network of a program's file.

    Args:
        what: the file, for messages.

    Raises:
        InterplayError: where it is none, or something in it could run.
    """
    try:
        names = _check(content)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            module = torch.export.load(io.BytesIO(content)).module()
    except UntrustedError as error:
        raise InterplayError(
            f"{what} is not loaded: {error}, and a handed-over program is numbers and torch's "
            "operations on them"
        ) from None
    except Exception as error:  # of a broken file, or of another torch's
        raise InterplayError(
            f"{what} is not read by torch {torch.__version__} ({type(error).__name__}); "
            "`load_model(…, builder=make)` builds the network by your own function"
        ) from None
    return Program(module, "lengths" in names)


def _check(content: bytes) -> list[str]:
    """The names of the program's inputs.

    Raises:
        UntrustedError: naming the first thing that could run.
    """
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = archive.namelist()
        held = {name.partition("/")[2]: archive.read(name) for name in names}
        if len(held) < len(names) or len({name.partition("/")[0] for name in names}) > 1:
            raise UntrustedError("two of its parts have one name")
    for name in held:
        if not FILES.fullmatch(name):
            raise UntrustedError(f"it has a part {name!r:.80}")
    for kind in ("weights", "constants"):
        config = json.loads(held[f"data/{kind}/model_{kind}_config.json"])["config"]
        for name, said in config.items():
            if said["use_pickle"] or not re.fullmatch(r"(weight|tensor)_\d+", said["path_name"]):
                raise UntrustedError(f"{name!r:.80} is pickled")
    try:  # else torch would go on without this safety
        torch.load(io.BytesIO(held["data/sample_inputs/model.pt"]), weights_only=True)
    except Exception:
        raise UntrustedError("its sample inputs are pickled") from None
    model = json.loads(held["models/model.json"])
    for guard in model["guards_code"]:
        _check_expression(guard, _guard_part, "a guard")
    for key, value in _items(model["graph_module"]):
        if key == "target":
            _check_operation(str(value))
        elif key == "expr_str":
            _check_expression(str(value), _shape_part, "a shape")
        elif key in ("in_spec", "out_spec"):
            _check_structure(str(value))
    for symbol in model["range_constraints"]:
        _check_expression(symbol, _shape_part, "a shape")
    signature = next(
        said["signature"] for said in model["graph_module"]["module_call_graph"] if not said["fqn"]
    )
    return list(signature["forward_arg_names"])


def _items(value: Any) -> Iterator[tuple[str, Any]]:
    """Every key with its value, however deep."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key, inner
            yield from _items(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _items(inner)


def _check_operation(target: str) -> None:
    if ON_SHAPES.fullmatch(target):
        return
    found = OPERATION.fullmatch(target)
    if found:
        overload = getattr(getattr(torch.ops.aten, found[1], None), found[2], None)
        schema = getattr(overload, "_schema", None)
        if schema is not None and _is_on_tensors(schema):
            return
    raise UntrustedError(f"it calls {target!r:.80}")


def _is_on_tensors(schema: Any) -> bool:
    """Whether an operation gives tensors or numbers (or asserts) and takes no text that names a file."""
    texts = {held.name for held in schema.arguments if "str" in str(held.type)}
    given = [str(held.type) for held in schema.returns]
    gives = bool(given) or schema.name.startswith("aten::_assert_")
    return gives and not any("str" in kind for kind in given) and texts <= TEXTS


def _check_structure(text: str) -> None:
    """Inputs and outputs in tuples, lists and dicts, which need no import."""
    for key, value in _items(json.loads(text)):
        if key == "type" and value not in TYPES:
            raise UntrustedError(f"its inputs or outputs are of {value!r:.80}")


def _check_expression(text: str, allowed: Callable[[ast.AST], bool], what: str) -> None:
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise UntrustedError(f"{what} is {text!r:.80}") from None
    if not all(allowed(node) for node in ast.walk(tree)):
        raise UntrustedError(f"{what} is {text!r:.80}")


_ARITHMETIC = (
    *(ast.Expression, ast.Compare, ast.BoolOp, ast.BinOp, ast.UnaryOp, ast.Load),
    *(ast.operator, ast.unaryop, ast.boolop, ast.cmpop),
)


def _is_number(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, (int, float))


def _shape_part(node: ast.AST) -> bool:
    """Numbers, symbols such as s77, and functions of such: `Mul(Integer(2), Symbol('s77'))`."""
    if isinstance(node, ast.Name):
        return node.id in IN_SHAPES or bool(SYMBOL.fullmatch(node.id))
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Name)
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return bool(SYMBOL.fullmatch(node.value))
    return isinstance(node, (*_ARITHMETIC, ast.keyword)) or _is_number(node)


def _guard_part(node: ast.AST) -> bool:
    """Numbers and `L['x'].size()[0]`, `L['x']` being what is given."""
    if isinstance(node, ast.Name):
        return node.id == "L"
    if isinstance(node, ast.Attribute):
        return node.attr == "size"
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Attribute) and not node.args and not node.keywords
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value.isidentifier()
    return isinstance(node, (*_ARITHMETIC, ast.Subscript)) or _is_number(node)
