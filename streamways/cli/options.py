"""Arguments and options that several commands share."""

import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer

from sandbox.options import DEFAULT_PORT
from streamways.clients.client import ARCHITECTURES

PORT_VARIABLE = "STREAMWAYS_PORT"
PICTURE_SUFFIX = ".svg"
"""A picture that is there is drawn anew: no other file may be named by mistake."""


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


def picture_file(path: Path | None) -> Path | None:
    """The value of `--svg`, if a picture can be written there. Raises `typer.BadParameter`, before anything runs."""
    if path is None:
        return None
    if path.suffix != PICTURE_SUFFIX:
        raise typer.BadParameter(f"{str(path)!r} does not end in {PICTURE_SUFFIX}.")
    if path.is_dir():
        raise typer.BadParameter(f"{str(path)!r} is a folder: name a file in it.")
    try:
        with path.open("ab") if path.exists() else tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise typer.BadParameter(f"{str(path)!r} cannot be written: {error.strerror}.") from error
    return path


Prompt = Annotated[str, typer.Argument(metavar="PROMPT", help="The prompt.", show_default=False)]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]
OutputsFile = Annotated[
    Path | None,
    typer.Option(
        "--outputs",
        metavar="FILE",
        help="Use the deployed stack with these outputs (JSON). STREAMWAYS_TOKEN must hold an access token, "
        "STREAMWAYS_ID_TOKEN an ID token if users sign.",
        show_default=False,
    ),
]
Save = Annotated[
    Path | None,
    typer.Option(
        metavar="FOLDER",
        help="Also write the result into a new file of this folder, with date, label, machine and versions.",
        show_default=False,
    ),
]
Svg = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        callback=picture_file,
        help="Also write what is seen into this file, as an SVG that loads nothing.",
        show_default=False,
    ),
]
Runs = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        min=1,
        help="Warm up, then run so often, and show medians. Without it: one race without a warm-up.",
        show_default=False,
    ),
]
StreamsTable = Annotated[
    str | None,
    typer.Option(
        "--table",
        metavar="NAME",
        help="The streams table of a deployed stack, reached with your AWS credentials and region. Without it: that of "
        "the running sandbox.",
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
Provider = Annotated[
    bool, typer.Option("--provider", help="Start empty, and serve a Pulumi provider that `pulumi up` deploys through.")
]
Warm = Annotated[
    int | None,
    typer.Option(metavar="N", min=0, help="Warm environments that each function starts with.", show_default=False),
]
