"""Members into packs, packs onto Ray Tune, rows into the ledger.

`execute` is a run from question to results: `plan`, what is missing, `preflight`, `packs`, a
`session` of workers (`run` and `worker` are Ray's part); `search` chooses cells as it goes.
"""
