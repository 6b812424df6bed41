"""A network as a program of torch.export and as ONNX: files that need none of its code."""

from __future__ import annotations

import io
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from interplay.errors import InterplayError, in_one_line
from interplay.usercode import printing_aside

if TYPE_CHECKING:
    from torch.export import ExportedProgram

INPUTS = ("x", "lengths")
TOLERANCE = 1e-5  # of ONNX: of the largest output, or of 1


class NotExportableError(InterplayError):
    """A model that has no program, with the reason."""


def export_program(network: nn.Module, inputs: tuple[Tensor, ...]) -> ExportedProgram:
    """The network in eval mode as a program for any number of rows.

    Args:
        inputs: two rows or more, as it is called: x, and lengths where it takes them.

    Raises:
        NotExportableError: with torch's reason.
    """
    batch = torch.export.Dim("batch", min=1)
    try:
        with _quiet(), torch.no_grad():
            program = torch.export.export(
                network, inputs, dynamic_shapes=tuple({0: batch} for _ in inputs)
            )
            same = torch.equal(program.module()(*inputs), network(*inputs))
    except Exception as error:  # it runs the user's own code, on what stands for tensors
        raise NotExportableError(f"torch.export: {in_one_line(error)[:300]}") from None
    if not same:
        raise NotExportableError("torch.export: the program's outputs are not the model's")
    return program


def program_bytes(program: ExportedProgram) -> bytes:
    held = io.BytesIO()
    with _quiet():
        torch.export.save(program, held)
    return held.getvalue()


def onnx_bytes(program: ExportedProgram, inputs: tuple[Tensor, ...], outputs: Tensor) -> bytes:
    """The program as an ONNX model whose outputs onnxruntime was seen to give.

    Args:
        inputs: rows to try it with, and what the model gives for them.

    Raises:
        NotExportableError: where onnx, onnxscript or onnxruntime is not installed, or the
            outputs are not the model's to 1e-5.
    """
    try:
        import onnxruntime
        import onnxscript  # noqa: F401
        from onnx import ModelProto  # noqa: F401
    except ImportError as error:
        raise NotExportableError(
            f"ONNX: {error.name} is not installed: pip install 'interplay[export]'"
        ) from None
    try:
        with _quiet():
            made: Any = torch.onnx.export(
                program,
                dynamo=True,
                verbose=False,
                input_names=list(INPUTS[: len(inputs)]),
                output_names=["outputs"],
            )
        content = _unfused(made.model_proto).SerializeToString()
        session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
        names = [held.name for held in session.get_inputs()]
        for rows in (len(outputs), 1):
            given = dict(zip(names, (x[:rows].numpy() for x in inputs), strict=True))
            found = torch.from_numpy(session.run(None, given)[0])
            most = float((found - outputs[:rows]).abs().max())
            if not most <= TOLERANCE * max(1.0, float(outputs.abs().max())):
                raise NotExportableError(f"ONNX: outputs differ from the model's by {most:.1g}")
    except NotExportableError:
        raise
    except Exception as error:  # torch's, onnx's and onnxruntime's own
        raise NotExportableError(f"ONNX: {in_one_line(error)[:300]}") from None
    return bytes(content)


def _unfused(model: Any) -> Any:
    """The model with zeros that are padded before a maximum written as the smallest number above 0.

    onnxruntime (1.31) takes such zeros for the maximum's own padding, which is minus infinity.
    """
    from onnx import TensorProto, helper

    def padding(node: Any) -> str:
        """The name of what is padded with; "" where it is left out, which means zeros."""
        return node.input[2] if len(node.input) > 2 else ""

    pooled = {node.input[0] for node in model.graph.node if node.op_type == "MaxPool"}
    tiny = "smallest_above_zero"
    zeros = {"", *(held.name for held in model.graph.initializer if _is_zero(held))}
    found = False
    for node in model.graph.node:
        if node.op_type == "Pad" and node.output[0] in pooled and padding(node) in zeros:
            node.input[:] = [*node.input[:2], tiny, *node.input[3:]]
            found = True
    if found:
        value = torch.finfo(torch.float32).tiny
        model.graph.initializer.append(helper.make_tensor(tiny, TensorProto.FLOAT, [], [value]))
    return model


def _is_zero(held: Any) -> bool:
    from onnx import numpy_helper

    value = numpy_helper.to_array(held)
    return value.size == 1 and value.dtype.kind == "f" and not value.any()


@contextmanager
def _quiet() -> Iterator[None]:
    """Exporters warn of their own insides, and log what a user cannot change."""
    before = logging.root.manager.disable
    logging.disable(logging.ERROR)
    try:
        with warnings.catch_warnings(), printing_aside():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
