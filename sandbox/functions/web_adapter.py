"""Functions that are web servers: what the Lambda Web Adapter layer does on AWS, done here without the layer.

The adapter's `/opt/bootstrap` executes the handler (`run.sh`), the adapter polls the server until it answers, then
turns each event into one request: https://aws.github.io/aws-lambda-web-adapter (v1.1, layer version 30).
"""

import asyncio
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx

from sandbox.errors import ResourceRefused
from sandbox.functions.environment import Environment, Host
from sandbox.functions.errors import FunctionFailed
from sandbox.functions.runtime_api import Event
from sandbox.world import Function

WRAPPER = "/opt/bootstrap"
READINESS_SECONDS = 0.01
"""How often the adapter asks the server whether it is there."""
KEEP_ALIVE_SECONDS = 4
"""The adapter's own: less than uvicorn keeps an idle connection (5 s), so that none is closed under a request."""
_HEALTHY = range(100, 500)
_EXIT_GRACE_SECONDS = 1.0
"""A server that dies hangs up first; its exit, which is the better answer, follows within this time."""

_LAYER = re.compile(r"arn:aws:lambda:(?P<region>[a-z0-9-]+):753240598075:layer:LambdaAdapterLayer(Arm64|X86):\d+")
_PORT_VARIABLES = ("AWS_LWA_PORT", "PORT")
_EMULATED_VARIABLES = frozenset(
    {"AWS_LWA_PORT", "AWS_LWA_INVOKE_MODE", "AWS_LWA_READINESS_CHECK_PATH", "AWS_LWA_AUTHORIZATION_SOURCE"}
)


@dataclass(frozen=True)
class AdapterSettings:
    """How the adapter is told to work, by the function's environment variables."""

    port_variables: tuple[str, ...]
    """Which variables name the server's port; the sandbox gives each environment another one."""
    readiness_path: str
    streams: bool
    authorization_source: str | None
    """Header (lower case) that is moved to `authorization`."""

    @classmethod
    def of(cls, function: Function, region: str) -> "AdapterSettings | None":
        """None for a function without a wrapper script. Raises `ResourceRefused` for what works not on AWS or here."""
        given = function.environment
        adapters = [arn for arn in function.layers if (found := _LAYER.fullmatch(arn)) and found["region"] == region]
        others = sorted(set(function.layers).difference(adapters))
        if others:
            raise ResourceRefused(
                f"Function {function.name} has layers that the sandbox cannot run: {', '.join(others)}. "
                f"Emulated is the Lambda Web Adapter of {region} only "
                f"(arn:aws:lambda:{region}:753240598075:layer:LambdaAdapterLayerArm64:30); see sandbox/functions/."
            )
        wrapper = given.get("AWS_LAMBDA_EXEC_WRAPPER")
        if wrapper is None:
            return None
        if wrapper != WRAPPER or not adapters:
            raise ResourceRefused(
                f"Function {function.name} is started by AWS_LAMBDA_EXEC_WRAPPER={wrapper}, which no layer of it "
                f"brings: each invocation would fail on AWS. Add the Lambda Web Adapter layer and use {WRAPPER}."
            )
        unknown = sorted(name for name in given if name.startswith("AWS_LWA_") and name not in _EMULATED_VARIABLES)
        if unknown:
            raise ResourceRefused(
                f"Function {function.name} sets {', '.join(unknown)}, which the sandbox does not emulate; "
                f"emulated are {', '.join(sorted(_EMULATED_VARIABLES))}. See sandbox/functions/web_adapter.py."
            )
        port_variables = tuple(name for name in _PORT_VARIABLES if name in given)
        if not port_variables:
            raise ResourceRefused(
                f"Function {function.name} names no port for its server. Set AWS_LWA_PORT (8080 is the adapter's own "
                f"default) and let {function.handler} use it: the sandbox gives each environment another port."
            )
        source = given.get("AWS_LWA_AUTHORIZATION_SOURCE")
        return cls(
            port_variables=port_variables,
            readiness_path=given.get("AWS_LWA_READINESS_CHECK_PATH", "/"),
            streams=given.get("AWS_LWA_INVOKE_MODE", "buffered").lower() == "response_stream",
            authorization_source=source.lower() if source else None,
        )


@dataclass(frozen=True)
class WebRequest:
    """An HTTP event, as a function URL makes it (payload format 2.0)."""

    method: str
    target: str
    """Path and query as they came, percent-encoded."""
    headers: Sequence[tuple[str, str]]
    """Names in lower case."""
    body: bytes
    context: Mapping[str, object]
    """The event's `requestContext`."""
    request_id: str
    trace_id: str


