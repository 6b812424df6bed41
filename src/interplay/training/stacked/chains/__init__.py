"""Chains of convolution, norm, activation and pooling that run fused, members as channels.

`chain` finds them in a model, `parts` are what they are made of, `leaves` its twins with members
side by side, `layout` the two layouts and the way between.
"""
