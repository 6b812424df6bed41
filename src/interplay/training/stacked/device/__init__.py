"""Where a stack computes, and its steps on a device: recorded once, replayed."""
