"""Optuna's samplers, in a study of a run's own or in a store that several drivers share.

`method` has their keys of [search], `guide` is the method, `stores` opens what `storage` names.
"""
