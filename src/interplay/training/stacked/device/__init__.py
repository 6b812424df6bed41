"""Where a stack computes, and its steps on a device: recorded once, replayed.

`place` says what is done on the host, `steps` are those of an epoch elsewhere.
"""
