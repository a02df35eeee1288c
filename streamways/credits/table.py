"""The table whose credits an operator changes: of a running sandbox, or one on AWS that is named."""

from typing import Any, Final

import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError

from sandbox.state import State
from streamways.credits.books import Books
from streamways.errors import CommandError
from streamways.target.stack import running_sandbox

CONFIG: Final = Config(connect_timeout=3, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 3})


def books_of(table: str | None, port: int | None) -> Books:
    """The books of this table on AWS, with the caller's own credentials and region; without a name, of the sandbox.

    Raises CommandError.
    """
    if table is None:
        running = running_sandbox(port)
        client = _of_sandbox(running)
        [name] = client.list_tables()["TableNames"]
        return Books(client, name)
    try:
        client: Any = botocore.session.get_session().create_client("dynamodb", config=CONFIG)
    except BotoCoreError as error:
        raise CommandError(f"there is no DynamoDB to ask: {error} Set AWS_REGION, and credentials of AWS") from error
    return Books(client, table)


def _of_sandbox(running: State) -> Any:
    """A client that cannot leave the sandbox, whatever the caller's environment says."""
    keys = running.credentials
    return botocore.session.Session().create_client(
        "dynamodb",
        region_name=running.region,
        endpoint_url=f"{running.origin}/aws",
        aws_access_key_id=keys.access_key_id,
        aws_secret_access_key=keys.secret_access_key,
        aws_session_token=keys.session_token,
        verify=running.ca_file,
        config=CONFIG,
    )
