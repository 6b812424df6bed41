"""The stacked engine: members of one shape train as one model with a leading member dimension.

Horizontal fusion (HFTA: Wang et al., MLSys 2021, https://arxiv.org/abs/2102.02344). Between
modules everything is plain `(members * batch, …)`, member after member, so that adding,
concatenating features, flattening, pooling and activations work as they stand; only leaves that
have parameters, mix the samples of a batch or draw random numbers have stacked twins.
"""
