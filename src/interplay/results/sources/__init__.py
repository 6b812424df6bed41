"""Results of other tools, a module each; every one gives a table."""
