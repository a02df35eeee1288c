"""`streamways copy`: one architecture as a project of its own."""

from pathlib import Path
from typing import Annotated

import typer

from streamways.cli.options import one_of_them
from streamways.clients.client import ARCHITECTURES
from streamways.errors import Misuse

app = typer.Typer(rich_markup_mode=None)


@app.command(short_help="Copy one architecture into a project of its own.")
def copy(
    architecture: Annotated[
        str | None,
        typer.Argument(
            metavar=f"<{'|'.join(ARCHITECTURES)}>",
            callback=one_of_them,
            help="The architecture.",
            show_default=False,
        ),
    ] = None,
    dest: Annotated[
        Path | None, typer.Argument(metavar="DEST", help="The folder to write. It must be new.", show_default=False)
    ] = None,
    package: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="The Python package of the project. Without it: the folder's name.", show_default=False
        ),
    ] = None,
    diff: Annotated[
        Path | None,
        typer.Option(
            metavar="DEST",
            help="Print what changed since DEST was copied, and copy nothing. The exit code is 1 if anything did.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Copy one architecture into a project of its own: its component, its handlers, what they import, and their tests.

    The project has its own Python package, its own lock, an example program, and a page of IAM statements. It needs
    nothing of this repository.

    \b
    Examples:
      streamways copy websocket ../theirs
      streamways copy function-url ../chat --package chat_stream
      streamways copy --diff ../theirs
    """
    from streamways.cli.copying import copy as run
    from streamways.cli.copying import print_changes

    if diff is not None:
        if architecture or package:
            raise Misuse("--diff takes the architecture and the package from the project; name neither")
        raise typer.Exit(int(print_changes(diff)))
    if architecture is None or dest is None:
        raise Misuse("copy needs an architecture and a folder, e.g. streamways copy websocket ../theirs")
    run(architecture, dest, package)
