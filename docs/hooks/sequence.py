"""Draws the site's mermaid sequence diagrams as inline SVG while the site is built.

GitHub draws a `mermaid` block by itself. mkdocs-material would have the reader's browser fetch mermaid from a CDN, and
the site has to be readable offline: so the few statements of mermaid's sequence diagrams that these docs use are drawn
here. Anything else in such a block fails the build with the line that is not understood.

Statements: `accTitle: T` · `participant A as Label` · `actor A as Label` · `A->>B: T` · `A-->>B: T` (an answer) ·
`A-)B: T` (asynchronous) · `Note over A,B: T` · `loop T` / `opt T` … `end`. `<br/>` breaks a line.
Syntax: https://mermaid.js.org/syntax/sequenceDiagram.html
"""

import re
from dataclasses import dataclass, field
from html import escape
from itertools import pairwise
from typing import Any

CHARACTER = 6.2
"""Estimated width of a character in px at the diagrams' font size: the browser's sans font is not known here."""
LINE = 16
GAP = 14
HEAD = 34
MARKER = 'viewBox="0 0 8 8" refX="2" refY="4" markerWidth="8" markerHeight="8" orient="auto"'
MARKERS = (
    f'<defs><marker id="seq-full" {MARKER}><path class="tip" d="M0,0 L8,4 L0,8 z"/></marker>'
    f'<marker id="seq-open" {MARKER}><path class="tip-open" d="M0,0 L7,4 L0,8"/></marker></defs>'
)

MESSAGE = re.compile(r"(\w+)\s*(-->>|->>|-\))\s*(\w+)\s*:\s*(.+)")
PARTICIPANT = re.compile(r"(?:participant|actor)\s+(\w+)(?:\s+as\s+(.+))?")
NOTE = re.compile(r"Note over (\w+)(?:\s*,\s*(\w+))?\s*:\s*(.+)")
FRAME = re.compile(r"(loop|opt)\s+(.+)")


class UnknownStatement(ValueError):
    """A line of a diagram that is not one of the statements this module draws."""


@dataclass(frozen=True)
class Message:
    """An arrow between two participants, or from one to itself."""

    source: str
    arrow: str
    target: str
    text: tuple[str, ...]


@dataclass(frozen=True)
class Note:
    """A box over one participant or from one to another."""

    first: str
    last: str
    text: tuple[str, ...]


@dataclass(frozen=True)
class Frame:
    """The opening (`kind` and `text`) or, with an empty kind, the end of a `loop` or `opt` box."""

    kind: str = ""
    text: str = ""


@dataclass
class Diagram:
    """What one block says: participants from left to right, steps from top to bottom."""

    title: str = "Sequence diagram"
    participants: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    steps: list[Message | Note | Frame] = field(default_factory=list["Message | Note | Frame"])


def lines_of(text: str) -> tuple[str, ...]:
    """The lines of a label."""
    return tuple(line.strip() for line in re.split(r"<br\s*/?>", text))


def parse(source: str) -> Diagram:
    """Read a mermaid `sequenceDiagram`. Raises UnknownStatement for a line or a participant that is not known."""
    diagram = Diagram()
    statements = [line.strip() for line in source.splitlines() if line.strip()]
    if not statements or statements[0] != "sequenceDiagram":
        raise UnknownStatement("a mermaid block starts with `sequenceDiagram`: the site draws no other diagram")
    for statement in statements[1:]:
        if statement.startswith("accTitle:"):
            diagram.title = statement.removeprefix("accTitle:").strip()
        elif found := PARTICIPANT.fullmatch(statement):
            diagram.participants[found[1]] = lines_of(found[2] or found[1])
        elif found := MESSAGE.fullmatch(statement):
            diagram.steps.append(Message(found[1], found[2], found[3], lines_of(found[4])))
        elif found := NOTE.fullmatch(statement):
            diagram.steps.append(Note(found[1], found[2] or found[1], lines_of(found[3])))
        elif found := FRAME.fullmatch(statement):
            diagram.steps.append(Frame(found[1], found[2]))
        elif statement == "end":
            diagram.steps.append(Frame())
        else:
            raise UnknownStatement(f"{statement!r} is not a statement that docs/hooks/sequence.py draws")
    for step in diagram.steps:
        ends = (step.source, step.target) if isinstance(step, Message) else ()
        ends = (step.first, step.last) if isinstance(step, Note) else ends
        for name in ends:
            if name not in diagram.participants:
                raise UnknownStatement(f"{name!r} is used in a diagram without a `participant {name} as …` line")
    return diagram


def width_of(text: tuple[str, ...]) -> float:
    """Estimated width in px of the longest line."""
    return max(len(line) for line in text) * CHARACTER


def columns(diagram: Diagram) -> dict[str, float]:
    """The x of each participant's lifeline, far enough apart for the heads and for what is written between them."""
    names = list(diagram.participants)
    space = [
        (width_of(diagram.participants[left]) + width_of(diagram.participants[right])) / 2 + 40
        for left, right in pairwise(names)
    ]
    for step in diagram.steps:
        if isinstance(step, Frame):
            continue
        ends = (step.source, step.target) if isinstance(step, Message) else (step.first, step.last)
        first, last = sorted(names.index(name) for name in ends)
        needed = width_of(step.text) + 34
        if first == last and isinstance(step, Message) and first < len(space):
            space[first] = max(space[first], needed + 20)
        elif first < last:
            missing = needed - sum(space[first:last])
            for gap in range(first, last):
                space[gap] += max(0.0, missing) / (last - first)
    x = max(width_of(diagram.participants[names[0]]) / 2 + 20, 60)
    places = {names[0]: x}
    for name, gap in zip(names[1:], space, strict=True):
        x += gap
        places[name] = x
    return places


