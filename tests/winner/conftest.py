from __future__ import annotations

import pytest

from interplay.winner import export
from interplay.winner.program import NotExportableError


@pytest.fixture
def no_program(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is traced, which takes seconds, where a program is not what is tested."""

    def refuse(*arguments: object) -> None:
        raise NotExportableError("torch.export: left out by a test")

    monkeypatch.setattr(export, "export_program", refuse)
