"""`--svg`: what a command shows, as a picture that needs no network and no font of its own."""

import re
from html import escape
from io import StringIO
from pathlib import Path
from typing import Final

from rich.console import Console, RenderableType
from rich.terminal_theme import TerminalTheme
from rich.text import Text

from streamways.cli.text import printable
from streamways.errors import CommandError

WIDTH: Final = 100
"""Columns of the terminal in the picture."""
HEIGHT: Final = 24
"""Its lines, as far as what is drawn asks for them; text may take more."""
NO_XML: Final = re.compile("[\ud800-\udfff\ufffe\uffff]")
"""Half characters and others that XML has no place for (https://www.w3.org/TR/xml/#charsets)."""
CHARACTER_RATIO: Final = 0.6
"""Width of a character by its height: that of the common monospaced fonts."""
FORMAT: Final = """\
<svg viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg" role="img">
<title>TITLE</title>
<style>
.{unique_id}-matrix {{
  font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", "Liberation Mono", monospace;
  font-size: {char_height}px;
  line-height: {line_height}px;
}}
.{unique_id}-title {{ font: bold 18px system-ui, sans-serif; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal"><rect width="{terminal_width}" height="{terminal_height}"/></clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">{matrix}</g>
</g>
</svg>
"""
"""Rich's own template loads a font from a foreign host."""
THEME: Final = TerminalTheme(
    (22, 27, 34),
    (230, 237, 243),
    [
        *((22, 27, 34), (255, 123, 114), (126, 231, 135), (227, 179, 65)),
        *((121, 192, 255), (210, 168, 255), (118, 227, 234), (230, 237, 243)),
    ],
)
"""Dark, with contrasts of its own, so that it can be read on a light page and on a dark one: background, text, and the
eight colours of a terminal from black to white."""


def as_typed(command: str) -> Text:
    """A command as a reader would type it."""
    return Text(f"$ {printable(command)}", style="bold")


def write_picture(path: Path, title: str, *shown: RenderableType) -> None:
    """Draws what is shown, one below the other, as the last picture of a terminal. Raises CommandError."""
    console = Console(
        record=True,
        file=StringIO(),
        width=WIDTH,
        height=HEIGHT,
        force_terminal=True,
        color_system="truecolor",
        highlight=False,
    )
    console.print(*shown, sep="\n")
    drawn = console.export_svg(
        title=title,
        theme=THEME,
        code_format=FORMAT.replace("TITLE", escape(title)),
        font_aspect_ratio=CHARACTER_RATIO,
        unique_id="terminal",
    )
    # Without this a font that is narrower than another leaves gaps in the lines of the frames.
    drawn = drawn.replace(" textLength=", ' lengthAdjust="spacingAndGlyphs" textLength=')
    try:
        path.write_text(NO_XML.sub("\N{REPLACEMENT CHARACTER}", drawn), encoding="utf-8")
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}; no picture was written") from error
