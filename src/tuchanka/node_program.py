"""The Python program that a node runs by itself: a module of ours and all that it imports, as they are.

Only the standard library may be imported besides; a test holds that.
"""

import ast
from functools import cache
from pathlib import Path

import tuchanka

PACKAGE = "tuchanka"
ROOT = Path(tuchanka.__file__).parents[1]
MAIN = '''"""Runs the program from its folder: ``python3 -I FOLDER``."""

from {module} import main

raise SystemExit(main())
'''


@cache
def program(module: str) -> dict[str, str]:
    """Return the program whose function ``main`` is in the module: path in its folder → text.

    Folders are packages without an ``__init__.py``, which would run what only a whole installation has.
    """
    files = {"__main__.py": MAIN.format(module=module)}
    waiting = [module]
    while waiting:
        path = _path(waiting.pop())
        if path not in files:
            files[path] = (ROOT / path).read_text(encoding="utf-8")
            waiting += imports(files[path])
    return files


def imports(text: str) -> list[str]:
    """Return the modules of ours that a module's text imports."""
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found += [name.name for name in node.names if _is_module(name.name)]
        elif isinstance(node, ast.ImportFrom) and node.module:
            submodules = [f"{node.module}.{name.name}" for name in node.names]
            found += [name for name in (node.module, *submodules) if _is_module(name)]
    return found


def _path(module: str) -> str:
    return f"{module.replace('.', '/')}.py"


def _is_module(name: str) -> bool:
    return name.startswith(f"{PACKAGE}.") and (ROOT / _path(name)).is_file()
