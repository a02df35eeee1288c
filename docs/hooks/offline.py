"""Fails the build when a page would load anything from another host: the site has to be readable without a network.

Links that a reader may follow are fine; scripts, styles, pictures and frames are not.
"""

import re
from typing import Any

TAG = re.compile(r"<(script|link|img|iframe|source|video|audio|object|embed)\b[^>]*>", re.IGNORECASE)
REMOTE = re.compile(r"\b(?:src|href|srcset|data)\s*=\s*[\"']?\s*(?:https?:)?//", re.IGNORECASE)
POINTERS = re.compile(r"rel\s*=\s*[\"']?(?:canonical|alternate|next|prev|edit)\b", re.IGNORECASE)
"""Links that name another page and load nothing."""


def remote_resources(html: str) -> list[str]:
    """The tags of a page that would load something from another host."""
    tags = [found.group() for found in TAG.finditer(html)]
    return [tag for tag in tags if REMOTE.search(tag) and not POINTERS.search(tag)]


def on_post_page(output: str, page: Any, **_: object) -> str:
    """mkdocs hook: refuses a page with remote resources."""
    from mkdocs.exceptions import PluginError  # the tests of this hook run without mkdocs

    if found := remote_resources(output):
        raise PluginError(f"{page.file.src_path} loads from another host: {'; '.join(found)}. Keep it in docs/assets.")
    return output
