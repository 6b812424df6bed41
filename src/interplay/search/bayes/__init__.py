"""Bayesian optimisation with a Gaussian process over mixed spaces.

`method` has its keys of [search], `searcher` is one for Ray Tune, `space` the unit cube it works
in, `model` the process, `acquire` the choice of the next cell.
"""
