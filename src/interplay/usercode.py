"""Functions of the user's own, named `module:function` in a study file."""

from __future__ import annotations

import ast
import hashlib
import importlib
import importlib.util
import sys
import sysconfig
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any

from interplay.errors import InterplayError, nearest

_loaded: dict[str, str] = {}  # module name -> digest of its sources when it was imported


class AsBegun(tuple[Path, ...]):
    """The folders of a study that runs, from which only the code it began with is loaded.

    A module is loaded once and then held, whatever becomes of its file. In another process the
    folders are on the import path before anything that is unpickled after them needs it.

    Attributes:
        sources: digests of the study's functions when it began, by `module:function`.
        starts: the weights that its networks begin from, by what `model.start` names.
    """

    sources: Mapping[str, str]
    starts: Mapping[str, Any]
    _held: dict[str, Callable[..., Any]]

    def __new__(
        cls,
        folders: Iterable[Path],
        sources: Mapping[str, str],
        starts: Mapping[str, Any] | None = None,
    ) -> AsBegun:
        self = super().__new__(cls, folders)
        self.sources, self.starts, self._held = sources, starts or {}, {}
        return self

    def __reduce__(self) -> Any:
        return _arrived, (tuple(self), dict(self.sources), dict(self.starts))

    def load(self, path: str) -> Callable[..., Any]:
        """The function that `path` names.

        Raises:
            InterplayError: where its module is not what it was when the study began.
        """
        if path not in self._held:
            folders = tuple(self)
            if source_digest(path, folders) != self.sources[path]:
                name = path.partition(":")[0]
                raise InterplayError(
                    f"the module {name!r} changed while the study ran; "
                    "the same command trains this with what it is now"
                )
            self._held[path] = load_function(path, folders)
        return self._held[path]


def _arrived(
    folders: tuple[Path, ...], sources: Mapping[str, str], starts: Mapping[str, Any]
) -> AsBegun:
    add_to_path(folders)
    return AsBegun(folders, sources, starts)


def load_function(path: str, folders: Sequence[Path]) -> Callable[..., Any]:
    """The function that `path` names.

    Args:
        path: `module:function`; the module is looked for in `folders` first, then among the
            installed ones.
        folders: the study file's folder and the working folder.

    Raises:
        InterplayError: where it is not there, cannot be imported, or is no function.
    """
    if isinstance(folders, AsBegun):
        return folders.load(path)
    name, colon, attribute = path.partition(":")
    if not colon or not name or not attribute:
        raise InterplayError("not written as module:function")
    module = _import(name, folders)
    found = getattr(module, attribute, None)
    if found is None:
        near = nearest(attribute, [n for n, v in vars(module).items() if callable(v)])
        hint = f"; did you mean {near!r}?" if near else ""
        # Of two modules of one name, the study's own comes first.
        where = f" ({module.__file__})" if getattr(module, "__file__", None) else ""
        raise InterplayError(f"module {name!r}{where} has no {attribute!r}{hint}")
    if not callable(found):
        raise InterplayError(f"{attribute!r} in {name!r} is no function")
    function: Callable[..., Any] = found
    return function


@contextmanager
def printing_aside() -> Iterator[None]:
    """What the user's own code prints goes to stderr: stdout is for a verb's answer."""
    with redirect_stdout(sys.stderr):
        yield


def add_to_path(folders: Sequence[Path]) -> None:
    """Put `folders` at the front of the import path, the first of them first."""
    for folder in reversed([str(f) for f in folders]):
        if folder in sys.path:
            sys.path.remove(folder)
        sys.path.insert(0, folder)


def source_digest(path: str, folders: Sequence[Path]) -> str:
    """SHA-256 over the module's source and whatever it imports from `folders`, 16 digits.

    An edited model is another model: its rows do not answer for the new one.
    """
    h = hashlib.sha256()
    for name, file in sorted(_sources(path.partition(":")[0], folders).items()):
        h.update(name.encode())
        h.update(file.read_bytes())
    return h.hexdigest()[:16]


def _import(name: str, folders: Sequence[Path]) -> ModuleType:
    top = name.partition(".")[0]
    spec = _spec(top, folders)
    if spec is None and importlib.util.find_spec(top) is None:
        places = ", ".join(str(folder) for folder in folders)
        raise InterplayError(f"no module {top!r} in {places}, and none installed")
    for own, file in _sources(name, folders).items():
        if _is_library(own):
            raise InterplayError(
                f"{file} is named like the library {own!r}, which it would replace; rename it"
            )
    digest = source_digest(name, folders)
    if spec is not None and _loaded.get(name) != digest:
        # Another study's module of the same name, or this one before it was edited.
        for stale in [m for m in sys.modules if m == top or m.startswith(f"{top}.")]:
            del sys.modules[stale]
        for helper in _sources(name, folders):
            sys.modules.pop(helper, None)
        importlib.invalidate_caches()
    add_to_path(folders)
    try:
        with printing_aside():
            module = importlib.import_module(name)
    except (Exception, SystemExit) as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        where = f" ({Path(last.filename).name}, line {last.lineno})"
        if isinstance(error, SyntaxError):
            where = f" ({Path(error.filename or name).name}, line {error.lineno})"
        raise InterplayError(
            f"importing {name!r} raised {type(error).__name__}: {error}{where}{remedy(error)}"
        ) from None
    _loaded[name] = digest
    return module


def remedy(error: BaseException) -> str:
    """What helps against an error that its own words do not explain, to be put behind them."""
    if "operator torchvision::" in str(error):
        return "; this torchvision belongs to another torch: install the two together, of one build"
    return ""


def _is_library(module: str) -> bool:
    """Whether others in this process mean Python's own, or an installed module, by this name."""
    if module.partition(".")[0] in sys.stdlib_module_names:
        return True
    file = getattr(sys.modules.get(module), "__file__", None)
    roots = [Path(sysconfig.get_path(name)) for name in ("purelib", "platlib")]
    return file is not None and any(Path(file).is_relative_to(root) for root in roots)


def _spec(name: str, folders: Sequence[Path]) -> ModuleSpec | None:
    return PathFinder.find_spec(name, [str(folder) for folder in folders])


def _sources(name: str, folders: Sequence[Path]) -> dict[str, Path]:
    """The module's file and those it imports from `folders`, by module name."""
    found: dict[str, Path] = {}
    todo = [name]
    while todo:
        module = todo.pop()
        file = _file(module, folders)
        if module in found or file is None:
            continue
        found[module] = file
        if "." in module:  # which imports its package first
            todo.append(module.rpartition(".")[0])
        try:
            tree = ast.parse(file.read_text(encoding="utf-8"))
        except (SyntaxError, UnicodeDecodeError):
            continue  # importing it will say so
        package = module if file.name == "__init__.py" else module.rpartition(".")[0]
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                todo += [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                base = node.module or ""
                if node.level:
                    parts = package.split(".")
                    parent = parts[: len(parts) - node.level + 1]
                    base = ".".join([*parent, *([base] if base else [])])
                todo += [base, *(f"{base}.{alias.name}" for alias in node.names)]
    return found


def _file(module: str, folders: Sequence[Path]) -> Path | None:
    """The source of `module` where it lies below `folders` (and is not an installed package)."""
    parts = module.split(".")
    if not all(parts) or parts[0] == "interplay":
        return None
    for folder in folders:
        base = Path(folder).joinpath(*parts)
        for file in (base.with_suffix(".py"), base / "__init__.py"):
            if file.is_file():
                return file
    return None
