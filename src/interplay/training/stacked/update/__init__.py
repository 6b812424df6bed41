"""From gradients to new weights: the loss, optimisers and schedules of a stack.

What a registered optimiser or schedule names as its stacked form is here.
"""
