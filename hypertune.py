"""Run a study: python hypertune.py [STUDY] [KEY=VALUE …]; the default is studies/digits.toml."""

from interplay.cli.app import hypertune

if __name__ == "__main__":
    hypertune()
