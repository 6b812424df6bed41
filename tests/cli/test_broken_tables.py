"""A thousand broken tables: every verb that reads ends in a message or an answer, and soon."""

import pytest
from typer.testing import CliRunner

from interplay.cli.app import app
from tests.cli.broken import asked, broken
from tests.conftest import SOAK

HERE = range(1000) if SOAK else range(0, 1000, 25)


@pytest.mark.parametrize("first", HERE[:: 50 if SOAK else 8])
@pytest.mark.filterwarnings("ignore")
def test_a_broken_table_is_a_message_or_a_picture(first, tmp_path):
    some = 50 if SOAK else 8
    for seed in HERE[HERE.index(first) :][:some]:
        path = broken(seed, tmp_path)
        arguments = asked(seed, path)
        done = CliRunner().invoke(app, arguments)
        told = f"seed {seed}: {arguments}\n{done.output[-500:]}"
        assert done.exception is None or isinstance(done.exception, SystemExit), told
        assert done.exit_code in (0, 2), told
        assert (done.exit_code == 2) == any(
            line.startswith("error: ") for line in done.stderr.splitlines()
        ), told
