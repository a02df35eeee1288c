"""How code moves below one package: `shared.errors` becomes `theirs.shared.errors`, and `shared/errors.py` its path.

Every change is an insertion of the package's name, so everything else stays byte for byte. In Python the places are
those of the syntax tree and of the tokens: modules in import statements, and mentions in strings and comments. An
identifier that is spelled like a package is never touched.
"""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from functools import cache

from streamways.copy.sources import BOOTSTRAP, CODE
from streamways.errors import CommandError

_MENTION = re.compile(rf"(?<![\w./-])(?:{'|'.join(CODE)})(?=/|\.[A-Za-z_])")
"""A dotted module or a path that begins at the root of the repository: in text, both name code that moves."""
TOOLS = "tools/bootstrap.py"
"""Where the project has what makes its `.venv`: like ours, one folder below the root."""


def place(source: str, package: str, program: str) -> str:
    """Where a file of this repository lies in the project."""
    if source == program:
        return "__main__.py"
    if source == BOOTSTRAP:
        return TOOLS
    return f"{package}/{source}" if source.startswith(CODE) else source


@cache
def rewritten(source: str, content: bytes, package: str) -> bytes:
    """The content of the file `source`, with what moves named by its new name. Raises CommandError.

    What is not UTF-8 is no text, and stays as it is.
    """
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return content
    if source.endswith(".py"):
        offsets = set(_in_python(source, text))
    else:
        offsets = {found.span() for found in _MENTION.finditer(text)}
    pieces: list[str] = []
    position = 0
    for start, end in sorted(offsets):
        pieces += (text[position:start], package, "/" if text[end] == "/" else ".")
        position = start
    return "".join((*pieces, text[position:])).replace(BOOTSTRAP, TOOLS).encode()


def mentions(text: str) -> list[str]:
    """The names in a text that would move."""
    return [found[0] for found in _MENTION.finditer(text)]


def _in_python(source: str, text: str) -> Iterator[tuple[int, int]]:
    """Start and end of each name that moves."""
    lines = [0]
    for line in text.splitlines(keepends=True):
        lines.append(lines[-1] + len(line))
    modules = _import_statements(source, text)
    after_from = False
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        start, end = (lines[row - 1] + column for row, column in (token.start, token.end))
        if token.type == tokenize.NAME:
            if token.string in CODE and (after_from or token.start in modules):
                yield start, end
        elif token.type != tokenize.OP:  # strings, pieces of them, and comments: only these have words in them
            for found in _MENTION.finditer(text, start, end):
                yield found.span()
        after_from = token.string == "from" and token.start in modules


def _import_statements(source: str, text: str) -> set[tuple[int, int]]:
    """Line and column where each `from` statement begins, and each module that an `import` statement names."""
    found: set[tuple[int, int]] = set()
    for node in ast.walk(ast.parse(text, filename=source)):
        if isinstance(node, ast.ImportFrom):
            found.add((node.lineno, node.col_offset))
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.asname is None and alias.name.partition(".")[0] in CODE:
                    raise CommandError(
                        f"{source}:{node.lineno} says `import {alias.name}`, whose uses cannot be told from other "
                        f"names: write `from … import …` there"
                    )
                found.add((alias.lineno, alias.col_offset))
    return found
