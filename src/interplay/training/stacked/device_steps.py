"""Training steps on a device that is not the CPU: queued ahead of it, on CUDA as one graph.

Within an epoch the host asks the device nothing and sends it nothing but masks, many steps at a
time. On CUDA a small network's step is hundreds of kernels that take less time than launching them:
after a few ordinary steps one is recorded as a CUDA graph, and from then on replayed
(https://pytorch.org/blog/accelerating-pytorch-with-cuda-graphs/).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
import torch
from loguru import logger
from numpy.typing import NDArray
from torch import Tensor, nn

from interplay.training.stacked.leaves import StackedDropout

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
    """CUDA graphs."""

    def __init__(self) -> None:
        self.stream: Any = torch.cuda.Stream()  # type: ignore[no-untyped-call]

    def warm(self, body: Callable[[], None]) -> None:
        self.stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(self.stream):
            body()
        torch.cuda.current_stream().wait_stream(self.stream)

    def record(self, body: Callable[[], None]) -> Callable[[], None]:
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, stream=self.stream, capture_error_mode="thread_local"):
            body()  # says what is to be done; nothing is
        graph.replay()
        return graph.replay


class DeviceSteps:
    """The steps of a stack's epochs.

    Args:
        body: one step: from the numbers of its training rows, (members * batch,), to new weights.
        model: whose dropouts have their masks sent ahead.
        like: where, and in which format, it computes.
        constant: what a recorded step has taken as it was: where it changes, the step is recorded
            again.
        recorder: None for ordinary steps.
    """

    def __init__(
        self,
        body: Callable[[Tensor], None],
        model: nn.Module,
        like: Tensor,
        constant: Callable[[], object],
        recorder: Recorder | None,
    ) -> None:
        self.body, self.constant, self.recorder = body, constant, recorder
        dropouts = [m for m in model.modules() if isinstance(m, StackedDropout) and m.drops]
        self.feeds = [dropout.feed_for(like) for dropout in dropouts]
        self.rows: Tensor | None = None
        self._warmed = 0
        self._replay: Callable[[], None] | None = None
        self._recorded: object = None

    def epoch(self, rows: Tensor, own_steps: NDArray[np.int64]) -> None:
        """All steps of one.

        Args:
            rows: of each step, (steps, members * batch), on the device.
            own_steps: the sequences' own steps in each, (steps, members); ones where there are no
                sequences.
        """
        for feed in self.feeds:
            feed.begin(own_steps)
        if self.rows is None:
            self.rows = torch.empty_like(rows[0])
        for of_step in rows:
            for feed in self.feeds:
                feed.turn()
            self.rows.copy_(of_step)
            self._step()

    def _step(self) -> None:
        if self.recorder is None:
            self._once()
        elif self._warmed < WARM:
            self.recorder.warm(self._once)
            self._warmed += 1
        elif self._replay is not None and self._recorded is self.constant():
            self._replay()
        else:
            self._record(self.recorder)

    def _record(self, recorder: Recorder) -> None:
        self._replay, self._recorded = None, self.constant()
        try:
            self._replay = recorder.record(self._once)
        except torch.OutOfMemoryError:
            raise
        except RuntimeError as error:  # an operation that cannot be recorded
            logger.warning(
                "a step could not be recorded, so all are launched one by one: {}", error
            )
            self.recorder = None
            self._once()

    def _once(self) -> None:
        assert self.rows is not None
        self.body(self.rows)


def recorder_for(device: str) -> Recorder | None:
    """What records steps there; None where nothing does."""
    return CudaRecorder() if device.startswith("cuda") else None
