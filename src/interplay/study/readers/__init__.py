"""Notations in which people write down what varies; one small module each.

A reader takes a key and its value as a file has it, and gives a domain or the mistakes in it.
"""
