"""Blocks that families are made of, one a file, its paper named there.

Importing any of them imports torch.
"""
