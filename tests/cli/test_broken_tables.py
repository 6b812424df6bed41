"""A thousand broken tables: every verb that reads ends in a message or an answer."""

import pytest
from typer.testing import CliRunner

from interplay.cli.app import app
from tests.cli.broken import asked, broken
from tests.conftest import SOAK

SEEDS = range(1000) if SOAK else range(0, 1000, 25)


@pytest.mark.parametrize("part", range(5))
@pytest.mark.filterwarnings("ignore")
def test_a_broken_table_is_a_message_or_a_picture(part, tmp_path):
    for seed in SEEDS[part::5]:
        arguments = asked(seed, broken(seed, tmp_path))
        done = CliRunner().invoke(app, arguments)
        told = f"seed {seed}: {arguments}\n{done.output[-500:]}"
        assert done.exception is None or isinstance(done.exception, SystemExit), told
        assert done.exit_code in (0, 2), told
        errors = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
        assert len(errors) == (done.exit_code == 2), told
