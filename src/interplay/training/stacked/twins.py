"""Importing this registers every twin."""

from interplay.training.stacked import chain, conv, leaves, recurrent, recurrent_net  # noqa: F401
