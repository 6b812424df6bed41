"""Mirrors: a run's trainings in the trackers that people look at, MLflow and TensorBoard.

The ledger is what counts; a mirror holds what it holds, and what a mirror lacks can be had from it at
any time. All of it happens in the driver. A mirror is a class of `content.Mirror`'s form whose
module says by `mistake` what is wrong with an address; one file and one registration.
"""

from interplay.registry import Entry, Registry

MIRRORS: Registry[Entry] = Registry("tracker")

MIRRORS.register(
    Entry("mlflow", "interplay.tracking.mlflow:MLflow", "a server, or a database, of MLflow's")
)
MIRRORS.register(
    Entry("tensorboard", "interplay.tracking.tensorboard:TensorBoard", "a folder of events")
)
