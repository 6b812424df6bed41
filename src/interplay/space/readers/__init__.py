"""Notations in which people write down what varies; one file each."""
