"""The page's own origin: what it serves while there is a bundle, none yet, or none to be had."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import httpx
import pytest
from starlette.routing import Mount

from sandbox.page.application import Page
from sandbox.page.builder import Builder
from shared.contract.page import ENCODING, HEADERS, with_policy
from stacks.packages import page as page_bundle
from tests.sandbox.aws.serving import listener, serving

INDEX = f"<!doctype html><head>{ENCODING}<script src='/assets/index-1.js'></script></head>"
OUTPUTS = {"functionUrl": "http://127.0.0.1:1/lambda-url/x/", "appSyncRealtimeUrl": "wss://api.example/graphql"}
Served = Callable[[Path], AbstractAsyncContextManager[httpx.AsyncClient]]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with the sources of a page, which was never built."""
    page = tmp_path / page_bundle.PAGE
    (page / "src").mkdir(parents=True)
    for name in page_bundle.MANIFEST:
        (page / name).write_text("")
    (page / "src/main.tsx").write_text("1")
    return tmp_path


@pytest.fixture
def built(project: Path) -> Path:
    """The same, built."""
    bundle = page_bundle.bundle_folder(project)
    (bundle / "assets").mkdir(parents=True)
    (bundle / "index.html").write_text(INDEX)
    (bundle / "assets/index-1.js").write_text("1")
    (bundle.parent / "secret").write_text("not the page's")
    return project


@pytest.fixture
def served() -> Served:
    @asynccontextmanager
    async def serve(root: Path) -> AsyncIterator[httpx.AsyncClient]:
        listening, origin = listener()
        builder = Builder(root)
        page = Page(builder, origin, lambda: ["pro@example.com"], [])
        page.outputs = OUTPUTS
        async with (
            serving(listening, [Mount("/", page.application)]),
            httpx.AsyncClient(base_url=origin, trust_env=False) as client,
        ):
            yield client
        await builder.stop()

    return serve


async def test_the_page_is_told_its_stack_and_carries_the_policy_of_it(built: Path, served: Served) -> None:
    async with served(built) as client:
        config, page = await client.get("/config.json"), await client.get("/")
        asked_otherwise = await client.get("/assets/..%2findex.html")
    assert config.json() == {**OUTPUTS, "sandbox": {"users": ["pro@example.com"]}}
    assert config.headers["cache-control"] == "no-store"
    assert page.text == asked_otherwise.text == with_policy(INDEX, OUTPUTS)
    assert asked_otherwise.headers["cache-control"] == "no-cache"
    assert {name: page.headers[name] for name in HEADERS} == HEADERS


async def test_files_named_by_their_content_are_kept_and_the_page_itself_is_asked_for(
    built: Path, served: Served
) -> None:
    async with served(built) as client:
        assert (await client.get("/assets/index-1.js")).headers["cache-control"] == (
            "public, max-age=31536000, immutable"
        )
        assert (await client.get("/")).headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("path", ["/nothing", "/assets", "/..%2fsecret", "/%2e%2e/secret", "/assets/..%2f..%2fsecret"])
async def test_nothing_beside_the_bundle_is_served(built: Path, served: Served, path: str) -> None:
    async with served(built) as client:
        assert (await client.get(path)).status_code == 404


async def test_a_page_that_cannot_be_built_says_why_in_a_line(
    project: Path, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its sources are no page, so npm refuses them before it asks any registry."""
    monkeypatch.setenv("npm_config_offline", "true")
    async with served(project) as client:
        first = await client.get("/")
        assert (first.status_code, first.headers["retry-after"]) == (503, "1")
        while (state := (await client.get("/_sandbox/page")).json())["problem"] is None:
            assert not state["ready"]
        failed = await client.get("/")
    assert "the page's packages could not be made" in state["problem"]
    assert "\n" not in state["problem"]
    assert failed.status_code == 502
    assert "Everything else of the sandbox works" in failed.text


def test_a_change_of_a_source_asks_for_another_bundle_and_what_is_installed_does_not(built: Path) -> None:
    before = page_bundle.bundle_folder(built)
    assert page_bundle.build(built) == before
    (built / page_bundle.PAGE / "node_modules").mkdir()
    (built / page_bundle.PAGE / "node_modules/x.js").write_text("1")
    assert page_bundle.bundle_folder(built) == before
    (built / page_bundle.PAGE / "src/main.tsx").write_text("2")
    assert page_bundle.bundle_folder(built) != before


def test_a_project_without_a_frontend_has_no_page(tmp_path: Path, project: Path) -> None:
    assert page_bundle.has_page(project)
    assert not page_bundle.has_page(tmp_path / "stacks")
