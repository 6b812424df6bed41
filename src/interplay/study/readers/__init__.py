"""Notations in which people write down what varies; one small module each."""
