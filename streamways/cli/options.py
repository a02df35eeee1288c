"""Arguments and options that several commands share."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from sandbox.options import DEFAULT_PORT

PORT_VARIABLE = "STREAMWAYS_PORT"


class ArchitectureName(StrEnum):
    """The architectures, as `--on` takes them."""

    FUNCTION_URL = "function-url"
    WEBSOCKET = "websocket"
    APPSYNC = "appsync"


class Tier(StrEnum):
    """The tiers that have a demo user, as `--as` takes them."""

    FREE = "free"
    PRO = "pro"
    ENTERPRISE = "enterprise"


Prompt = Annotated[str, typer.Argument(metavar="PROMPT", help="The prompt.", show_default=False)]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]
OutputsFile = Annotated[
    Path | None,
    typer.Option(
        "--outputs",
        metavar="FILE",
        help="Use the deployed stack with these outputs (JSON). STREAMWAYS_TOKEN must hold an access token.",
        show_default=False,
    ),
]
Port = Annotated[
    int | None,
    typer.Option(
        metavar="PORT",
        envvar=PORT_VARIABLE,
        min=1,
        max=65_535,
        help="Port of the sandbox. Needed only while several sandboxes run.",
        show_default=False,
    ),
]
NewPort = Annotated[
    int | None,
    typer.Option(
        metavar="PORT",
        envvar=PORT_VARIABLE,
        min=1,
        max=65_535,
        help=f"First port that the new sandbox tries. Without it: {DEFAULT_PORT}.",
        show_default=False,
    ),
]
Config = Annotated[
    list[str] | None,
    typer.Option(
        "-c",
        "--config",
        metavar="KEY=VALUE",
        help="A configuration value of the Pulumi program. Repeat the option for more.",
        show_default=False,
    ),
]
FirstTokenMs = Annotated[
    float | None,
    typer.Option(
        metavar="MS", min=0, help="Time to the first token of the emulated model, in milliseconds.", show_default=False
    ),
]
TokensPerSecond = Annotated[
    float | None,
    typer.Option(metavar="N", min=0.1, help="Tokens that the emulated model writes in a second.", show_default=False),
]
TimeScale = Annotated[
    float | None,
    typer.Option(
        metavar="X",
        max=1,
        help="Factor for idle times, connection times and schedules: 0.01 shortens 10 idle minutes to 6 seconds.",
        show_default=False,
    ),
]
Tls = Annotated[bool, typer.Option("--tls", help="Serve HTTPS and WSS with a certificate that the sandbox makes.")]
Warm = Annotated[
    int | None,
    typer.Option(metavar="N", min=0, help="Warm environments that each function starts with.", show_default=False),
]
