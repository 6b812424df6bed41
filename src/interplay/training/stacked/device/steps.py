"""Training steps on a device that is not the CPU: queued ahead of it, on CUDA as one graph.

Within an epoch the host asks the device nothing and sends it nothing (but for the one step that is
recorded). On CUDA a small network's step is hundreds of kernels
that take less time than launching them: after a few ordinary steps one is recorded as a CUDA graph,
and from then on replayed (https://pytorch.org/blog/accelerating-pytorch-with-cuda-graphs/).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import torch
from loguru import logger
from torch import Tensor

WARM = 3  # ordinary steps before one is recorded, in which libraries set themselves up


class Recorder(Protocol):
    """What makes a step one that is replayed: the same work on the same memory."""

    def warm(self, body: Callable[[], None]) -> None:
        """Run `body` as usual, where it will be recorded."""
        ...

    def record(self, body: Callable[[], None]) -> Callable[[], None]:
        """Run `body` once, and what will do again what it did."""
        ...


class CudaRecorder:
    """CUDA graphs.

    Attributes:
        refused: whether a recording failed in this process for a reason that stays; what memory it
            had taken torch then keeps, so there is no second try.
    """

    refused = False

    def __init__(self) -> None:
        # One of its own: a library's workspace belongs to a stream, and a graph goes on using it.
        self.stream: Any = torch.cuda.Stream()  # type: ignore[no-untyped-call]

    def warm(self, body: Callable[[], None]) -> None:
        self.stream.wait_stream(torch.cuda.current_stream())
        try:
            with torch.cuda.stream(self.stream):
                body()
        finally:
            torch.cuda.current_stream().wait_stream(self.stream)

    def record(self, body: Callable[[], None]) -> Callable[[], None]:
        graph = torch.cuda.CUDAGraph()
        # A graph has memory of its own: what lies unused, dead graphs' too, it could not have.
        torch.cuda.empty_cache()
        try:
            # The outer one is there to be gone back to: a failed recording leaves its own in place.
            with (
                torch.cuda.stream(torch.cuda.current_stream()),
                torch.cuda.graph(graph, stream=self.stream, capture_error_mode="thread_local"),
            ):
                body()  # says what is to be done; nothing is
        except torch.OutOfMemoryError:
            raise  # a smaller stack may fit
        except BaseException:
            CudaRecorder.refused = True
            raise
        graph.replay()
        return graph.replay


class DeviceSteps:
    """The steps of a stack's epochs. It keeps nothing that keeps the stack.

    Args:
        constant: what a recorded step has taken as it was: where it changes, the step is recorded
            again.
        recorder: None for ordinary steps.
    """

    def __init__(self, constant: Callable[[], object], recorder: Recorder | None) -> None:
        self.constant, self.recorder = constant, recorder
        self.rows: Tensor | None = None
        self._warmed = 0
        self._replay: Callable[[], None] | None = None
        self._recorded: object = None

    def epoch(self, step: Callable[[Tensor], None], rows: Tensor) -> None:
        """All steps of one.

        Args:
            step: from the numbers of its training rows, (members * batch,), to new weights.
            rows: of each step, (steps, members * batch), on the device.
        """
        if self.rows is None:
            self.rows = torch.empty_like(rows[0])
        here = self.rows
        for of_step in rows:
            here.copy_(of_step)
            self._step(lambda: step(here))

    def _step(self, body: Callable[[], None]) -> None:
        if self._replay is not None and self._recorded is not self.constant():
            # Other kernels may be needed now, which a step launched as usual sets up.
            self._replay, self._warmed = None, WARM - 1
        if self.recorder is None:
            body()
        elif self._replay is not None:
            self._replay()
        elif self._warmed < WARM:
            self.recorder.warm(body)
            self._warmed += 1
        else:
            self._recorded = self.constant()
            self._replay = recorded(self.recorder, body)
            if self._replay is None:
                self.recorder = None
                body()


def recorded(recorder: Recorder, body: Callable[[], None]) -> Callable[[], None] | None:
    """`body` done and recorded; None, and nothing done, where it cannot be recorded."""
    try:
        return recorder.record(body)
    except torch.OutOfMemoryError:
        raise
    except RuntimeError as error:
        logger.warning("a step could not be recorded, so all are launched one by one: {}", error)
        return None


def recorder_for(device: str) -> Recorder | None:
    """What records steps there; None where nothing does."""
    return CudaRecorder() if device == "cuda" and not CudaRecorder.refused else None
