"""The streams table that an operator reads or changes: that of a running sandbox, or one on AWS that is named."""

from dataclasses import dataclass
from typing import Any, Final

import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from sandbox.state import State
from streamways.errors import CommandError, Misuse
from streamways.target.stack import running_sandbox

CONFIG: Final = Config(connect_timeout=3, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 3})


@dataclass(frozen=True)
class StreamsTable:
    """A table, and a client of DynamoDB that reaches it."""

    name: str
    client: Any


def streams_table(name: str | None, port: int | None) -> StreamsTable:
    """The table of this name on AWS, with the caller's own credentials and region; without a name, of the sandbox.

    Raises CommandError.
    """
    if name is None:
        return _of_sandbox(running_sandbox(port))
    try:
        return StreamsTable(name, botocore.session.Session().create_client("dynamodb", config=CONFIG))
    except BotoCoreError as error:
        raise Misuse(f"AWS cannot be asked: {error}; set AWS_PROFILE and AWS_REGION") from error


def _of_sandbox(running: State) -> StreamsTable:
    """With a client that cannot leave the sandbox, whatever the caller's environment says."""
    keys = running.credentials
    client: Any = botocore.session.Session().create_client(
        "dynamodb",
        region_name=running.region,
        endpoint_url=f"{running.origin}/aws",
        aws_access_key_id=keys.access_key_id,
        aws_secret_access_key=keys.secret_access_key,
        aws_session_token=keys.session_token,
        verify=running.ca_file,
        config=CONFIG,
    )
    try:
        names = client.list_tables()["TableNames"]
    except (BotoCoreError, ClientError) as error:
        raise CommandError(f"the sandbox's tables cannot be listed: {error}") from error
    if len(names) != 1:
        raise CommandError(f"the sandbox has {len(names)} tables, and not one; choose one with --table")
    return StreamsTable(names[0], client)
