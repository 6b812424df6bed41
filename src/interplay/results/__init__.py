"""The reader's façade: what is asked of a table, and the answers as numbers and pictures.

A `Question` becomes rows and options in `asking`, with every guard; `results` has the answers;
`sources` are where tables come from.
"""
