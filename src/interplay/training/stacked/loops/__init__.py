"""Loops that torch has no operation for, compiled by numba, for CPUs.

`compiled` is how; each of the others belongs to one subject, and is imported where it pays.
"""
