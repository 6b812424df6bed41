"""The page itself: one A4, every number in study.json, hostile words harmless, nothing cut."""

import io
import json
import re
import shutil
from dataclasses import replace
from importlib import resources
from pathlib import Path

import matplotlib.image as images
import numpy as np
import pypdf
import pytest
from typer.testing import CliRunner

from interplay.cli.app import app
from interplay.errors import InterplayError, StudyError, as_flag
from interplay.report import build
from interplay.report.build import OLD_WORDS, build_report, folder_of
from interplay.report.figures import SHRUNK, TALLEST, WIDTHS, draw_figures
from interplay.report.reflection import PARTS
from interplay.report.typeset import PageError, typeset
from interplay.results.results import Results

ROOT = Path(__file__).parent.parent.parent
WORDS = "Wider networks bear more dropout, because what is lost is held elsewhere as well. "


def written(words=WORDS):
    return "\n".join(f"## {part}\n\n{words}\n" for part in PARTS)


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "report"


@pytest.fixture
def finished_page(finished, folder):
    folder.mkdir()
    (folder / "reflection.md").write_text(written(2 * WORDS))
    build_report(finished, folder, final=True)
    return folder


def pages_of(file):
    return pypdf.PdfReader(file).pages


def text_of(file):
    return "\n".join(page.extract_text() for page in pages_of(file))


def test_a_first_page_says_what_is_still_to_write(finished, folder):
    built = build_report(finished, folder)
    assert built.empty == PARTS
    text = text_of(built.page)
    assert text.count("not written yet") == 4
    assert len(pages_of(built.page)) == 1
    box = pages_of(built.page)[0].mediabox
    assert (round(box.width), round(box.height)) == (595, 842)
    assert {f.name for f in folder.iterdir()} == {
        "reflection.md", "report.toml", "report.pdf", "study.json", "heatmap.svg", "interaction.svg",
    }  # fmt: skip
    with pytest.raises(PageError, match="nothing is written under Hypothesis, Observation"):
        build_report(finished, folder, final=True)


def test_the_authors_files_are_never_written_again(finished, finished_page):
    before = (finished_page / "reflection.md").read_text()
    (finished_page / "report.toml").write_text('title = "Mine"\nauthor = "A. Student"\n')
    build_report(finished, finished_page)
    assert (finished_page / "reflection.md").read_text() == before
    text = text_of(finished_page / "report.pdf")
    assert "Mine" in text
    assert "A. Student" in text
    assert "not written yet" not in text
    assert text.count("Wider networks") == 8


def test_every_number_on_the_page_is_in_the_record(finished_page):
    record = json.loads((finished_page / "study.json").read_text())
    known = json.dumps(record["page"], ensure_ascii=False) + json.dumps(record["figures"])
    text = text_of(finished_page / "report.pdf").partition("Reflection")[0]
    text = re.sub(r"-\n", "", text)
    numbers = re.findall(r"\d+(?:\.\d+)?(?:e-?\d+)?", text)
    assert len(numbers) > 30
    assert [number for number in numbers if number not in known] == []
    cells = {(cell["model.hidden_size"], cell["model.dropout"]): cell for cell in record["cells"]}
    assert len(cells) == 9
    assert all(cell["n"] == 3 for cell in cells.values())
    assert record["interaction"]["n_used"] == 27


def test_the_page_says_what_it_rests_on(finished_page):
    text = " ".join(text_of(finished_page / "report.pdf").split())
    for words in (
        "27 of 27 trainings",
        "mean ± sd over 3 seeds",
        "analysis of variance, type II, seeds as blocks",
        "3 seeds: where the best lies has no interval",
        "2 epochs, every model equally long",
    ):
        assert words in text


def test_the_same_input_gives_the_same_bytes(finished, finished_page, tmp_path, monkeypatch):
    monkeypatch.setattr(build, "draw_figures", draw_figures)
    again = tmp_path / "again"
    again.mkdir()
    shutil.copy(finished_page / "reflection.md", again)
    build_report(finished, again)
    for name in ("report.pdf", "heatmap.svg", "interaction.svg", "study.json"):
        assert (again / name).read_bytes() == (finished_page / name).read_bytes(), name


