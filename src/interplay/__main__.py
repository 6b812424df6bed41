"""`python -m interplay` is the `interplay` command."""

from interplay.cli import main

main()
