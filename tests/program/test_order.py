"""What has to be there first: the order that dependencies force, in the recorded program."""

import pytest

from tests.program.conftest import Deploy
from tests.program.recording import Deployment, Resource

PERMISSION = "aws:lambda/permission:Permission"
URL = "aws:lambda/functionUrl:FunctionUrl"
URL_ACTIONS = ("lambda:InvokeFunctionUrl", "lambda:InvokeFunction")


def permissions_of(deployment: Deployment, url: Resource) -> dict[str, Resource]:
    """The statements for the function of a URL, by action."""
    function = url.inputs["functionName"]
    return {
        permission.inputs["action"]: permission
        for permission in deployment.of(PERMISSION)
        if permission.inputs["function"] == function
    }


@pytest.mark.parametrize("auth", ["NONE", "AWS_IAM"])
def test_the_permissions_of_a_function_url_are_added_after_it_and_one_after_the_other(
    deploy: Deploy, auth: str
) -> None:
    # The provider adds both public statements itself while it makes a URL of the auth type NONE, and Lambda refuses
    # (409) what would change a function's policy at the same time: https://github.com/anomalyco/sst/issues/6923
    deployment = deploy(functionUrlAuth=auth)
    urls = deployment.of(URL)

    assert {url.name for url in urls} == {"function-url-url", "websocket-tickets-url"}
    for url in urls:
        permissions = permissions_of(deployment, url)
        assert permissions.keys() == set(URL_ACTIONS)
        call, invoke = (permissions[action] for action in URL_ACTIONS)
        assert url.urn in call.dependencies
        assert call.urn in invoke.dependencies


def test_a_resource_is_registered_after_everything_that_it_depends_on(deploy: Deploy) -> None:
    deployment = deploy()
    place = {urn: number for number, urn in enumerate(deployment.resources)}

    assert any(resource.dependencies for resource in deployment.resources.values())
    for resource in deployment.resources.values():
        late = [urn for urn in resource.dependencies if place[urn] > place[resource.urn]]
        assert not late, f"{resource.name} does not wait for {late}"