def test_fonts_are_embedded_and_figures_described(finished_page):
    reader = pypdf.PdfReader(finished_page / "report.pdf")
    fonts = reader.pages[0]["/Resources"]["/Font"].get_object()
    assert fonts
    for font in fonts.values():
        below = font.get_object()["/DescendantFonts"][0].get_object()
        descriptor = below["/FontDescriptor"].get_object()
        assert {"/FontFile2", "/FontFile3"} & set(descriptor)
    raw = (finished_page / "report.pdf").read_bytes()
    assert reader.metadata.title == "small: hidden_size × dropout"
    assert reader.trailer["/Root"]["/MarkInfo"]["/Marked"]
    alternatives = [
        str(o.get_object().get("/Alt"))
        for o in (reader.get_object(i) for i in range(1, len(reader.xref[0]) + 1))
        if isinstance(o.get_object(), dict) and "/Alt" in o.get_object()
    ]
    assert any(alt.startswith("Heatmap of accuracy over hidden_size") for alt in alternatives)
    assert raw.startswith(b"%PDF")


def test_too_long_is_an_error_with_the_lines_too_many(finished, finished_page):
    (finished_page / "reflection.md").write_text(written(60 * WORDS))
    page = finished_page / "report.pdf"
    before = page.read_bytes()
    with pytest.raises(PageError) as long:
        build_report(finished, finished_page)
    lines = int(re.search(r"the page is (\d+) lines too long", str(long.value))[1])
    (finished_page / "reflection.md").write_text(written(61 * WORDS))
    with pytest.raises(PageError) as longer:
        build_report(finished, finished_page)
    more = int(re.search(r"the page is (\d+) lines too long", str(longer.value))[1])
    assert 10 < lines <= more <= lines + 4
    assert page.read_bytes() == before


HOSTILE = [
    '#read("/etc/passwd") #import "x.typ": * #eval("1+1")',
    '$ x^2 $ \\ #set page(width: 3pt) #pagebreak() <end>',
    "![](/etc/passwd) ![](heatmap.svg) [a](javascript:alert(1))",
    '"); #panic("out") // /* ] } ) `` ` @ref ~ -- --- \\u{41}',
    "<script>alert(1)</script> &lt; *unclosed **both",
    "| a | b |\n|---|---|\n| 1 | 2 |\n\n> quoted #strong[x]\n\n    code #read(\"y\")",
]  # fmt: skip


@pytest.mark.parametrize("words", HOSTILE)
def test_hostile_markdown_is_shown_as_text(finished, folder, words):
    folder.mkdir()
    (folder / "reflection.md").write_text(written(words))
    built = build_report(finished, folder)
    assert len(pages_of(built.page)) == 1
    text = "".join(text_of(built.page).split())
    assert "root:" not in text
    for token in ("#read", "#import", "#eval", "#panic", "#pagebreak", "<script>", "#strong"):
        assert text.count(token) == 4 * words.count(token)


def test_hostile_settings_are_text_too(finished, folder):
    folder.mkdir()
    (folder / "report.toml").write_text(
        "title = '#panic(\"x\") $a$'\nquestion = '*b* #read(\"c\")'\n"
    )
    text = text_of(build_report(finished, folder).page)
    assert '#panic("x") $a$' in text
    assert '*b* #read("c")' in text


def test_mistakes_in_the_settings_are_told_together(finished, folder):
    folder.mkdir()
    (folder / "report.toml").write_text('titel = "x"\nfont_size = 30\n')
    with pytest.raises(StudyError) as error:
        build_report(finished, folder)
    assert "did you mean 'title'" in str(error.value)
    assert "font_size" in str(error.value)
    for broken in ("title = ", f"font_size = {'9' * 5000}"):
        (folder / "report.toml").write_text(broken)
        with pytest.raises(StudyError, match="no TOML"):
            build_report(finished, folder)


