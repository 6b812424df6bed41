"""Stacked twins of leaves that have parameters, mix a batch or draw random numbers; a file each."""
