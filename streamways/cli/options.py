"""Arguments and options that several commands share."""

from pathlib import Path
from typing import Annotated, Any

import typer

from sandbox.options import DEFAULT_PORT
from streamways.clients.client import ARCHITECTURES

PORT_VARIABLE = "STREAMWAYS_PORT"


def one_of_them(name: str | None) -> str | None:
    """The architecture of `--on`. Raises `typer.BadParameter`."""
    if name is None or name in ARCHITECTURES:
        return name
    raise typer.BadParameter(f"{name!r} is not one of {', '.join(map(repr, ARCHITECTURES))}.")


def on_option(help: str) -> Any:
    """The option `--on`."""
    return typer.Option(
        "--on", metavar=f"<{'|'.join(ARCHITECTURES)}>", callback=one_of_them, help=help, show_default=False
    )


Prompt = Annotated[str, typer.Argument(metavar="PROMPT", help="What to ask.", show_default=False)]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]
OutputsFile = Annotated[
    Path | None,
    typer.Option(
        "--outputs",
        metavar="FILE",
        help="Speak to the stack of these outputs (JSON), not to a sandbox; STREAMWAYS_TOKEN holds the token.",
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
        help=f"Port of the sandbox: {DEFAULT_PORT}, or the next free one, unless given.",
        show_default=False,
    ),
]
Config = Annotated[
    list[str] | None,
    typer.Option(
        "-c", "--config", metavar="KEY=VALUE", help="A setting of the program; can be repeated.", show_default=False
    ),
]
FirstTokenMs = Annotated[
    float | None,
    typer.Option(metavar="MS", min=0, help="Milliseconds until the emulated model's first token.", show_default=False),
]
TokensPerSecond = Annotated[
    float | None,
    typer.Option(metavar="N", min=0.1, help="Tokens per second of the emulated model.", show_default=False),
]
TimeScale = Annotated[
    float | None,
    typer.Option(
        metavar="X",
        max=1,
        help="Seconds of the sandbox for one of AWS's, in limits of time: 0.01 makes ten idle minutes six seconds.",
        show_default=False,
    ),
]
Tls = Annotated[bool, typer.Option("--tls", help="Speak HTTPS and WSS, with a certificate of the sandbox's own.")]
Warm = Annotated[
    int | None,
    typer.Option(metavar="N", min=0, help="Environments of each function that are started ahead.", show_default=False),
]
