"""The verbs, and what they print."""
