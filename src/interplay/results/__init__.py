"""The reader's façade: what is asked of a table, and the answers as numbers and pictures."""
