"""The page of a stack that has one: an address before the APIs, which let it in, and its files after them."""

from collections.abc import Mapping, Sequence

import pulumi

from shared.contract.outputs import PAGE_DOMAIN_TARGET, PAGE_URL
from stacks.packages import page as bundle
from stacks.settings.stack import Settings
from stacks.web_page import WebPage, WebPageFiles


class StackPage:
    """Bucket and distribution of the page; `fill` it once the stack's outputs are there.

    Builds the page if need be. Raises PackageError, before anything is made for it.
    """

    origins: pulumi.Output[Sequence[str]]
    """Whose pages the APIs let in: those of the settings, and this one."""
    outputs: Mapping[str, pulumi.Output[str]]
    """What the stack tells of its page."""

    def __init__(self, settings: Settings, opts: pulumi.ResourceOptions) -> None:
        self._opts, self._folder = opts, str(bundle.build())
        domain, named = settings.domains.page, settings.access.cors_origins
        self._page = WebPage("page", {} if domain is None else {"domain": domain}, opts)
        # The settings may name the page's own domain too.
        self.origins = self._page.origin.apply(lambda own: [*dict.fromkeys([*named, own])])
        self.outputs = {PAGE_URL: self._page.url} | ({} if domain is None else {PAGE_DOMAIN_TARGET: self._page.target})

    def fill(self, outputs: Mapping[str, pulumi.Input[str]]) -> None:
        """Write the files, for a stack with these outputs. Raises PackageError."""
        WebPageFiles(
            "page-files",
            {"bucket_name": self._page.bucket_name, "folder": self._folder, "outputs": outputs},
            self._opts,
        )
