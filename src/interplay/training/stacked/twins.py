"""Importing this registers every stacked twin."""

import interplay.training.stacked.chains.chain
import interplay.training.stacked.leaves.conv
import interplay.training.stacked.leaves.dropout
import interplay.training.stacked.leaves.embedding
import interplay.training.stacked.leaves.linear
import interplay.training.stacked.leaves.norm
import interplay.training.stacked.recurrent.layers
import interplay.training.stacked.recurrent.net  # noqa: F401