class WebEnvironment(Environment):
    """A function whose handler is a script that starts a web server."""

    def __init__(self, host: Host, function: Function, task_root: Path, settings: AdapterSettings) -> None:
        super().__init__(host, function, task_root)
        self.settings = settings
        self._port = host.ports.take()
        self._client = httpx.AsyncClient(
            trust_env=False, verify=False, timeout=None, limits=httpx.Limits(keepalive_expiry=KEEP_ALIVE_SECONDS)
        )

    async def connect(self) -> Mapping[str, str]:
        return dict.fromkeys(self.settings.port_variables, str(self._port))

    def command(self) -> Sequence[str]:
        return [str(self.task_root / self.function.handler)]

    async def ready(self) -> None:
        while True:
            try:
                answer = await self._client.get(self._url(self.settings.readiness_path))
            except httpx.TransportError:
                answer = None  # it does not listen yet
            if answer is not None and answer.status_code in _HEALTHY:
                return
            await asyncio.sleep(READINESS_SECONDS)

    async def exchange(self, request: WebRequest, event: Event) -> httpx.Response:
        """Send one request; the response's body is still to be read, and closed. Raises `FunctionFailed`."""
        headers = self._headers(request, event)
        message = httpx.Request(request.method, self._url(request.target), headers=headers, content=request.body)
        try:
            return await self.until_exit(self._client.send(message, stream=True), request_id=event.request_id)
        except httpx.TransportError as error:
            raise await self.broken(error, event.request_id) from error

    async def broken(self, error: httpx.TransportError, request_id: str) -> FunctionFailed:
        """Why the server hung up: its process ended, or it broke the protocol."""
        await asyncio.wait({self.process.exit}, timeout=_EXIT_GRACE_SECONDS)
        if not self.process.alive:
            return self.exit_failure(request_id)
        return FunctionFailed({"errorType": type(error).__name__, "errorMessage": str(error)})

    async def close(self) -> None:
        await super().close()
        await self._client.aclose()
        self.host.ports.release(self._port)

    def _url(self, target: str) -> httpx.URL:
        path, mark, query = target.partition("?")
        raw = f"{_resolved(path)}{mark}{query}".encode("ascii")
        return httpx.URL(f"http://127.0.0.1:{self._port}").copy_with(raw_path=raw)

    def _headers(self, request: WebRequest, event: Event) -> list[tuple[bytes, bytes]]:
        added = {
            "x-amzn-trace-id": event.trace_id,
            "x-amzn-request-context": json.dumps(request.context),
            "x-amzn-lambda-context": json.dumps(self._lambda_context(event)),
        }
        if request.body or any(name == "content-length" for name, _ in request.headers):
            # What the client said of it need not be true: of a chunked body it means nothing.
            added["content-length"] = str(len(request.body))
        headers = [(name, value) for name, value in request.headers if name not in added]
        source = self.settings.authorization_source
        credential = next((value for name, value in headers if name == source), None)
        if credential is not None:
            headers = [(name, value) for name, value in headers if name not in (source, "authorization")]
            headers.append(("authorization", credential))
        return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in (*headers, *added.items())]

    def _lambda_context(self, event: Event) -> Mapping[str, object]:
        return {
            "request_id": event.request_id,
            "deadline": event.deadline_ms,
            "invoked_function_arn": event.function_arn,
            "xray_trace_id": event.trace_id,
            "client_context": None,
            "identity": None,
            "tenant_id": None,
            "env_config": {
                "function_name": self.function.name,
                "memory": self.function.memory_megabytes,
                "version": self.function.version,
                "log_stream": self.log.name,
                "log_group": self.function.log_group,
            },
        }


def _resolved(path: str) -> str:
    """The path without its dot segments, whether they are written with dots or with `%2e`: the adapter puts it into a
    `Url`, which is that of browsers (https://url.spec.whatwg.org/#path-start-state): one slash at its beginning may be
    left out.
    """
    segments = re.split(r"[/\\]", re.sub(r"^[/\\]", "", path))
    dots = [segment.lower().replace("%2e", ".") for segment in segments]
    kept: list[str] = []
    for segment, plain in zip(segments, dots, strict=True):
        if plain == "..":
            del kept[-1:]
        elif plain != ".":
            kept.append(segment)
    # Dots at the end name a folder.
    return "/" + "/".join([*kept, ""] if dots[-1] in (".", "..") else kept)
