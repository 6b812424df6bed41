"""Stacked twins of leaves that have parameters, mix a batch or draw random numbers; a file a kind.

`table` names them all, a row each: what is not there, and needs a twin, does not stack.
"""
