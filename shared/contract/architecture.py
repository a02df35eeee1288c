"""What is said of an architecture: its names, its functions' packages, its outputs. Each has a descriptor in
`shared/contract/architectures/`.

Neither this module nor a descriptor may be imported by code that runs in Lambda: an edit would redeploy every function.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePosixPath


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

    @property
    def handler(self) -> str:
        """What Lambda is told to start: the script, or the function `handler` of the entry."""
        return PurePosixPath(self.run_script).name if self.run_script else f"{self.entry}.handler"


class Service(StrEnum):
    """What AWS bills an answer for, by the names of `shared/prices.json`."""

    LAMBDA = "lambda"
    DYNAMODB = "dynamodb"
    API_GATEWAY_WEBSOCKET = "apiGatewayWebSocket"
    APPSYNC = "appSync"


@dataclass(frozen=True)
class Bill:
    """What AWS bills for an answer besides the model, the function that generates and the writes of every stream."""

    services: frozenset[Service]
    short_functions: int
    """Invocations besides the one that generates."""
    envelope_bytes: int
    """What carries a message to the client besides its parts. A test compares it with the encoders."""
    reader_writes: int
    """Writes to the table for each further reader."""


@dataclass(frozen=True)
class Descriptor:
    """One architecture, as the parts of the project speak of it."""

    place: int
    """Where it stands in lists, from 1. A command that is told no architecture takes the first of the stack's."""
    name: str
    """As settings, `--on` and the logs have it: lower case, with hyphens."""
    title: str
    """As headings and tables have it."""
    folder: str
    """Its folder in `handlers/`."""
    packages: Mapping[str, Package]
    """The packages of its functions, by the part that each plays."""
    addresses: Mapping[str, str]
    """Stack output → what is reached there, of the outputs without which the architecture cannot be spoken to."""
    more_outputs: Mapping[str, str]
    """Its other stack outputs."""
    domain_outputs: Mapping[str, str]
    """Those that it has besides in a stack that gives it a domain name."""
    generates: str
    """How the name of the function that generates begins."""
    worker: bool
    """Whether that function is a worker, which is invoked asynchronously."""
    bill: Bill

    @property
    def awaited_functions(self) -> int:
        """How many functions stand between a question and its first text: the one that takes it, and its worker."""
        return 1 + self.worker

    @property
    def outputs(self) -> Mapping[str, str]:
        """All of its stack outputs."""
        return {**self.addresses, **self.more_outputs}
