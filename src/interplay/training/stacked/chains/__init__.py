"""Chains of convolution, norm, activation and pooling that run fused, members as channels."""
