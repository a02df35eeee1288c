"""The preview of a stack that is up and unchanged shows no change; what a WebSocket API's deployment copies shows one.

A property that a resource's state lacks is unknown in a preview, although it is None in an update: an input made of
it is unknown as well, and the engine announces a change.
"""

from collections.abc import Callable, Mapping
from typing import Any

import pulumi
import pulumi_aws as aws
import pytest

from stacks import websocket_routes, websocket_stream
from tests.program import recording
from tests.program.conftest import Deploy
from tests.program.recording import Deployment, defaults, run

WEB_SOCKET_ALONE = {**defaults(), "streamways:architectures": '["websocket"]'}


def trigger(deployment: Deployment) -> object:
    """What makes a deployment of the WebSocket API anew when it changes."""
    (made,) = deployment.of("aws:apigatewayv2/deployment:Deployment")
    return made.inputs["triggers"]["routes"]


def comparable(value: object) -> object:
    """An input, with the path of an archive or a file in its place."""
    if isinstance(value, Mapping):
        return {key: comparable(item) for key, item in value.items()}
    return value.path if isinstance(value, pulumi.FileArchive | pulumi.FileAsset) else value


def answering(patch: pytest.MonkeyPatch, change: Callable[[str, dict[str, Any]], None]) -> None:
    """Lets AWS answer otherwise: `change` gets the type and the computed outputs of each resource."""
    usual = recording.computed

    def computed(type_: str, name: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
        outputs = usual(type_, name, inputs)
        change(type_, outputs)
        return outputs

    patch.setattr(recording, "computed", computed)


def test_the_preview_of_a_second_up_knows_every_input_and_changes_none(deploy: Deploy) -> None:
    first, second = deploy(), deploy(preview=True)

    assert second.resources.keys() == first.resources.keys()
    for urn, resource in first.resources.items():
        assert comparable(second.resources[urn].inputs) == comparable(resource.inputs), f"{resource.name} changes"


def test_an_input_that_a_preview_does_not_know_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, lambda _, outputs: outputs.pop("invokeArn", None))
    assert isinstance(trigger(run(WEB_SOCKET_ALONE, "dev", preview=True)), pulumi.output.Unknown)


@pytest.mark.parametrize(
    ("resource", "key"),
    [
        *(("Integration", key) for key in ("integration_type", "integration_method", "timeout_milliseconds")),
        *(("Integration", key) for key in ("integration_uri", "content_handling_strategy")),
        *(("Route", key) for key in ("route_key", "target", "authorization_type", "authorizer_id", "operation_name")),
        *(("Authorizer", key) for key in ("authorizer_type", "authorizer_uri", "name")),
    ],
)
def test_whatever_is_given_to_a_route_its_integration_or_the_authorizer_makes_a_new_deployment(
    deploy: Deploy, monkeypatch: pytest.MonkeyPatch, resource: str, key: str
) -> None:
    arguments = getattr(aws.apigatewayv2, f"{resource}Args")

    def changed(**given: Any) -> Any:
        old = given.get(key) or ""
        return arguments(**{**given, key: old + 1 if isinstance(old, int) else pulumi.Output.concat(old, "x")})

    monkeypatch.setattr(aws.apigatewayv2, f"{resource}Args", changed)
    assert trigger(run(WEB_SOCKET_ALONE, "dev")) != trigger(deploy())


def test_another_selection_of_routes_makes_a_new_deployment(deploy: Deploy, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (websocket_routes, websocket_stream):
        monkeypatch.setattr(module, "ROUTE_SELECTION_EXPRESSION", "$request.body.action")
    changed = run(WEB_SOCKET_ALONE, "dev")

    (api,) = changed.of("aws:apigatewayv2/api:Api")
    assert api.inputs["routeSelectionExpression"] == "$request.body.action"
    assert trigger(changed) != trigger(deploy())


def test_a_stack_with_more_beside_its_web_socket_api_has_the_same_deployment_of_it(deploy: Deploy) -> None:
    assert trigger(run(WEB_SOCKET_ALONE, "dev")) == trigger(deploy())
