"""Every function tells its sinks before its invocation ends: Lambda freezes what comes later."""

import ast

import pytest

from shared.contract.architectures import DESCRIPTORS
from tests.support.imports import ROOT

ENTRIES = {package.entry: package.run_script for one in DESCRIPTORS.values() for package in one.packages.values()}


@pytest.mark.parametrize("entry", [entry for entry, script in ENTRIES.items() if script is None])
def test_the_outermost_layer_of_a_handler_waits_for_the_sinks(entry: str) -> None:
    tree = ast.parse((ROOT / f"{entry.replace('.', '/')}.py").read_bytes())
    [handler] = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "handler"]
    assert ast.unparse(handler.decorator_list[0]) == "reports.before_the_end"


def test_the_web_server_is_the_only_other_way_to_start_a_function() -> None:
    assert [entry for entry, script in ENTRIES.items() if script] == ["handlers.function_url.app"]
    assert "Reported(" in (ROOT / "handlers/function_url/app.py").read_text()
