"""Optuna's samplers, in a study of a run's own or in a store that several drivers share."""
