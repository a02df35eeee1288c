"""The commands that tell of a running sandbox: `token`, `users`, `outputs` and `logs`."""

from typing import Annotated

import typer

from shared.contract.tiers import Tier
from streamways.cli.options import Json, Port

app = typer.Typer(rich_markup_mode=None)


@app.command(short_help="Print an access token of a demo user.")
def token(
    tier: Annotated[Tier, typer.Option("--as", help="The tier of the demo user.")] = Tier.ENTERPRISE,
    port: Port = None,
) -> None:
    """Print an access token of a demo user of the running sandbox, and nothing else.

    A client sends it as `Authorization: Bearer <token>`.

    \b
    Examples:
      streamways token --as pro
      curl -N -H "Authorization: Bearer $(streamways token)" …
    """
    from streamways.target.control import Control
    from streamways.target.stack import running_sandbox, with_demo_users

    print(Control.of(with_demo_users(running_sandbox(port))).token(tier))


@app.command(short_help="Print the demo users and their passwords.")
def users(json: Json = False, port: Port = None) -> None:
    """Print the demo users of the running sandbox, their passwords, and the outputs that a client signs in with.

    \b
    Examples:
      streamways users
      streamways users --json | jq '.users[] | select(.tier == "pro")'
    """
    from streamways.cli.listing import print_users
    from streamways.target.stack import running_sandbox, with_demo_users

    print_users(with_demo_users(running_sandbox(port)), as_json=json)


@app.command(short_help="Print the stack outputs of the sandbox.")
def outputs(json: Json = False, port: Port = None) -> None:
    """Print the stack outputs of the running sandbox: URLs, the user pool and the region.

    \b
    Examples:
      streamways outputs
      streamways outputs --json > outputs.json
    """
    from streamways.cli.listing import print_outputs
    from streamways.target.stack import running_sandbox, sandbox_outputs

    print_outputs(sandbox_outputs(running_sandbox(port)), as_json=json)


@app.command(short_help="Print the logs of the functions.")
def logs(
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Keep printing new lines until Ctrl-C.")] = False,
    port: Port = None,
) -> None:
    """Print the log lines of all functions in the running sandbox, ordered by time.

    \b
    Examples:
      streamways logs
      streamways logs -f
    """
    from streamways.cli.logs import print_logs
    from streamways.target.stack import running_sandbox

    print_logs(running_sandbox(port), follow=follow)
