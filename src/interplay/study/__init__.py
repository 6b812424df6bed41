"""What is asked: a study as it is written, checked as a whole; it holds data only."""
