"""What a module imports, found without running it; on small trees of the test's own."""

from pathlib import Path

import pytest

from stacks.errors import PackageError
from stacks.packages.closure import closure


@pytest.fixture
def tree(tmp_path: Path):
    """Writes files below a root and answers the root."""

    def write(**files: str) -> Path:
        for folder in ("handlers", "shared"):
            (tmp_path / folder).mkdir(exist_ok=True)
            (tmp_path / folder / "__init__.py").touch()
        for name, text in files.items():
            path = tmp_path.joinpath(*name.split("__"))
            path = path.with_name(path.name.replace("_json", ".json") if "_json" in path.name else f"{path.name}.py")
            path.parent.mkdir(parents=True, exist_ok=True)
            (path.parent / "__init__.py").touch()
            path.write_text(text)
        return tmp_path

    return write


def names(root: Path, entry: str = "handlers.entry") -> list[str]:
    return list(closure(entry, root).files)


def test_imports_are_followed_and_nothing_else_comes_along(tree) -> None:
    root = tree(
        handlers__entry="import shared.a", shared__a="from shared.b import thing", shared__b="thing = 1", shared__c=""
    )
    assert names(root) == [
        "handlers/__init__.py",
        "handlers/entry.py",
        "shared/__init__.py",
        "shared/a.py",
        "shared/b.py",
    ]


def test_a_submodule_may_be_imported_as_a_name_of_its_package(tree) -> None:
    root = tree(handlers__entry="from shared import a", shared__a="")
    assert "shared/a.py" in names(root)


def test_the_packages_above_a_module_come_with_their_own_imports(tree) -> None:
    root = tree(handlers__entry="import shared.deep.a", shared__deep__a="", shared__b="")
    (root / "shared/deep/__init__.py").write_text("import shared.b")
    assert {"shared/deep/__init__.py", "shared/b.py"} <= set(names(root))


def test_an_import_within_a_function_counts(tree) -> None:
    root = tree(handlers__entry="def handler():\n    import shared.a", shared__a="")
    assert "shared/a.py" in names(root)


def test_an_import_for_type_checkers_does_not_count(tree) -> None:
    root = tree(
        handlers__entry="import typing\nfrom typing import TYPE_CHECKING\n"
        "if TYPE_CHECKING:\n    import shared.a\nelse:\n    import shared.b\n"
        "if typing.TYPE_CHECKING:\n    import mypy_boto3_bedrock_runtime\n",
        shared__a="",
        shared__b="",
    )
    assert "shared/a.py" not in names(root)
    assert "shared/b.py" in names(root)
    assert closure("handlers.entry", root).imports == {"typing"}


def test_modules_that_import_each_other_are_no_trap(tree) -> None:
    root = tree(handlers__entry="import shared.a", shared__a="import shared.b", shared__b="import shared.a")
    assert {"shared/a.py", "shared/b.py"} <= set(names(root))


def test_data_travels_with_the_module_that_names_it(tree) -> None:
    root = tree(
        handlers__entry="import shared.deep.a",
        shared__deep__a='from pathlib import Path\nFILE = Path(__file__).parents[1] / "prices.json"',
        shared__prices_json="{}",
        shared__other_json="{}",
    )
    assert "shared/prices.json" in names(root)
    assert "shared/other.json" not in names(root)


def test_everything_else_is_named_by_its_first_part(tree) -> None:
    root = tree(handlers__entry="import os.path\nfrom botocore.config import Config\nimport jwt as j")
    assert closure("handlers.entry", root).imports == {"os", "botocore", "jwt"}


def test_a_module_that_does_not_exist_is_refused(tree) -> None:
    root = tree(handlers__entry="from shared.missing import thing")
    with pytest.raises(PackageError, match=r"handlers\.entry imports shared\.missing, and there is no such module"):
        names(root)


def test_a_relative_import_is_refused(tree) -> None:
    root = tree(handlers__entry="from . import other")
    with pytest.raises(PackageError, match=r"entry\.py:1 imports relatively; write the absolute name"):
        names(root)