def test_a_missing_figure_is_named(finished_page, tmp_path):
    record = json.loads((finished_page / "study.json").read_text())
    page = {
        **record["page"], "author": "", "language": "en", "font_size": 9.0,
        "figures": record["figures"], "reflection": [],
    }  # fmt: skip
    assert typeset(page, finished_page).pdf.startswith(b"%PDF")
    with pytest.raises(PageError, match=r"heatmap\.svg"):
        typeset(page, tmp_path)


def picture(results, folder, monkeypatch):
    """The page as grey values, 0 black to 1 white, at 100 dots an inch: drawn by Typst itself."""
    import typst

    drawn = []

    def also_drawn(page, folder):
        template = resources.files("interplay.report").joinpath("page.typ").read_bytes()
        words = {"page": json.dumps(page)}
        compiler = typst.Compiler(template, root=str(folder), sys_inputs=words)
        drawn.append(compiler.compile(format="png", ppi=100))
        return typeset(page, folder)

    with monkeypatch.context() as patch:
        patch.setattr(build, "typeset", also_drawn)
        build.build_report(results, folder)
    return images.imread(io.BytesIO(drawn[-1]))[:, :, :3].mean(axis=2)


def lines_of(file):
    """(x, y, size, text) of every piece of text on the page."""
    found = []

    def visit(text, _, matrix, __, size):
        if text.strip():
            found.append((matrix[4], matrix[5], size, text.strip()))

    pages_of(file)[0].extract_text(visitor_text=visit)
    return found


def test_no_line_of_text_runs_into_another(finished_page):
    pieces = [(x, y, text) for x, y, _, text in lines_of(finished_page / "report.pdf")]
    assert len(pieces) > 20
    for left in (True, False):
        column = sorted({round(y, 1) for x, y, _ in pieces if (x < 297) == left})
        gaps = np.diff(column)
        assert ((gaps < 1) | (gaps > 7)).all(), gaps


def test_nothing_is_cut_at_the_page_or_drawn_over(finished, finished_page, monkeypatch):
    """White margins all around; and a longer reflection moves nothing above it."""
    page = picture(finished, finished_page, monkeypatch)
    assert page.shape == (1169, 827)
    edge = int(0.4 * 100)
    for part in (page[:edge], page[-edge:], page[:, :edge], page[:, -edge:]):
        assert part.min() > 0.99
    (finished_page / "reflection.md").write_text(written(4 * WORDS))
    longer = picture(finished, finished_page, monkeypatch)
    differs = np.flatnonzero((page != longer).any(axis=1))
    assert differs.min() > 0.5 * len(page)


def test_figures_stand_beside_each_other_and_above_the_words(finished, finished_page, monkeypatch):
    """Without the figures their part of the page is white, so nothing else is drawn there."""
    page = picture(finished, finished_page, monkeypatch)

    def blank(cells, found, folder, room):
        draw_figures(cells, found, folder, room)
        for file in WIDTHS:
            text = (folder / file).read_text()
            (folder / file).write_text(re.sub(r"<g id=.*</g>", "", text, flags=re.DOTALL))

    with monkeypatch.context() as patch:
        patch.setattr(build, "draw_figures", blank)
        without = picture(finished, finished_page, monkeypatch)
    assert without.shape == page.shape
    ink = (page != without).any(axis=1)
    rows = np.flatnonzero(ink)
    assert len(rows) > 150  # they are there
    inside = without[rows.min() : rows.max() + 1]
    assert inside.min() > 0.99  # and nothing else is
    middle = page[rows.min() : rows.max() + 1]
    columns = np.flatnonzero((middle < 0.99).any(axis=0))
    gap = columns[np.argmax(np.diff(columns))], np.diff(columns).max()
    assert gap[1] >= 4  # they do not touch


@pytest.mark.parametrize("name", ["digits", "digits-conv", "gestures-depth"])
def test_the_pages_that_make_report_builds_fit(finished, folder, name):
    """The words that git keeps, on a small run: one finished page."""
    shutil.copytree(ROOT / "reports" / name, folder, ignore=shutil.ignore_patterns("*.p*", "*.csv"))
    built = build_report(finished, folder, final=True)
    assert len(pages_of(built.page)) == 1
    assert built.empty == ()


