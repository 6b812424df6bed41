"""`python -m interplay` is the `interplay` command."""

from interplay.cli.app import main

main()
