"""A site on loopback, whose pages a browser opens at an origin of their own."""

import functools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

TYPES = {".html": "text/html", ".mjs": "text/javascript", ".js": "text/javascript"}


@dataclass
class Site:
    """What it serves may change while it does."""

    origin: str
    files: dict[str, bytes] = field(default_factory=dict[str, bytes])
    """Path → content."""

    def add(self, path: str, file: Path) -> None:
        self.files[path] = file.read_bytes()


@contextmanager
def served_site() -> Iterator[Site]:
    """A site without pages yet."""
    site = Site("")
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Handler, site))
    site.origin = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    def __init__(self, site: Site, *args: Any) -> None:
        self._site = site
        super().__init__(*args)

    def do_GET(self) -> None:
        content = self._site.files.get(self.path)
        self.send_response(200 if content is not None else 404)
        self.send_header("content-type", TYPES.get(Path(self.path).suffix, "text/html"))
        self.end_headers()
        self.wfile.write(content or b"")

    def log_message(self, format: str, *args: Any) -> None:
        """Requests are the test's own."""
