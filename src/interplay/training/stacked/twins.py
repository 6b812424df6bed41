"""Importing this registers every twin."""

from interplay.training.stacked import leaves  # noqa: F401
