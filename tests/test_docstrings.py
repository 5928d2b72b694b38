"""Every public module, class and function says what it is."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src" / "stockout"
MODULES = sorted(path.relative_to(SOURCE).as_posix() for path in SOURCE.rglob("*.py"))


def lacking(tree: ast.Module) -> list[str]:
    """Names of what is public in a module and has no docstring."""
    names = [] if ast.get_docstring(tree) else ["the module"]
    for node in tree.body:
        if not isinstance(node, ast.ClassDef | ast.FunctionDef) or node.name.startswith("_"):
            continue
        if not ast.get_docstring(node):
            names.append(node.name)
        names += [
            f"{node.name}.{part.name}"
            for part in (node.body if isinstance(node, ast.ClassDef) else ())
            if isinstance(part, ast.FunctionDef)
            and not part.name.startswith("_")
            and not ast.get_docstring(part)
        ]
    return names


def test_there_are_modules() -> None:
    assert "errors.py" in MODULES


@pytest.mark.parametrize("module", MODULES)
def test_public_names_have_docstrings(module: str) -> None:
    assert lacking(ast.parse((SOURCE / module).read_text(encoding="utf-8"))) == []


def test_a_missing_docstring_is_found() -> None:
    tree = ast.parse('"""m"""\ndef f(): ...\nclass C:\n    """c"""\n    def g(self): ...\n')
    assert lacking(tree) == ["f", "C.g"]
