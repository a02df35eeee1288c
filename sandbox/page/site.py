"""The origin of a sandbox's page: taken before the program runs, because the program has to allow it (CORS)."""

import socket
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox import ports
from sandbox.options import SandboxOptions
from sandbox.resources.values import Value
from sandbox.tls import Certificate
from shared.contract.outputs import PAGE_URL
from stacks.packages.page import has_page

if TYPE_CHECKING:
    from starlette.routing import BaseRoute

    from sandbox.http_server import HttpServer
    from sandbox.page.application import Page


@dataclass
class Site:
    """A page's listening socket and origin, and the page once it is served."""

    listener: socket.socket
    origin: str
    page: "Page | None" = None

    @classmethod
    def of(cls, options: SandboxOptions, port: int, scheme: str) -> "Site | None":
        """That of the sandbox on `port`; None for a project without a page, and for one that a real engine deploys:
        its outputs are nowhere that a page could learn them from. Raises PortsTaken."""
        if options.provider or not has_page(options.project_root):
            return None
        listener = ports.take_for_page(port)
        return cls(listener, f"{scheme}://{ports.LOOPBACK}:{listener.getsockname()[1]}")

    async def serve(
        self,
        options: SandboxOptions,
        usernames: Callable[[], Sequence[str]],
        control: "Sequence[BaseRoute]",
        server_class: "type[HttpServer]",
        certificate: Certificate | None,
        running: AsyncExitStack,
    ) -> None:
        """Serve the page until the end of `running`."""
        from sandbox.page.application import Page
        from sandbox.page.builder import Builder

        builder = Builder(options.project_root)
        running.push_async_callback(builder.stop)
        self.page = Page(builder, self.origin, usernames, control)
        server = server_class(self.page.application, self.listener, certificate)
        running.push_async_callback(server.stop)
        await server.start()

    def publish(self, outputs: Mapping[str, Value]) -> Mapping[str, Value]:
        """Tells the page what the program exports; the same with the page's address."""
        named = {**outputs, PAGE_URL: f"{self.origin}/"}
        if self.page is not None:
            self.page.outputs = named
        return named
