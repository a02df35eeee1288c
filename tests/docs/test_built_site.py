"""The site as it is built: from a folder it can be searched, at an address it has versions and a card for previews."""

import re
import struct
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import yaml
from playwright.async_api import Browser, expect

from tests.docs import small_site
from tests.docs.pages import DOCS, ROOT
from tests.support.browser import SCREENSHOTS, chromium

CARD = DOCS / "assets" / "social-card.svg"
pytestmark = pytest.mark.xdist_group("built-site")
SIZE = {"width": 1200, "height": 630}
"""As https://developers.facebook.com/docs/sharing/webmasters/images recommends it."""


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small site, built without an address."""
    folder = tmp_path_factory.mktemp("site")
    small_site.write(folder)
    done = small_site.build(folder, SITE_URL="")
    assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.parametrize("opened", ["index.html", "folder/second.html"])
async def test_a_site_that_is_opened_from_a_folder_can_be_searched(
    project: Path, browser: Browser, opened: str
) -> None:
    tab = await browser.new_page()
    wrong: list[str] = []
    tab.on("pageerror", lambda error: wrong.append(str(error)))
    tab.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    await tab.goto((project / "site" / opened).as_uri())
    await tab.get_by_role("textbox", name="Search").press_sequentially(small_site.WORD)
    result = tab.locator(".md-search-result__link", has_text="Second page")
    await expect(result).to_have_attribute("href", re.compile(r"/site/folder/second\.html\?h=zymurgy"))
    assert wrong == []
    await tab.close()


def test_a_site_without_an_address_has_no_card_and_looks_for_no_versions(project: Path) -> None:
    html = (project / "site" / "index.html").read_text()
    assert "og:" not in html
    assert '"version": null' in html


async def test_the_card_has_the_words_of_the_site_within_its_edges(browser: Browser) -> None:
    tab = await browser.new_page(viewport=SIZE)
    await tab.set_content(f"<body style='margin: 0'>{CARD.read_text()}")
    texts = await tab.evaluate(
        "[...document.querySelectorAll('text')].map(e => [e.textContent, e.getBBox().x + e.getBBox().width])"
    )
    await tab.screenshot(path=SCREENSHOTS / "social-card.png")
    await tab.close()
    about = yaml.compose((ROOT / "mkdocs.yml").read_text())
    named = {key.value: value.value for key, value in about.value}
    assert " ".join(text for text, _ in texts[:3]) == f"{named['site_name']} {named['site_description']}"
    assert max(right for _, right in texts) < SIZE["width"] - 40


def test_the_picture_of_the_card_has_the_size_that_its_tags_say() -> None:
    picture = CARD.with_suffix(".png").read_bytes()
    assert struct.unpack(">II", picture[16:24]) == (SIZE["width"], SIZE["height"])
    tags = (DOCS / "overrides" / "main.html").read_text()
    assert dict(re.findall(r'og:image:(width|height)" content="(\d+)"', tags)) == {k: str(v) for k, v in SIZE.items()}
