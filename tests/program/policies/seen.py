"""The recorded program as rules see it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stacks.policies.graph import Provider, Resource
from tests.program.recording import Deployment
from tests.program.recording import Resource as Recorded


@dataclass(frozen=True)
class Seen:
    """All resources of a stack: with what the program has given them, and with what they have become."""

    inputs: Sequence[Resource]
    outputs: Sequence[Resource]


def seen(deployment: Deployment) -> Seen:
    """What Pulumi's engine would show a policy pack of this stack."""
    recorded = deployment.resources.values()
    return Seen(
        [_resource(deployment, each, each.inputs) for each in recorded],
        [_resource(deployment, each, each.outputs) for each in recorded],
    )


def _resource(deployment: Deployment, recorded: Recorded, props: Mapping[str, Any]) -> Resource:
    urn = recorded.provider.rpartition("::")[0]
    made_by = deployment.resources[urn] if urn else None
    provider = Provider(made_by.name, made_by.inputs) if made_by else None
    return Resource(recorded.urn, recorded.type, recorded.name, props, provider)