def text(x: float, y: float, lines: tuple[str, ...], css: str) -> str:
    """Lines of text, centred on x, the first one's baseline at y."""
    baselines = (y + LINE * row for row in range(len(lines)))
    rows = (
        f'<tspan x="{x:.0f}" y="{at:.0f}">{escape(line)}</tspan>' for at, line in zip(baselines, lines, strict=True)
    )
    return f'<text class="{css}">{"".join(rows)}</text>'


def box(x: float, y: float, width: float, height: float, css: str) -> str:
    """A rectangle with rounded corners."""
    return f'<rect class="{css}" x="{x:.0f}" y="{y:.0f}" width="{width:.0f}" height="{height:.0f}" rx="5"/>'


def draw_message(message: Message, places: dict[str, float], y: float) -> tuple[str, float]:
    """The arrow with its text above it, and the y below it."""
    start, end = places[message.source], places[message.target]
    bottom = y + LINE * len(message.text)
    css = "answer" if message.arrow == "-->>" else "call"
    head = "open" if message.arrow == "-)" else "full"
    if message.source == message.target:
        loop = f"M{start:.0f},{y + 4:.0f} h26 v{bottom - y:.0f} h-20"
        label = text(start + 34, y + LINE * 0.75, message.text, "label aside")
        return f'<path class="{css}" d="{loop}" marker-end="url(#seq-{head})"/>{label}', bottom + GAP
    tip = end - 6 if end > start else end + 6
    line = f'<path class="{css}" d="M{start:.0f},{bottom:.0f} H{tip:.0f}" marker-end="url(#seq-{head})"/>'
    return line + text((start + end) / 2, y + LINE * 0.7, message.text, "label"), bottom + GAP


def draw(diagram: Diagram) -> str:
    """The whole diagram as one line of SVG, coloured by docs/stylesheets/extra.css."""
    places = columns(diagram)
    last = list(diagram.participants)[-1]
    width = places[last] + max(width_of(diagram.participants[last]) / 2 + 20, 60)
    for step in diagram.steps:
        if isinstance(step, Message) and step.source == step.target:
            width = max(width, places[step.source] + 44 + width_of(step.text))
        if isinstance(step, Note):
            middle = (places[step.first] + places[step.last]) / 2
            width = max(width, middle + width_of(step.text) / 2 + 24)
    head = HEAD + LINE * (max(len(label) for label in diagram.participants.values()) - 1)
    y = head + GAP + 8
    body: list[str] = []
    frames: list[tuple[Frame, float]] = []
    for step in diagram.steps:
        if isinstance(step, Message):
            drawn, y = draw_message(step, places, y)
            body.append(drawn)
        elif isinstance(step, Note):
            first, end = sorted((places[step.first], places[step.last]))
            half = max((end - first) / 2 + 30, width_of(step.text) / 2 + 12)
            height = LINE * len(step.text) + 10
            body.append(box((first + end) / 2 - half, y - 4, 2 * half, height, "note"))
            body.append(text((first + end) / 2, y + LINE * 0.75, step.text, "label"))
            y += height + GAP - 4
        elif step.kind:
            frames.append((step, y - 4))
            y += LINE
        else:
            frame, top = frames.pop()
            inset = 6 + 6 * len(frames)
            body.insert(0, box(inset, top, width - 2 * inset, y - top - 2, "frame"))
            body.append(text(inset + 8, top + LINE, (f"{frame.kind}: {frame.text}",), "frame-label"))
            y += GAP - 4
    heads: list[str] = []
    for name, label in diagram.participants.items():
        half = width_of(label) / 2 + 14
        heads.append(f'<path class="life" d="M{places[name]:.0f},{head} V{y:.0f}"/>')
        heads.append(box(places[name] - half, 2, 2 * half, head, "head"))
        heads.append(text(places[name], 2 + head / 2 - LINE * (len(label) - 1) / 2 + 4, label, "label head-label"))
    size = f'viewBox="0 0 {width:.0f} {y + 4:.0f}" style="max-width: {width:.0f}px"'
    drawn = f"<title>{escape(diagram.title)}</title>{MARKERS}{''.join(heads)}{''.join(body)}"
    return f'<figure class="sequence"><svg role="img" {size}>{drawn}</svg></figure>'


def fence(source: str, *_: object, **__: object) -> str:
    """Formatter of a superfences custom fence: only the source matters here."""
    return draw(parse(source))


def on_config(config: Any) -> Any:
    """mkdocs hook: `mermaid` blocks go to `fence`."""
    fences = config.mdx_configs.setdefault("pymdownx.superfences", {}).setdefault("custom_fences", [])
    fences.append({"name": "mermaid", "class": "mermaid", "format": fence})
    return config
