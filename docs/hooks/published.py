"""Gives a site that has an address the selector of its versions, whose list the page would look for in vain otherwise.

https://squidfunk.github.io/mkdocs-material/setup/setting-up-versioning/
"""

from typing import Any


def on_config(config: Any) -> Any:
    """mkdocs hook: `site_url` is set by the workflow that publishes the site."""
    if config.site_url:
        config.extra["version"] = {"provider": "mike"}
    return config
