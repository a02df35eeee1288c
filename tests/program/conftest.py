"""The program, deployed once for each set of settings that the tests ask for."""

import functools
import json
import warnings
from collections.abc import Callable, Iterator, Mapping

import pytest

from tests.program.recording import Deployment, defaults, run

with warnings.catch_warnings():
    # pulumi-aws 7.51 warns about a class of its own (MicrovmsImage) when its Lambda module is loaded, on first use.
    warnings.simplefilter("ignore", DeprecationWarning)
    import pulumi_aws

    assert pulumi_aws.lambda_.Function

from stacks import packages, program

Deploy = Callable[..., Deployment]
LONG_LIVED = "organization/streamways/long-lived"
STACKS: Mapping[str, Mapping[str, object]] = {
    LONG_LIVED: {
        "userPoolId": "us-east-1_LongLived",
        "userPoolClientId": "clientofthelonglivedstack",
        "issuer": "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_LongLived",
        "cognitoEndpoint": "https://cognito-idp.us-east-1.amazonaws.com",
        "region": "us-east-1",
        "functionUrl": "https://long-lived.lambda-url.us-east-1.on.aws/",
    }
}
"""Outputs of the other stacks that a stack may refer to."""


@pytest.fixture(scope="session")
def deploy() -> Iterator[Deploy]:
    """Deploys with the defaults of Pulumi.yaml and these settings on top; each combination runs once a session."""

    @functools.cache
    def deploy_items(stack: str, preview: bool, items: tuple[tuple[str, str], ...]) -> Deployment:
        return run({**defaults(), **dict(items)}, stack, preview=preview, stacks=STACKS)

    def deploy_with(stack: str = "dev", preview: bool = False, **settings: object) -> Deployment:
        items = {
            f"streamways:{key}": value if isinstance(value, str) else json.dumps(value)
            for key, value in settings.items()
        }
        return deploy_items(stack, preview, tuple(sorted(items.items())))

    with pytest.MonkeyPatch.context() as patch:
        # The packages are the real ones, built once.
        patch.setattr(program, "build", functools.cache(packages.build))
        yield deploy_with
