"""Imports go up the journey only, the light parts stay light, files stay small."""

import ast
import graphlib
import subprocess
import sys
from pathlib import Path

import pytest

SRC = Path(__file__).parent.parent / "src" / "interplay"
# The data's journey: a module may import those of its own stage and of earlier ones.
STAGES = [
    {
        "errors",
        "identity",
        "kinds",
        "combination",
        "metrics",
        "options",
        "registry",
        "separated",
        "signs",
        "usercode",
    },
    {"space"},
    {"data"},
    {"models"},
    {"training"},
    {"search"},
    {"study"},
    {"table"},
    {"analysis"},
    {"plots"},
    {"results"},
    {"report"},
    {"tuning"},
    {"winner"},
    {"tracking"},
    {"cli", "__main__", "__init__"},
]
STAGE = {name: i for i, stage in enumerate(STAGES) for name in stage}
FILES = sorted(SRC.rglob("*.py"))


def part(file):
    return file.relative_to(SRC).parts[0].removesuffix(".py")


def imported(file):
    """Names of the modules that `file` imports, those for type checkers left out."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    hidden = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            hidden |= {id(n) for n in ast.walk(node)}
    names = []
    for node in ast.walk(tree):
        if id(node) in hidden:
            continue
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            # A package is named with what is taken from it, which may be a module.
            names += [node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)]
    return names


def module_of(file):
    parts = file.relative_to(SRC.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@pytest.mark.parametrize("file", FILES, ids=lambda f: str(f.relative_to(SRC)))
def test_imports_go_up_the_list_only(file):
    own = STAGE[part(file)]
    for name in imported(file):
        if name.startswith("interplay."):
            stage = STAGE.get(name.split(".")[1], STAGE["__init__"])
            assert stage <= own, f"{file.name} imports {name}"


def test_no_module_imports_what_imports_it_not_even_inside_a_function():
    modules = {module_of(file): file for file in FILES}
    # A package only stands for what is below it: importing a module of its own is no circle.
    graph = {
        name: {m for m in imported(file) if m in modules and not name.startswith(f"{m}.")} - {name}
        for name, file in modules.items()
    }
    graphlib.TopologicalSorter(graph).prepare()  # says which, where there is a circle


@pytest.mark.parametrize("file", [f for f in FILES if part(f) in ("analysis", "plots")], ids=str)
def test_analysis_and_plots_know_neither_torch_nor_ray(file):
    assert not {"torch", "ray"} & {name.partition(".")[0] for name in imported(file)}


@pytest.mark.parametrize("file", FILES, ids=lambda f: str(f.relative_to(SRC)))
def test_only_tuning_and_search_import_ray(file):
    if "ray" in {name.partition(".")[0] for name in imported(file)}:
        assert part(file) in ("tuning", "search")


@pytest.mark.parametrize("file", FILES, ids=lambda f: str(f.relative_to(SRC)))
def test_files_stay_small_enough_to_hold_in_the_head(file):
    assert len(file.read_text(encoding="utf-8").splitlines()) <= 400


@pytest.mark.parametrize(
    "arguments",
    [["--help"], ["tune", "--help"], ["space", "studies/digits.toml", "--json"]],
    ids=str,
)
def test_light_verbs_import_nothing_heavy(arguments):
    script = (
        "import sys\nfrom interplay.cli.app import app\n"
        f"try: app({arguments!r})\n"
        "except SystemExit: pass\n"
        "heavy = {'torch', 'ray', 'mlflow', 'mltrainer', 'pandas', 'matplotlib', 'sklearn', 'scipy'}\n"
        "print('HEAVY', sorted(heavy & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        cwd=SRC.parent.parent,
    )
    assert done.stdout.splitlines()[-1] == "HEAVY []"


def test_the_public_names_are_there():
    import importlib

    import interplay

    importlib.import_module("interplay.tuning.run")  # must not hide interplay.run
    for name in interplay.__all__:
        assert getattr(interplay, name) is not None
    assert callable(interplay.run)
    with pytest.raises(AttributeError):
        _ = interplay.nonsense


@pytest.mark.parametrize("folder", sorted({f.parent for f in FILES}), ids=lambda f: f.name)
def test_every_folder_says_in_some_three_lines_what_lives_there(folder):
    said = ast.get_docstring(ast.parse((folder / "__init__.py").read_text(encoding="utf-8")))
    assert said is not None
    assert 3 <= len(said.splitlines()) <= 8
