"""The program, deployed once for each set of settings that the tests ask for."""

import functools
import json
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from shared.contract.page import ENCODING
from tests.program.recording import Deployment, defaults, run

with warnings.catch_warnings():
    # pulumi-aws 7.51 warns about classes of its own when its modules of Lambda and S3 are loaded, on first use.
    warnings.simplefilter("ignore", DeprecationWarning)
    import pulumi_aws

    assert pulumi_aws.lambda_.Function
    assert pulumi_aws.s3.Bucket

from stacks import packages, program
from stacks.packages import page

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
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page as Vite leaves one."""
    return built_page(tmp_path_factory.mktemp("bundle"))


def built_page(folder: Path) -> Path:
    """Writes a page, as Vite leaves one, into an empty folder."""
    (folder / "assets").mkdir()
    (folder / "assets/index-1a2b.js").write_text("1")
    (folder / "assets/index-3c4d.css").write_text("2")
    (folder / "icon.svg").write_text("<svg/>")
    script = '<script type="module" crossorigin src="/assets/index-1a2b.js"></script>'
    (folder / "index.html").write_text(f"<!doctype html><html><head>{ENCODING}{script}</head></html>")
    return folder


@pytest.fixture(scope="session")
def deploy(bundle: Path) -> Deploy:
    """Deploys with the defaults of Pulumi.yaml and these settings on top; each combination runs once a session."""
    build = functools.cache(packages.build)

    @functools.cache
    def deploy_items(stack: str, preview: bool, items: tuple[tuple[str, str], ...]) -> Deployment:
        with pytest.MonkeyPatch.context() as patch:
            # The packages are the real ones, built once.
            patch.setattr(program, "build", build)
            # The page is none that npm has to be asked for.
            patch.setattr(page, "build", lambda: bundle)
            return run({**defaults(), **dict(items)}, stack, preview=preview, stacks=STACKS)

    def deploy_with(stack: str = "dev", preview: bool = False, **settings: object) -> Deployment:
        items = {
            f"streamways:{key}": value if isinstance(value, str) else json.dumps(value)
            for key, value in settings.items()
        }
        return deploy_items(stack, preview, tuple(sorted(items.items())))

    return deploy_with
