"""A stack's state, before the stack is destroyed: Pulumi runs code that a state names, and a preview writes its own.

A dynamic resource holds its code in the state, a command its script, and a provider may name where its plugin comes
from. So a stack is destroyed only if its state holds nothing but what this program registers.
https://www.pulumi.com/docs/iac/concepts/providers/dynamic-providers/
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, cast

from streamways.previews.github import Doubt

KNOWN: Final = re.compile(
    r"pulumi:pulumi:(Stack|StackReference)|pulumi:providers:aws|aws:[\w-]+/\w+:\w+|streamways:index:\w+", re.ASCII
)
"""Types whose removal runs nothing but pulumi-aws."""
FOREIGN_PLUGIN: Final = ("pluginDownloadURL", "parameterization", "endpoints", "__internal")
"""Inputs of a provider that change which plugin runs, or where it sends what it knows."""


def check(stack: str, exported: str) -> None:
    """Raises Doubt unless what `pulumi stack export` printed holds resources of this program alone."""
    try:
        resources = list(_resources(json.loads(exported)["deployment"]))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise Doubt(
            f"`pulumi stack export` printed something else than the state of {stack} ({error!r}); look at it yourself"
        ) from error
    for kind, inputs in resources:
        if not KNOWN.fullmatch(kind):
            raise Doubt(
                f"the state holds a resource of type {kind}, whose removal could run code of the pull request; "
                "look at the stack yourself"
            )
        if kind.startswith("pulumi:providers:") and (given := [key for key in FOREIGN_PLUGIN if inputs.get(key)]):
            raise Doubt(f"a provider in the state sets {given[0]}; look at the stack yourself")


def _resources(deployment: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Type and inputs of each resource, also of those that an interrupted update left behind."""
    pending = [each["resource"] for each in deployment.get("pending_operations") or ()]
    for resource in [*(deployment.get("resources") or ()), *pending]:
        yield str(resource["type"]), cast("Mapping[str, Any]", resource.get("inputs") or {})
