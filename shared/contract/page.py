"""What a web page of `frontend-sample/page/` is served with, wherever it is served: the same bytes, the same headers.

A browser is to let the page load its own files and reach its stack, and nothing else. Which addresses a stack has is
known only when its APIs are there. So the whole policy is in the page itself, and the headers, which do not depend on a
stack, hold the rest: a browser obeys both (docs/adr/0030-the-page-carries-its-own-policy.md).
https://www.w3.org/TR/CSP3/#multiple-policies
"""

import html
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from shared.contract.architectures import DESCRIPTORS
from shared.contract.outputs import PAGE_URL, Output, SigningOutput

INDEX: Final = "index.html"
CONFIGURATION: Final = "config.json"
"""What the page reads first: `configuration` as JSON."""
ASSETS: Final = "assets/"
"""What the names of files begin with that hold a hash of what is in them."""
FOR_EVER: Final = "public, max-age=31536000, immutable"
ASKED_FOR: Final = "no-cache"
"""A browser may keep the file, and asks each time whether it still holds."""
SCHEMES: Final = ("http", "https", "ws", "wss")
"""Of addresses that a page connects to."""
# It is the first thing in the head: a policy holds for what follows it, and an encoding is looked for in 1,024 bytes.
ENCODING: Final = '<meta charset="utf-8" />'
_POLICY: Final[Mapping[str, str]] = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'none'",
}
HEADERS: Final[Mapping[str, str]] = {
    # Not even a page without its own policy runs a script from elsewhere, and none is shown within another page: that
    # alone a page cannot say of itself.
    "content-security-policy": "; ".join(
        f"{name} {value}" for name, value in {**_POLICY, "connect-src": "*", "frame-ancestors": "'none'"}.items()
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}
"""Of every file."""

Outputs = Mapping[str, Any]
"""A stack's outputs, by name."""


class NoPage(ValueError):
    """A text is not the page, so it has no place for a policy."""


def configuration(outputs: Outputs) -> Mapping[str, str]:
    """What the page has to know of a stack: those outputs that its users need. Everybody can read it."""
    needed = {*Output, *SigningOutput, PAGE_URL, *(name for one in DESCRIPTORS.values() for name in one.outputs)}
    return {name: value for name, value in outputs.items() if name in needed and isinstance(value, str)}


def policy(outputs: Outputs) -> str:
    """The Content-Security-Policy of the page of this stack: its own files, and connections to the stack alone."""
    addresses = [urlsplit(value) for value in configuration(outputs).values()]
    stack = sorted({f"{one.scheme}://{one.netloc}" for one in addresses if one.scheme in SCHEMES})
    directives = {**_POLICY, "connect-src": " ".join(["'self'", *stack])}
    return "; ".join(f"{name} {value}" for name, value in directives.items())


def with_policy(page: str, outputs: Outputs) -> str:
    """The text of `INDEX` with the policy of this stack. Raises NoPage."""
    before, encoding, after = page.partition(ENCODING)
    if not encoding or "<script" in before:
        raise NoPage(f"{INDEX} does not begin with {ENCODING}, behind which its policy has to stand")
    said = html.escape(policy(outputs))
    return f'{before}{encoding}\n    <meta http-equiv="Content-Security-Policy" content="{said}" />{after}'


def cache_control(path: str) -> str:
    """How long a browser keeps the file at this path of the bundle."""
    return FOR_EVER if path.startswith(ASSETS) else ASKED_FOR
