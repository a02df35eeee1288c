"""The components can be used from other languages: Pulumi can read their arguments and outputs."""

import json
import re
from typing import Any

import pytest
from pulumi.provider.experimental.component import ComponentProvider

from stacks.appsync_stream import AppSyncStream
from stacks.function_url_domain import FunctionUrlDomain
from stacks.function_url_stream import FunctionUrlStream
from stacks.identity import Identity
from stacks.identity_pool import IdentityPool
from stacks.monitoring import Monitoring
from stacks.reaper import Reaper
from stacks.secret import EmptySecret
from stacks.streaming_core import StreamingCore
from stacks.streaming_function import StreamingFunction
from stacks.web_page import WebPage, WebPageFiles
from stacks.websocket_stream import WebSocketStream
from tests.docs.pages import page

COMPONENTS = [
    *(Identity, IdentityPool, StreamingCore, StreamingFunction, Reaper, Monitoring),
    *(FunctionUrlStream, WebSocketStream, AppSyncStream, FunctionUrlDomain, EmptySecret),
    *(WebPage, WebPageFiles),
]


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    return json.loads(ComponentProvider(COMPONENTS, "streamways", None, "0.1.0").schema)


def test_pulumi_can_analyse_every_component(schema: dict[str, Any]) -> None:
    assert set(schema["resources"]) == {f"streamways:index:{component.__name__}" for component in COMPONENTS}


def test_everything_that_a_caller_sees_is_described(schema: dict[str, Any]) -> None:
    for token, resource in schema["resources"].items():
        assert resource.get("description"), token
        for kind in ("inputProperties", "properties"):
            for name, described in resource[kind].items():
                assert described.get("description"), f"{token} {kind} {name}"
    for token, type_ in schema["types"].items():
        assert type_.get("description"), token
        for name, described in type_["properties"].items():
            assert described.get("description"), f"{token} {name}"


def test_no_setting_is_read_inside_a_component() -> None:
    for component in COMPONENTS:
        source = component.__module__
        module = __import__(source, fromlist=["_"])
        assert not hasattr(module, "Settings"), source
        assert not {"Config", "get_caller_identity", "get_region"} & set(vars(module)), source


def named(section: str) -> set[str]:
    """What the first column of a section's tables names, as Pulumi's schema spells it."""
    rows = re.findall(r"^\| `(\w+)`", section, re.MULTILINE)
    return {re.sub(r"_(\w)", lambda found: found[1].upper(), name) for name in rows}


def test_the_reference_names_every_argument_and_output(schema: dict[str, Any]) -> None:
    told = dict(part.partition("\n\n")[::2] for part in page("docs/reference/components.md").text.split("\n## ")[1:])
    for token, resource in schema["resources"].items():
        names = {*resource["inputProperties"], *resource["properties"]}
        assert named(told[token.rpartition(":")[2]]) == names, token
    for token, type_ in schema["types"].items():
        _, _, section = page("docs/reference/components.md").text.partition(f"\n### {token.rpartition(':')[2]}\n")
        assert named(section.partition("\n### ")[0]) == set(type_["properties"]), token
