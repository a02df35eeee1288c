"""The web page as people use it: at the address that a sandbox prints, in a real browser."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Self

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, ViewportSize, expect

from streamways.target.page import built_page
from tests.support.browser import SCREENSHOTS, axe
from tests.support.sandbox import RunningSandbox

PATIENCE_MS = 20_000
PHONE: ViewportSize = {"width": 390, "height": 844}
DESK: ViewportSize = {"width": 1280, "height": 800}
CUTTABLE = """
    const fetched = window.fetch;
    window.fetch = async (input, init) => {
        const answer = await fetched(input, init);
        if (!answer.headers.get('content-type')?.startsWith('text/event-stream')) return answer;
        const reader = answer.body.getReader();
        const lost = new Promise((_, reject) => (window.cut = () => reject(new TypeError('network error'))));
        const body = new ReadableStream({
            pull: async controller => {
                const {done, value} = await Promise.race([reader.read(), lost]);
                done ? controller.close() : controller.enqueue(value);
            },
            cancel: () => reader.cancel(),
        });
        return new Response(body, answer);
    };
"""
NOT_SAID = "Failed to load resource"
"""How Chromium notes in the console that a request was refused: a page cannot keep it from doing so."""

expect.set_options(timeout=PATIENCE_MS)


@dataclass
class Person:
    """One tab of the page."""

    tab: Page
    password: str
    said: list[str] = field(default_factory=list[str])
    """Warnings and errors in the console."""

    async def sign_in(self) -> None:
        await self.tab.get_by_label("Password").fill(self.password)
        await self.tab.get_by_role("button", name="Sign in").click()
        await expect(self.tab.get_by_role("button", name="Sign out")).to_be_visible()

    async def over(self, way: str) -> None:
        """Chooses the way to the model."""
        chosen = self.tab.get_by_role("radio", name=way)
        await chosen.click(force=True)
        await expect(chosen).to_be_checked()

    async def ask(self, text: str) -> None:
        """Sends a message, by the keyboard."""
        await self.tab.get_by_label("Your message").fill(text)
        await self.tab.keyboard.press("Enter")

    async def sees(self, characters: int) -> None:
        """Waits until the last answer has so many characters."""
        script = "n => [...document.querySelectorAll('.answer .markdown')].at(-1)?.innerText.length >= n"
        await self.tab.wait_for_function(script, arg=characters, timeout=PATIENCE_MS)

    async def sees_the_end(self) -> None:
        await expect(self.tab.get_by_role("status")).to_have_text("The answer is complete.")

    async def answer(self) -> str:
        """The words of the last answer, without what Markdown makes of line breaks."""
        return " ".join((await self.tab.locator(".answer .markdown").last.inner_text()).split())

    async def footer(self) -> str:
        return await self.tab.locator(".answer footer").last.inner_text()

    async def barriers(self) -> list[str]:
        """What axe finds in the page as it is: rule and element."""
        found: dict[str, Any] = await self.tab.evaluate(f"{axe()}\naxe.run()")
        return [f"{one['id']}: {node['html']}" for one in found["violations"] for node in one["nodes"]]

    async def found_in_each_look(self, name: str) -> list[str]:
        """What axe finds by day and night, at a desk and on a phone, and what does not fit. Takes pictures."""
        found: list[str] = []
        for size, viewport in (("desk", DESK), ("phone", PHONE)):
            await self.tab.set_viewport_size(viewport)
            for scheme in ("light", "dark"):
                await self.tab.emulate_media(color_scheme=scheme)
                look = f"{name}-{size}-{scheme}"
                await self.picture(look)
                found += [f"{look}: {one}" for one in await self.barriers()]
                if not await self.tab.evaluate("document.documentElement.scrollWidth <= innerWidth"):
                    found.append(f"{look}: it is wider than the window")
        return found

    async def picture(self, name: str) -> None:
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        await self.tab.screenshot(path=SCREENSHOTS / f"{name}.png")


@dataclass
class People:
    """Opens the page in tabs of one browser: the first signs in, and the others have its session from it."""

    address: str
    password: str
    browser: Browser
    context: BrowserContext
    _opened: list[Page] = field(default_factory=list[Page])

    @classmethod
    @asynccontextmanager
    async def at(cls, sandbox: RunningSandbox, browser: Browser) -> AsyncIterator[Self]:
        """With the first tab, which stays."""
        page = await asyncio.to_thread(built_page, sandbox.state)
        assert page is not None
        assert page.problem is None, page.problem
        address = page.address
        password = next(user.password for user in sandbox.state.users if user.tier == "pro")
        people = cls(address, password, browser, await browser.new_context())
        first = people.watched(await people.context.new_page())
        await first.tab.goto(address)
        await first.sign_in()
        yield people
        await people.context.close()

    async def unsteady(self) -> Person:
        """Somebody whose browser can lose what it is fetching: `cut` ends it, as a network does that fails."""
        person = await self.person()
        await person.tab.add_init_script(CUTTABLE)
        await person.tab.reload()
        return person

    async def person(self, at: str | None = None, *, dark: bool = False, phone: bool = False) -> Person:
        """Somebody who is signed in, in a tab of their own."""
        tab = await self.context.new_page()
        self._opened.append(tab)
        await tab.emulate_media(color_scheme="dark" if dark else "light")
        await tab.set_viewport_size(PHONE if phone else DESK)
        person = self.watched(tab)
        await tab.goto(at or self.address)
        await expect(tab.get_by_role("button", name="Sign out")).to_be_visible()
        return person

    @asynccontextmanager
    async def stranger(self) -> AsyncIterator[Person]:
        """Somebody with another browser, who is not signed in."""
        context = await self.browser.new_context(viewport=DESK)
        person = self.watched(await context.new_page())
        await person.tab.goto(self.address)
        await expect(person.tab.get_by_label("Password")).to_be_visible()
        yield person
        await context.close()

    async def leave(self) -> None:
        """Closes the tabs of a test."""
        for tab in self._opened:
            await tab.close()
        self._opened.clear()

    def watched(self, tab: Page) -> Person:
        person = Person(tab, self.password)

        def note(message: ConsoleMessage) -> None:
            if message.type in ("error", "warning") and NOT_SAID not in message.text:
                person.said.append(message.text)

        tab.on("console", note)
        tab.on("pageerror", lambda error: person.said.append(str(error)))
        return person
