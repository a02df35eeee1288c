"""Which packages there are: the function each is for, where its imports begin, and what it installs."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from stacks.errors import PackageError

PROJECT_ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Package:
    """One Lambda package: its name, the module its import closure starts at, and its dependency group."""

    name: str
    entry: str
    """Dotted name of the module that Lambda, or `run_script`, starts."""
    group: str
    """Group of `[dependency-groups]` in pyproject.toml."""
    run_script: str | None = None
    """Shell script at the root of the zip that starts a web server: the function's handler with the Web Adapter."""


PACKAGES: Mapping[str, Package] = {
    package.name: package
    for package in (
        Package("function-url", "handlers.function_url.app", "function-url", run_script="handlers/function_url/run.sh"),
        Package("function-url-reaper", "handlers.function_url.reaper", "function-url-reaper"),
        Package("websocket-authorizer", "handlers.websocket.authorizer", "function-websocket-authorizer"),
        Package("websocket-tickets", "handlers.websocket.tickets", "function-websocket-tickets"),
        Package("websocket-routes", "handlers.websocket.routes", "function-websocket-routes"),
        Package("websocket-worker", "handlers.websocket.worker", "function-websocket-worker"),
        Package("websocket-reaper", "handlers.websocket.reaper", "function-websocket-reaper"),
        Package("appsync-api", "handlers.appsync.api", "function-appsync-api"),
        Package("appsync-worker", "handlers.appsync.worker", "function-appsync-worker"),
        Package("appsync-reaper", "handlers.appsync.reaper", "function-appsync-reaper"),
    )
}


def package(name: str) -> Package:
    """The package of this name. Raises `PackageError`."""
    try:
        return PACKAGES[name]
    except KeyError:
        raise PackageError(f"There is no package {name!r}; there are {', '.join(PACKAGES)}.") from None
