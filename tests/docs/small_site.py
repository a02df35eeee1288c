"""A site of two pages with the configuration, the theme and the hooks of this one, which takes a second to build."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.docs.pages import DOCS, ROOT

WORD = "zymurgy"
"""A word that stands on the page `folder/second.html` alone."""
PAGES = {"index.md": "# streamways\n\nHere.\n", "folder/second.md": f"# Second page\n\nAbout {WORD}.\n"}


def write(folder: Path) -> None:
    """The sources of the site, for `mkdocs build` in this folder."""
    shutil.copy(ROOT / "mkdocs.yml", folder / "inherited.yml")
    (folder / "mkdocs.yml").write_text("INHERIT: inherited.yml\nnav: [index.md, folder/second.md]\n")
    for name in ("hooks", "overrides", "assets", "stylesheets"):
        shutil.copytree(DOCS / name, folder / "docs" / name)
    for name, text in PAGES.items():
        (folder / "docs" / name).parent.mkdir(exist_ok=True)
        (folder / "docs" / name).write_text(text)


def build(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """`mkdocs build` of what `write` wrote, into its folder `site`."""
    command = [str(Path(sys.executable).parent / "mkdocs"), "build"]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1", **environment}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
