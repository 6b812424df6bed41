"""Stacked twins of recurrent layers: a scan over steps, chunk by chunk."""
