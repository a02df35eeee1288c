"""A real browser, driven by Playwright: Chromium from npm's registry, the same version everywhere and no root needed.

That package has it for Linux on x86_64. On another machine it is the Chrome or Chromium that is installed; without one
the tests fail.
"""

import os
import platform
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import Browser, async_playwright

from tests.support import node

FOLDER = "tests/node/browser"
MANIFEST = f"{FOLDER}/package.json"
UNPACK = f"{FOLDER}/unpack.mjs"
INSTALLED = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MAC = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
SCREENSHOTS = node.ROOT / "build" / "screenshots"
"""Where a run leaves pictures of the page, for the documentation."""


def axe() -> str:
    """The script that finds barriers in a page: https://github.com/dequelabs/axe-core."""
    return (node.installed(MANIFEST, {}).parent / "node_modules/axe-core/axe.min.js").read_text()


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """A browser without a window."""
    executable, environment = _executable()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=executable, args=["--no-sandbox", "--disable-gpu"], env={**os.environ, **environment}
        )
        yield browser
        await browser.close()


def _executable() -> tuple[Path, dict[str, str]]:
    """The browser's program, and what it must find in its environment."""
    if (platform.system(), platform.machine()) == ("Linux", "x86_64"):
        folder = node.installed(MANIFEST, node.files(UNPACK), _unpack)
        return folder / "chromium", {
            "LD_LIBRARY_PATH": str(folder / "al2023/lib"),
            "FONTCONFIG_FILE": str(folder / "fonts.conf"),
        }
    found = [Path(path) for name in INSTALLED if (path := shutil.which(name))] + [MAC] * MAC.exists()
    assert found, "these tests drive a browser: install Chrome or Chromium"
    return found[0], {}


def _unpack(folder: Path) -> None:
    node.run(folder / UNPACK, TMPDIR=str(folder))
    (folder / "fonts.conf").write_text(
        f"<fontconfig><dir>{folder / 'fonts'}</dir><dir>/usr/share/fonts</dir>"
        f"<cachedir>{folder / 'fonts-cache'}</cachedir>"
        "<alias><family>system-ui</family><prefer><family>Open Sans</family></prefer></alias></fontconfig>"
    )
