"""Code moves below one package by insertions alone: what names it, and nothing else."""

import pytest

from streamways.copy.rewriting import rewritten
from streamways.errors import CommandError


def moved(text: str, source: str = "shared/a.py") -> str:
    return rewritten(source, text.encode(), "theirs").decode()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("from shared.errors import Refused", "from theirs.shared.errors import Refused"),
        ("from shared import errors", "from theirs.shared import errors"),
        ("import shared.errors as errors, os", "import theirs.shared.errors as errors, os"),
        ("def f():\n    from stacks.iam import policy", "def f():\n    from theirs.stacks.iam import policy"),
        ("if a: from handlers.http import app", "if a: from theirs.handlers.http import app"),
        ('patch("shared.table.patience.RACE")', 'patch("theirs.shared.table.patience.RACE")'),
        ('script = "handlers/function_url/run.sh"', 'script = "theirs/handlers/function_url/run.sh"'),
        ('code = f"import {x}; shared.a.b({y})"', 'code = f"import {x}; theirs.shared.a.b({y})"'),
        ('code = f"{{}} shared.a {x}"', 'code = f"{{}} theirs.shared.a {x}"'),
        ("# see `shared/errors.py`", "# see `theirs/shared/errors.py`"),
        ('"""🎈 As `stacks/iam.py` has it."""', '"""🎈 As `theirs/stacks/iam.py` has it."""'),
    ],
)
def test_what_names_code_has_its_new_name(before: str, after: str) -> None:
    assert moved(before) == after


@pytest.mark.parametrize(
    "text",
    [
        "handlers.values()",
        "x = self.shared.table",
        "def f():\n    yield from shared.items()",
        "raise Error() from shared.cause",
        '"The state is shared. Next."',
        '"../shared/errors.py"',
        '"my_shared.thing and a-shared/b"',
        "from mine.shared import x",
        "import os",
    ],
)
def test_everything_else_stays(text: str) -> None:
    assert moved(text) == text


def test_an_import_whose_uses_cannot_be_told_is_refused_with_its_line() -> None:
    with pytest.raises(CommandError, match=r"shared/a\.py:2 says `import shared\.b`.*write `from … import …`"):
        moved("import os\nimport shared.b\n")


def test_a_script_names_its_module_anew() -> None:
    assert moved("exec python -m uvicorn handlers.function_url.app:app", "handlers/function_url/run.sh") == (
        "exec python -m uvicorn theirs.handlers.function_url.app:app"
    )


def test_what_is_no_text_stays() -> None:
    assert rewritten("tests/a.bin", b"\xff shared.a", "theirs") == b"\xff shared.a"
