"""From gradients to new weights: the loss, optimisers and schedules of a stack."""