def test_the_verb(finished_run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run = str(finished_run)

    def call(*arguments):
        return CliRunner().invoke(app, ["report", *arguments])

    done = call(run)
    assert done.exit_code == 0, done.output
    assert done.stdout.strip() == "reports/small/report.pdf"
    assert "to write: Hypothesis" in done.stderr
    assert (tmp_path / "reports/small/reflection.md").exists()
    assert call(run, "-o", "page.pdf").exit_code == 0
    assert (tmp_path / "page.pdf").read_bytes().startswith(b"%PDF")
    for wrong, message in (
        ((run, "--final"), "nothing is written under"),
        ((run, "-o", "page.png"), "ends in .pdf"),
        ((run, "-o", "no/where.pdf"), "no folder"),
        ((str(tmp_path / "runs"),), "no file or folder"),
    ):
        refused = call(*wrong)
        assert refused.exit_code == 2
        assert message in refused.stderr
        assert "Traceback" not in refused.output


def test_a_report_lies_below_reports_whatever_a_run_calls_itself(finished):
    assert folder_of(finished) == Path("reports/small")
    for name in ("../escaped", "/tmp/x", "a/b", "..", ""):
        with pytest.raises(InterplayError, match="its report goes: `folder`") as error:
            folder_of(Results(replace(finished.table, name=name)))
        assert error.value.said(as_flag).endswith("`--folder`")


def test_a_reflection_beside_other_numbers_is_said_until_it_is_written_again(
    finished, finished_page
):
    assert build_report(finished, finished_page).notes == ()
    halved = finished.frame.assign(accuracy=finished.frame["accuracy"] / 2)
    other = Results(replace(finished.table, frame=halved))
    assert build_report(other, finished_page).notes == (OLD_WORDS,)
    assert build_report(other, finished_page).notes == (OLD_WORDS,)
    (finished_page / "reflection.md").write_text(written(3 * WORDS))
    assert build_report(other, finished_page).notes == ()


def test_signs_that_no_font_of_the_page_has_are_their_codes(finished, folder):
    folder.mkdir()
    (folder / "reflection.md").write_text(
        written("\u4e2d\u6587 \U0001f680 \u05e9 \x1b \u202e Ende")
    )
    text = "".join(text_of(build_report(finished, folder).page).split())
    for code in ("U+4E2D", "U+6587", "U+1F680", "U+001B"):
        assert text.count(code) == 4
    assert text.count("U+202EEnde") == 4


def heights(folder):
    """Of both figures as printed, in millimetres."""
    boxes = [re.search(r'height="([\d.]+)pt"', (folder / file).read_text()) for file in WIDTHS]
    return [float(box[1]) / SHRUNK / 72 * 25.4 for box in boxes]


def test_figures_take_the_room_that_the_words_leave(finished, folder):
    folder.mkdir()
    found = []
    for times in (9, 7, 2):
        (folder / "reflection.md").write_text(written(times * WORDS))
        built = build_report(finished, folder)
        assert len(pages_of(built.page)) == 1
        found.append(heights(folder))
    little, more, most = found
    assert little[0] + 10 < more[0] < most[0]
    assert most == pytest.approx([TALLEST * 25.4] * 2, abs=0.1)


def test_mathematics_in_a_reflection_is_said_to_stand_as_written(finished, folder):
    folder.mkdir()
    (folder / "reflection.md").write_text(written("So $p < 0.05$ it is."))
    built = build_report(finished, folder)
    (note,) = built.notes
    assert note.startswith("$p < 0.05$ stands on the page as it is written")
    assert text_of(built.page).count("$p < 0.05$") == 4


def test_a_table_stands_on_the_page_as_one(finished, folder):
    folder.mkdir()
    (folder / "reflection.md").write_text(written("| net | bears |\n|---|---|\n| wide | much |\n"))
    text = text_of(build_report(finished, folder).page)
    assert text.count("wide") == 4
    assert "|" not in text


def test_a_table_of_somebody_else_is_refused(tmp_path, folder):
    (tmp_path / "t.csv").write_text("x,y,m\n1,1,1\n")
    with pytest.raises(InterplayError, match="needs a run folder"):
        build_report(Results.from_csv(tmp_path / "t.csv"), folder)
