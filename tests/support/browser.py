"""Browsers of this machine, headless, and a page that they open and that tells what came of it."""

import functools
import json
import shutil
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Queue
from tempfile import TemporaryDirectory
from typing import Any

BROWSERS = [path for path in map(shutil.which, ("chromium", "google-chrome")) if path][:1]
"""One is enough, and a machine may have none: what a browser shows is shown by Node too, but for CORS."""
LOAD_SECONDS = 120
TYPES = {".html": "text/html", ".mjs": "text/javascript", ".js": "text/javascript"}


@dataclass
class Pages:
    """A site on loopback; a page posts what it has to tell to `/told`."""

    origin: str
    files: dict[str, bytes] = field(default_factory=dict[str, bytes])
    """Path → content."""
    told: "Queue[dict[str, Any]]" = field(default_factory=Queue)

    def add(self, path: str, file: Path) -> None:
        self.files[path] = file.read_bytes()

    def opened(self, browser: str, path: str) -> dict[str, Any]:
        """What the page tells that a browser opens."""
        with TemporaryDirectory() as profile:
            command = [browser, "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run"]
            process = subprocess.Popen(
                [*command, "--no-proxy-server", f"--user-data-dir={profile}", f"{self.origin}{path}"],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            try:
                return self.told.get(timeout=LOAD_SECONDS)
            finally:
                process.terminate()
                process.wait(30)


@contextmanager
def pages() -> Iterator[Pages]:
    """A site without pages yet."""
    site = Pages("")
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Handler, site))
    site.origin = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()


def page(script: str, imports: Mapping[str, str]) -> bytes:
    """A page that runs a module."""
    names = json.dumps({"imports": dict(imports)})
    head = f'<!doctype html><meta charset="utf-8"><script type="importmap">{names}</script>'
    return f'{head}<script type="module">{script}</script>'.encode()


class _Handler(BaseHTTPRequestHandler):
    def __init__(self, site: Pages, *args: Any) -> None:
        self._site = site
        super().__init__(*args)

    def do_GET(self) -> None:
        content = self._site.files.get(self.path)
        self.send_response(200 if content is not None else 404)
        self.send_header("content-type", TYPES.get(Path(self.path).suffix, "text/html"))
        self.end_headers()
        self.wfile.write(content or b"")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.send_response(204)
        self.end_headers()
        self._site.told.put(json.loads(body))

    def log_message(self, format: str, *args: Any) -> None:
        """Requests are the test's own."""
