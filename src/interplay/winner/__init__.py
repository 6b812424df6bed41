"""The best cell: its choice as a study, retrained, tested once, handed over.

`chosen` is a choice from a run, `retrain` trains and tests it, `intervals` says how sure its score is.
"""
