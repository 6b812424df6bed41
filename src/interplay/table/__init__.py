"""Rows that stay: the ledger, which owns a run's folder, and the record of its search."""
