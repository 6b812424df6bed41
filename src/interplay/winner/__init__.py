"""The best cell: its choice as a study, retrained, tested once, handed over.

`chosen` is a choice from a run, `retrain` trains and tests it, `intervals` says how sure its score is.
`export` writes a trained model with all that it rests on into a folder, `card` tells its reader of it;
`load` gives it back, and `loaded` is what one then predicts with.
"""
