"""Ray on this machine: where it is started and stopped. Importing this does not import ray."""

from __future__ import annotations

import logging
import os
import threading
import warnings

# Read when ray is imported: no banners, no usage reports, the working folder kept, no loggers
# that would write every row again, and Ctrl-C for us to handle.
os.environ.setdefault("RAY_AIR_NEW_OUTPUT", "0")
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
os.environ.setdefault("RAY_CHDIR_TO_TRIAL_DIR", "0")
os.environ.setdefault("TUNE_DISABLE_AUTO_CALLBACK_LOGGERS", "1")
os.environ.setdefault("TUNE_DISABLE_SIGINT_HANDLER", "1")
os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")

# In a notebook ray asks for widgets, when it is imported, that it would show nothing of ours in.
logging.getLogger("ray.widgets.util").setLevel(logging.ERROR)
warnings.filterwarnings("ignore", "IProgress not found")

# glibc would give the memory of every step back to the system and fetch it again, page by page:
# a step of a convolutional net takes half as long without. Other systems ignore these.
WORKERS_ENVIRONMENT = {
    "MALLOC_MMAP_MAX_": "0",
    "MALLOC_TRIM_THRESHOLD_": str(2**31 - 1),
    "MALLOC_TOP_PAD_": str(2**26),
}


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
