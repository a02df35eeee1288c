import json
from pathlib import Path

import pytest

from streamways.clients.factory import client_for
from streamways.clients.outputs import OutputsError, StackOutputs

ALL = {
    "functionUrl": "https://abc.lambda-url.us-east-1.on.aws/",
    "webSocketUrl": "wss://abc.execute-api.us-east-1.amazonaws.com/live",
    "webSocketTicketUrl": "https://def.lambda-url.us-east-1.on.aws/",
    "appSyncUrl": "https://abc.appsync-api.us-east-1.amazonaws.com/graphql",
    "appSyncRealtimeUrl": "wss://abc.appsync-realtime-api.us-east-1.amazonaws.com/graphql",
    "userPoolId": "us-east-1_abc",
    "userPoolClientId": "client",
    "issuer": "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_abc",
    "cognitoEndpoint": "https://cognito-idp.us-east-1.amazonaws.com",
    "region": "us-east-1",
}


def test_every_output_survives_the_way_in_and_out():
    assert StackOutputs.from_json(ALL).to_json() == ALL


def test_outputs_of_no_interest_are_passed_over_and_missing_ones_are_none():
    outputs = StackOutputs.from_json({"webSocketUrl": "wss://x/live", "bucket": {"name": "b"}})
    assert outputs.architectures == ("websocket",)
    assert outputs.get("functionUrl") is None
    assert outputs.to_json() == {"webSocketUrl": "wss://x/live"}


def test_appsync_needs_both_of_its_addresses():
    assert StackOutputs.from_json({"functionUrl": "f", "appSyncUrl": "a"}).architectures == ("function-url",)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("{", "is not JSON"),
        ("[]", "holds no JSON object"),
        ("{}", "names none of functionUrl, webSocketUrl and appSyncUrl"),
        (json.dumps({"functionUrl": 7}), "functionUrl is 7, and must be a string"),
        (b"\xff\xfe", "is not JSON"),
    ],
)
def test_a_file_that_holds_no_outputs_is_told_in_one_line_with_the_next_step(
    tmp_path: Path, content: str | bytes, complaint: str
):
    file = tmp_path / "outputs.json"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(OutputsError) as caught:
        StackOutputs.from_file(file)
    text = str(caught.value)
    assert str(file) in text
    assert complaint in text
    assert "pulumi stack output --json" in text
    assert "\n" not in text


def test_a_file_that_is_not_there_is_told_too(tmp_path: Path):
    with pytest.raises(OutputsError, match="No such file"):
        StackOutputs.from_file(tmp_path / "nothing.json")


@pytest.mark.parametrize("architecture", ["function-url", "websocket", "appsync"])
def test_the_factory_gives_the_client_of_the_architecture(architecture: str):
    client = client_for(architecture, StackOutputs.from_json(ALL), "t")  # pyright: ignore[reportArgumentType]
    assert client.architecture == architecture


def test_the_factory_names_what_the_stack_has_when_it_lacks_the_architecture():
    with pytest.raises(OutputsError, match="has no appsync; it has: function-url"):
        client_for("appsync", StackOutputs({"functionUrl": "https://f/"}), "t")
