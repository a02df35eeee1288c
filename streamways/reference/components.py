"""The components of the Pulumi program, with their arguments and outputs, in Markdown.

They are read from the source, as Pulumi's own analyser reads them: names, annotations and the docstrings below them.
"""

import ast
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from streamways.pages import Row, table

STACKS: Final = Path(__file__).resolve().parents[2] / "stacks"
COMPONENT: Final = "ComponentResource"
ARGUMENTS: Final = "TypedDict"
WRAPPERS: Final = ("Input", "Output", "NotRequired")


def components() -> str:
    """Every component, and then the arguments that several of them take."""
    classes = list(_classes())
    own = {f"{one.name}Args": one for one in classes if _is(one, COMPONENT)}
    dictionaries = {one.name: one for one in classes if _is(one, ARGUMENTS)}
    pages = [_component(one, dictionaries[arguments]) for arguments, one in own.items() if arguments in dictionaries]
    shared = [one for name, one in dictionaries.items() if name not in own]
    return "\n\n".join([*pages, "## Arguments of several components", *(_shared(one) for one in shared)])


def _classes() -> Iterator[ast.ClassDef]:
    for path in sorted(STACKS.glob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        yield from (node for node in tree.body if isinstance(node, ast.ClassDef))


def _is(node: ast.ClassDef, base: str) -> bool:
    return any(ast.unparse(each).rpartition(".")[2] == base for each in node.bases)


def _component(component: ast.ClassDef, arguments: ast.ClassDef) -> str:
    outputs = [[name, of_type, says] for name, _, of_type, says in _fields(component)]
    told = [table(["output", "type", "what it is"], outputs)] if outputs else []
    return "\n\n".join([f"## {component.name}", _says(component), _arguments(arguments), *told])


def _shared(dictionary: ast.ClassDef) -> str:
    return "\n\n".join([f"### {dictionary.name}", _says(dictionary), _arguments(dictionary)])


def _arguments(dictionary: ast.ClassDef) -> str:
    rows: list[Row] = [
        [name, "needed" if needed else "", of_type, says] for name, needed, of_type, says in _fields(dictionary)
    ]
    return table(["argument", "", "type", "what it is"], rows)


def _says(node: ast.ClassDef) -> str:
    return "\n\n".join(_linked(" ".join(part.split())) for part in (ast.get_docstring(node) or "").split("\n\n"))


def _fields(node: ast.ClassDef) -> Iterator[tuple[str, bool, str, str]]:
    """Name, whether it is needed, type and docstring."""
    following: Sequence[ast.stmt | None] = [*node.body[1:], None]
    for field, after in zip(node.body, following, strict=True):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
            says = after.value.value if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant) else ""
            needed = "NotRequired" not in ast.unparse(field.annotation)
            yield f"`{field.target.id}`", needed, f"`{_plain(field.annotation)}`", _cell(str(says))


def _plain(annotation: ast.expr) -> str:
    """The type without what Pulumi and the type checker wrap it in."""
    return ast.unparse(_Unwrapped().visit(annotation)).replace("|", "or")


class _Unwrapped(ast.NodeTransformer):
    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        self.generic_visit(node)
        wrapper = ast.unparse(node.value).rpartition(".")[2]
        return node.slice if wrapper in WRAPPERS else node


def _cell(text: str) -> str:
    return _linked(" ".join(text.split()).replace("|", "\\|"))


def _linked(text: str) -> str:
    words = text.split(" ")
    return " ".join(f"<{word}>" if word.startswith("https://") else word for word in words)
