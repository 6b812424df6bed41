"""Members into packs, packs onto Ray Tune, rows into the ledger."""
