"""A function URL that stands behind somebody: the secret is read from Secrets Manager, and rotated while it runs."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import boto3
import httpx
import pytest

from sandbox.aws.gateway import PREFIX
from shared.contract.transports import ORIGIN_SECRET_HEADER
from streamways.clients.client import chat_request
from tests.support.imports import ROOT
from tests.support.sandbox import FAST, RunningSandbox, running_sandbox
from tests.support.server import WAIT_SECONDS

SAMPLE = ROOT / "docs" / "examples" / "function_url_alone.py"
CHANGES = {
    "from stacks.packages import build\n": "from stacks.packages import build\nfrom stacks.secret import EmptySecret\n",
    "answers = FunctionUrlStream(": (
        'secret = EmptySecret("origin", {"description": "of a test"}, opts)\nanswers = FunctionUrlStream('
    ),
    '        "region": REGION,\n        "account_id"': (
        '        "origin_secret_arn": secret.arn,\n        "region": REGION,\n        "account_id"'
    ),
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Pulumi project with the sample of the function URL alone, which asks for a secret."""
    folder: Path = tmp_path_factory.mktemp("origin")
    program = SAMPLE.read_text()
    for old, new in CHANGES.items():
        assert program.count(old) == 1
        program = program.replace(old, new)
    (folder / "program").mkdir()
    (folder / "program" / "__main__.py").write_text(f'{program}pulumi.export("secret", secret.arn)\n')
    (folder / "Pulumi.yaml").write_text("name: origin\nruntime: python\nmain: program\n")
    for shared in ("docs", "handlers", "shared", "stacks", "build", "pyproject.toml", "uv.lock"):
        (folder / shared).symlink_to(ROOT / shared)
    return folder


@pytest.fixture(scope="module")
def sandbox(project: Path) -> Iterator[RunningSandbox]:
    with running_sandbox(*FAST, project=project) as running:
        yield running


def write(sandbox: RunningSandbox) -> str:
    """A new value of the secret, written as its operator would: with the AWS CLI's own call."""
    keys, value = sandbox.state.credentials, uuid4().hex
    secrets: Any = boto3.client(
        "secretsmanager",
        endpoint_url=f"{sandbox.state.origin}{PREFIX}",
        region_name=sandbox.state.region,
        aws_access_key_id=keys.access_key_id,
        aws_secret_access_key=keys.secret_access_key,
        aws_session_token=keys.session_token,
    )
    secrets.put_secret_value(SecretId=sandbox.state.outputs["secret"], SecretString=value)
    return value


def chats(sandbox: RunningSandbox, secret: str | None) -> httpx.Response:
    """The user's chats, asked for with this secret."""
    sent = {} if secret is None else {ORIGIN_SECRET_HEADER: secret}
    headers = {"authorization": f"Bearer {sandbox.token()}", **sent}
    return httpx.get(f"{sandbox.outputs['functionUrl']}api/chat", headers=headers, timeout=30)


def code(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["error"]["code"]


def accepted(sandbox: RunningSandbox, secret: str) -> bool:
    """Whether the function takes this value, soon: it looks for a new one once a second."""
    ends = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < ends:
        if chats(sandbox, secret).status_code == 200:
            return True
    return False


def test_the_secret_from_its_first_value_to_its_third(sandbox: RunningSandbox) -> None:
    assert code(chats(sandbox, None)) == (403, "forbidden")
    unwritten = chats(sandbox, "guessed")
    assert code(unwritten) == (503, "internal")
    assert "put-secret-value" in unwritten.text

    first = write(sandbox)
    assert accepted(sandbox, first)
    assert code(chats(sandbox, None)) == (403, "forbidden")
    assert code(chats(sandbox, "guessed")) == (403, "forbidden")

    second = write(sandbox)
    assert accepted(sandbox, second), "no function was deployed or started anew"
    assert accepted(sandbox, first), "CloudFront sends it until it has the second"

    third = write(sandbox)
    assert accepted(sandbox, third)
    assert code(chats(sandbox, first)) == (403, "forbidden")


def test_a_stream_begins_with_the_secret_and_not_without(sandbox: RunningSandbox) -> None:
    request = chat_request("What stands before a function URL?")
    secret = write(sandbox)
    assert accepted(sandbox, secret)
    sent = {"authorization": f"Bearer {sandbox.token()}", ORIGIN_SECRET_HEADER: secret}
    url, body = f"{sandbox.outputs['functionUrl']}api/chat", {"id": request.chat_id, "messages": request.messages}
    response = httpx.post(url, json=body, headers=sent, timeout=30)
    assert response.status_code == 200
    assert response.text.endswith("data: [DONE]\n\n")
    del sent[ORIGIN_SECRET_HEADER]
    assert code(httpx.post(url, json=body, headers=sent, timeout=30)) == (403, "forbidden")


def test_no_file_that_the_sandbox_writes_has_a_value(sandbox: RunningSandbox) -> None:
    secret = write(sandbox)
    assert accepted(sandbox, secret)
    written = [path for path in sandbox.folder.rglob("*") if path.is_file() and not path.is_symlink()]
    logs = [path for path in written if path.suffix in (".log", ".json")]
    assert logs
    assert not [path for path in logs if secret in path.read_text(errors="replace")]
