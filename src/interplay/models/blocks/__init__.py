"""Blocks that families are made of; importing any of them imports torch."""
