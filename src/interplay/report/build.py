"""Build a study's page in its folder: figures, numbers, the author's files, the PDF."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from interplay.analysis.cells import Cells
from interplay.errors import InterplayError, Option
from interplay.report.content import compose
from interplay.report.figures import blank_figures, draw_figures, figures_of
from interplay.report.reflection import Part, first_formula, read_reflection, scaffold
from interplay.report.settings import TEMPLATE, read_settings
from interplay.report.typeset import PageError, typeset
from interplay.results.question import Question
from interplay.results.results import Results
from interplay.signs import on_one_line
from interplay.study.settings import NAME

OLD_WORDS = (
    "the numbers are others than when the reflection was written: another study of this name, or "
    "more trainings; see whether its words still hold"
)
AS_WRITTEN = (
    "stands on the page as it is written: a reflection's mathematics is not typeset; signs such as "
    "α², ≤ and × are"
)


@dataclass(frozen=True)
class Report:
    """What was built.

    Attributes:
        page: the PDF.
        folder: where its figures, `study.json` and the author's files lie.
        reflection: the file that the author writes.
        empty: names of the parts that are still empty.
        notes: what the author should look at.
    """

    page: Path
    folder: Path
    reflection: Path
    empty: tuple[str, ...]
    notes: tuple[str, ...] = ()


def folder_of(results: Results) -> Path:
    """Where a run's report lies: reports/<name>.

    Raises:
        InterplayError: a run folder, from wherever it comes, names its study so that this would be
            a place elsewhere.
    """
    if not NAME.fullmatch(results.name):
        raise InterplayError(
            f"the study of this run is called {results.name!r}, which is no name of a folder; "
            "say where its report goes: ",
            Option("folder"),
        )
    return Path("reports") / results.name


def build_report(
    results: Results, folder: Path, page: Path | None = None, *, final: bool = False
) -> Report:
    """Build the page of a run; `reflection.md` and `report.toml` are made once and never written again.

    Args:
        folder: the report's folder, made where it is not there.
        page: where the PDF goes; by default `report.pdf` in the folder.
        final: refuse a reflection with empty parts.

    Raises:
        PageError: more than one page, or an empty part in a final report.
        InterplayError: the results allow no analysis, or the author's files have mistakes.
    """
    if not results.study:
        raise InterplayError(
            f"a report needs a run folder, and {results.name} is none: `interplay import` makes one "
            "of what another tool left"
        )
    folder.mkdir(parents=True, exist_ok=True)
    reflection_file, settings_file = folder / "reflection.md", folder / "report.toml"
    for file, text in ((reflection_file, scaffold(results.name)), (settings_file, TEMPLATE)):
        if not file.exists():
            file.write_text(text, encoding="utf-8")
    settings, parts = read_settings(settings_file), read_reflection(reflection_file)
    empty = tuple(part.name for part in parts if not part.blocks)
    if final and empty:
        raise PageError(f"{reflection_file}: nothing is written under {', '.join(empty)}")

    question = Question(settings.x or None, settings.y or None, settings.metric or None)
    cells, found = results.cells(question), results.analyse(question)
    content = compose(results, cells, found, settings)
    record = {
        "name": results.name,
        "page": _on_lines(content.to_json()),
        "figures": _on_lines([asdict(figure) for figure in figures_of(cells, found)]),
        "cells": _numbers(cells),
        "interaction": found.to_json(),
    }
    numbers = sha256(json.dumps([results.name, record["cells"]]).encode()).hexdigest()
    words = sha256(reflection_file.read_bytes()).hexdigest()
    seen = _written_beside(folder / "study.json", words) or numbers
    record["reflection"] = {"words": words, "numbers": seen}
    notes = [] if seen == numbers or len(empty) == len(parts) else [OLD_WORDS]
    if formula := first_formula(parts):
        notes.append(f"{formula} {AS_WRITTEN}")
    typed = {
        **record["page"],
        "author": settings.author,
        "language": settings.language,
        "font_size": settings.font_size,
        "figures": record["figures"],
        "reflection": [_typed(part) for part in parts],
    }
    with TemporaryDirectory() as blank:
        blank_figures(cells, Path(blank))
        room = typeset(typed, Path(blank)).room
    draw_figures(cells, found, folder, room)
    pdf = typeset(typed, folder).pdf
    text = json.dumps(record, ensure_ascii=False, indent=1, allow_nan=False)
    (folder / "study.json").write_text(text + "\n", encoding="utf-8")
    page = page or folder / "report.pdf"
    page.write_bytes(pdf)
    return Report(page, folder, reflection_file, empty, tuple(notes))


def _on_lines(words: Any) -> Any:
    """With each text on one line: a name with line breaks would tear the page apart."""
    if isinstance(words, Mapping):
        return {key: _on_lines(value) for key, value in words.items()}
    if isinstance(words, (list, tuple)):
        return [_on_lines(value) for value in words]
    return on_one_line(words) if isinstance(words, str) else words


def _written_beside(file: Path, words: str) -> str | None:
    """The digest of the numbers beside which these words first stood on a page; None if on none."""
    try:
        before = json.loads(file.read_text(encoding="utf-8"))["reflection"]
        return str(before["numbers"]) if before["words"] == words else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _typed(part: Part) -> dict[str, Any]:
    return {"name": part.name, "blocks": list(part.blocks)}


def _numbers(cells: Cells) -> list[dict[str, Any]]:
    """The numbers of every square; unknown ones are null."""
    table = cells.frame().astype(object)
    return [
        {str(key): None if value != value else value for key, value in row.items()}
        for row in json.loads(table.to_json(orient="records"))
    ]
