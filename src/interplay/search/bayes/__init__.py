"""Bayesian optimisation with a Gaussian process over mixed spaces."""
