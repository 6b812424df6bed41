"""Where members train: Ray on this machine, started and stopped. Importing this does not import ray."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol

from interplay.tuning import before_ray  # noqa: F401

if TYPE_CHECKING:
    from interplay.training.members import Row
    from interplay.tuning.packs import Pack
    from interplay.tuning.search.rounds import Rounds
    from interplay.tuning.worker import Context

    Deliver = Callable[[list[Row]], None]

# glibc would give the memory of every step back to the system and fetch it again, page by page:
# a step of a convolutional net takes half as long without. Other systems ignore these.
WORKERS_ENVIRONMENT = {
    "MALLOC_MMAP_MAX_": "0",
    "MALLOC_TRIM_THRESHOLD_": str(2**31 - 1),
    "MALLOC_TOP_PAD_": str(2**26),
}


class Session(Protocol):
    """Workers, for as long as a run takes.

    Attributes:
        workers: processes that train at once.
    """

    workers: int

    def __enter__(self) -> Session: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

    def begin(self) -> None:
        """Start them in the background: there will be something to train."""
        ...

    def ready(self) -> None:
        """Wait until they are there."""
        ...

    def train(
        self,
        packs: list[Pack],
        context: Callable[[list[Pack]], Context],
        *,
        workers: int,
        resources: dict[str, float],
        deliver: Deliver,
    ) -> None:
        """Train all members of `packs`, every one of which is delivered as a row.

        Args:
            context: makes what workers get from the packs.
            resources: of one worker.
            deliver: called on the driver with finished rows, in the order in which they come.
        """
        ...

    def search(
        self,
        rounds: Rounds,
        context: Context,
        *,
        workers: int,
        resources: dict[str, float],
        deliver: Deliver,
        scheduler: Any = None,
    ) -> None:
        """Train the cells that `rounds` suggests, a trial a cell, until it has no more.

        Args:
            scheduler: Tune's; may stop them between epochs, and their members are then delivered
                as they are.
        """
        ...


class RaySession:
    """Ray on this machine, started and stopped beside other work; one that runs already is used
    and left running.

    Starting takes seconds, most of them waiting; meanwhile the driver reads data, builds models
    and plans.

    Args:
        workers: processes that train at once.
        cpus_per_worker: cores of each.
    """

    def __init__(self, workers: int, cpus_per_worker: int) -> None:
        self.workers, self.cpus = workers, cpus_per_worker
        self._there, self._over = threading.Event(), threading.Event()
        self._begun = self._own = False
        self._error: BaseException | None = None

    def __enter__(self) -> RaySession:
        return self

    def begin(self) -> None:
        """Start Ray, or go on starting it, in the background."""
        if not self._begun:
            self._begun = True
            # The thread lives as long as Ray: Linux kills Ray's processes with the thread that
            # began them. A daemon, so that it cannot keep a broken interpreter alive.
            threading.Thread(target=self._live, name="ray", daemon=True).start()

    def ready(self) -> None:
        """Wait until Ray is there.

        Raises:
            Exception: whatever kept it from starting.
        """
        self.begin()
        self._there.wait()
        if self._error is not None:
            raise self._error

    def train(
        self,
        packs: list[Pack],
        context: Callable[[list[Pack]], Context],
        *,
        workers: int,
        resources: dict[str, float],
        deliver: Deliver,
    ) -> None:
        """As of `Session`."""
        from interplay.tuning.run import train_on_ray

        train_on_ray(packs, context, workers=workers, resources=resources, deliver=deliver)

    def search(
        self,
        rounds: Rounds,
        context: Context,
        *,
        workers: int,
        resources: dict[str, float],
        deliver: Deliver,
        scheduler: Any = None,
    ) -> None:
        """As of `Session`."""
        from interplay.tuning.run import search_on_ray

        search_on_ray(
            rounds,
            context,
            workers=workers,
            resources=resources,
            deliver=deliver,
            scheduler=scheduler,
        )

    def __exit__(self, *exception: object) -> None:
        if not self._begun:
            return
        self._there.wait()
        if self._own:
            import ray

            ray.shutdown()
        self._over.set()

    def _live(self) -> None:
        try:
            import ray

            logging.getLogger("ray").setLevel(logging.ERROR)
            if not ray.is_initialized():
                self._own = True
                # Inherited by Ray's processes; a runtime environment would cost a second more.
                for name, value in WORKERS_ENVIRONMENT.items():
                    os.environ.setdefault(name, value)
                ray.init(
                    # Never a cluster that a stray RAY_ADDRESS happens to name.
                    address="local",
                    num_cpus=self.workers * self.cpus,
                    include_dashboard=False,
                    log_to_driver=False,
                    logging_level=logging.ERROR,
                )
        except BaseException as error:
            self._error = error
        self._there.set()
        self._over.wait()
