"""Stacked twins of recurrent layers: a scan over steps, chunk by chunk.

`layers` are the twins, `scan` the way through the steps and back, `cells` one step of each kind,
`weights` how they lie; `net` runs a whole network of layers, norms and dropout as one.
"""
