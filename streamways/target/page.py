"""The web page of a running sandbox, which builds it the first time that somebody asks."""

import time
from dataclasses import dataclass
from typing import cast

import httpx

from sandbox.state import State
from shared.contract.outputs import PAGE_URL
from streamways.clients.addresses import trusted

POLL_SECONDS = 0.2
TIMEOUT_SECONDS = 10.0
PATIENCE_SECONDS = 300.0
"""How long a build may take: it downloads the page's packages over whatever line there is."""


@dataclass(frozen=True)
class PageState:
    """Where the page is; or in one line why there is none."""

    address: str
    problem: str | None = None


def built_page(running: State) -> PageState | None:
    """The page of this sandbox, once it is built or could not be; None for a sandbox without one."""
    address = running.outputs.get(PAGE_URL)
    if address is None:
        return None
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        try:
            answer = httpx.get(
                f"{address}_sandbox/page", timeout=TIMEOUT_SECONDS, trust_env=False, verify=trusted()
            ).json()
        except (httpx.TransportError, ValueError) as error:
            return PageState(address, f"its server does not answer ({error or type(error).__name__})")
        state = cast("dict[str, object]", answer)
        if state["ready"]:
            return PageState(address)
        if state["problem"] is not None:
            return PageState(address, str(state["problem"]))
        time.sleep(POLL_SECONDS)
    return PageState(address, f"it is not built after {PATIENCE_SECONDS:g} s; see the log of the sandbox")
