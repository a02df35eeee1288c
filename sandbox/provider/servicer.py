# ruff: noqa: N802, ARG002 (method names and arguments are those of the protocol)
"""`pulumirpc.ResourceProvider` for the package `aws`: what a real engine asks, answered by the resource handlers.

Requests come from many threads. A call that is refused changes nothing, and ends with one line that says why.
https://pulumi-developer-docs.readthedocs.io/latest/docs/_generated/proto/provider.html
"""

import logging
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from importlib.metadata import version

import grpc
from google.protobuf.empty_pb2 import Empty
from google.protobuf.struct_pb2 import Struct

from sandbox.engine import wire
from sandbox.engine.protocol import plugin_pb2, provider_pb2, provider_pb2_grpc
from sandbox.errors import ResourceRefused, SandboxError, one_line
from sandbox.provider.sessions import Sessions
from sandbox.resources import provider, registry
from sandbox.resources.difference import difference
from sandbox.resources.handler import Cloud, PhysicalName, Standing
from sandbox.resources.values import UNKNOWN, Unknown, Value

PACKAGE = "aws"
PROVIDER_TYPE = f"pulumi:providers:{PACKAGE}"
ENGINE_SETTINGS = ("version", "pluginDownloadURL")
"""Inputs of a provider resource that are for the engine."""

_log = logging.getLogger(__name__)
_Naming = provider_pb2.CheckRequest.AutonamingOptions


class Provider(provider_pb2_grpc.ResourceProviderServicer):
    """The front door of `cloud` for engines.

    `settle` is called, with the type and id of a resource, after each change of it, and raises ResourceRefused when the
    sandbox cannot serve it; `on_rest` after an engine has ended its work.
    """

    def __init__(self, cloud: Cloud, settle: Callable[[str, str], None], on_rest: Callable[[], None]) -> None:
        self._cloud = cloud
        self._settle = settle
        self._on_rest = on_rest
        self._sessions = Sessions()

    def Handshake(
        self, request: provider_pb2.ProviderHandshakeRequest, context: grpc.ServicerContext
    ) -> provider_pb2.ProviderHandshakeResponse:
        self._sessions.attach(context.peer(), request.engine_address)
        return provider_pb2.ProviderHandshakeResponse(
            accept_secrets=True, accept_resources=True, supports_autonaming_configuration=True
        )

    def Attach(self, request: plugin_pb2.PluginAttach, context: grpc.ServicerContext) -> Empty:
        self._sessions.attach(context.peer(), request.address)
        return Empty()

    def GetPluginInfo(self, request: Empty, context: grpc.ServicerContext) -> plugin_pb2.PluginInfo:
        return plugin_pb2.PluginInfo(version=version("pulumi-aws"))

    def CheckConfig(
        self, request: provider_pb2.CheckRequest, context: grpc.ServicerContext
    ) -> provider_pb2.CheckResponse:
        with _refusing(context, request.urn):
            _refuse_other_packages(request.urn.split("::")[2].rpartition("$")[2])
        settings = _settings(request.news)
        if not any(isinstance(value, Unknown) for value in settings.values()):
            try:
                registry.reading(PROVIDER_TYPE, settings, lambda inputs: provider.tags_of(self._cloud, inputs))
            except ResourceRefused as refusal:
                return _failure(refusal)
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: provider_pb2.DiffRequest, context: grpc.ServicerContext) -> provider_pb2.DiffResponse:
        found = difference(
            registry.handler_of(PROVIDER_TYPE), _settings(request.old_inputs or request.olds), _settings(request.news)
        )
        return _diff(found.changed)

    def Configure(
        self, request: provider_pb2.ConfigureRequest, context: grpc.ServicerContext
    ) -> provider_pb2.ConfigureResponse:
        with _refusing(context, request.urn or PROVIDER_TYPE):
            urn = request.urn or PROVIDER_TYPE
            self._sessions.configure(context.peer(), urn)
            values = _settings(request.args)
            registry.create(self._cloud, type_token=PROVIDER_TYPE, name=request.name, urn=urn, values=values)
        return provider_pb2.ConfigureResponse(
            acceptSecrets=True, acceptResources=True, supportsPreview=True, supports_autonaming_configuration=True
        )

    def Check(self, request: provider_pb2.CheckRequest, context: grpc.ServicerContext) -> provider_pb2.CheckResponse:
        with _refusing(context, request.urn):
            token = _token(request.urn)
            registry.handler_of(token)
            session = self._sessions.provider(context.peer())
        try:
            inputs = registry.check(
                self._cloud,
                type_token=token,
                values=wire.decode(request.news).values,
                provider=session,
                old=wire.decode(request.olds).values,
                automatic=lambda physical_name: _automatic_name(request, physical_name),
            )
        except ResourceRefused as refusal:
            return _failure(refusal)
        given = request.news.fields
        added = {key: value for key, value in inputs.items() if key not in given or given[key].HasField("null_value")}
        return provider_pb2.CheckResponse(inputs=wire.encode(request.news, added, ()))

    def Diff(self, request: provider_pb2.DiffRequest, context: grpc.ServicerContext) -> provider_pb2.DiffResponse:
        with _refusing(context, request.urn):
            handler = registry.handler_of(_token(request.urn))
        if not request.old_inputs.fields:
            # The old state holds outputs beside the inputs: what changed cannot be told from what was computed.
            return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_UNKNOWN)
        found = difference(handler, wire.decode(request.old_inputs).values, wire.decode(request.news).values)
        stable = [key for key in handler.computed if key not in handler.changing and key not in found.changed]
        return _diff(found.changed, found.replaces, stable, delete_first=found.delete_first)

    def Create(self, request: provider_pb2.CreateRequest, context: grpc.ServicerContext) -> provider_pb2.CreateResponse:
        with _refusing(context, request.urn):
            token, name = _token(request.urn), _name(request.urn)
            values = wire.decode(request.properties).values
            if request.preview:
                computed = registry.handler_of(token).computed
                unknown: Mapping[str, Value] = {key: UNKNOWN for key in computed if key not in values}
                return provider_pb2.CreateResponse(properties=wire.encode(request.properties, unknown, ()))
            created = registry.create(self._cloud, type_token=token, name=name, urn=request.urn, values=values)
            try:
                self._settle(token, created.id)
            except SandboxError:
                registry.delete(self._cloud, Standing(request.urn, token, name, created.id, values))
                raise
            return provider_pb2.CreateResponse(
                id=created.id, properties=wire.encode(request.properties, created.outputs, ())
            )

    def Read(self, request: provider_pb2.ReadRequest, context: grpc.ServicerContext) -> provider_pb2.ReadResponse:
        with _refusing(context, request.urn):
            if not request.inputs.fields:
                raise ResourceRefused("reads an existing resource, or imports one, which the sandbox does not do")
            if not registry.exists(self._cloud, _standing(request.urn, request.id, request.inputs)):
                return provider_pb2.ReadResponse()
            return provider_pb2.ReadResponse(id=request.id, properties=request.properties, inputs=request.inputs)

    def Update(self, request: provider_pb2.UpdateRequest, context: grpc.ServicerContext) -> provider_pb2.UpdateResponse:
        with _refusing(context, request.urn):
            standing = _standing(request.urn, request.id, request.old_inputs)
            values = wire.decode(request.news).values
            if request.preview:
                return provider_pb2.UpdateResponse(properties=_foreseen(request, standing.type))
            updated = registry.update(self._cloud, standing, values)
            try:
                self._settle(standing.type, standing.id)
            except SandboxError:
                changed = Standing(standing.urn, standing.type, standing.name, standing.id, values)
                registry.update(self._cloud, changed, standing.inputs)
                raise
            return provider_pb2.UpdateResponse(properties=wire.encode(request.news, updated.outputs, ()))

    def Delete(self, request: provider_pb2.DeleteRequest, context: grpc.ServicerContext) -> Empty:
        with _refusing(context, request.urn):
            inputs = request.old_inputs if request.old_inputs.fields else request.properties
            standing = _standing(request.urn, request.id, inputs)
            registry.delete(self._cloud, standing)
            self._settle(standing.type, standing.id)
        return Empty()

    def Invoke(self, request: provider_pb2.InvokeRequest, context: grpc.ServicerContext) -> provider_pb2.InvokeResponse:
        with _refusing(context, request.tok):
            _refuse_other_packages(request.tok)
            result = registry.call(self._cloud, request.tok, wire.decode(request.args).values)
        response = provider_pb2.InvokeResponse()
        getattr(response, "return").CopyFrom(wire.encode(Struct(), result, ()))
        return response

    def Cancel(self, request: Empty, context: grpc.ServicerContext) -> Empty:
        self._sessions.detach(context.peer())
        self._on_rest()
        return Empty()


@contextmanager
def _refusing(context: grpc.ServicerContext, what: str) -> Generator[None]:
    """End the call with one line that names `what`, a URN or a token."""
    name = f"{what.split('::')[2].rpartition('$')[2]} {_name(what)!r}" if what.startswith("urn:") else what
    try:
        yield
    except SandboxError as refusal:
        context.abort(grpc.StatusCode.INVALID_ARGUMENT, one_line(f"{name}: {refusal}"))
    except Exception as error:
        # abort() raises one too, but nothing above calls it.
        _log.exception("%s failed", what)
        context.abort(grpc.StatusCode.INTERNAL, one_line(f"{name}: the sandbox failed, see sandbox.log: {error}"))


def _refuse_other_packages(token: str) -> None:
    package = token.removeprefix("pulumi:providers:").split(":")[0]
    if package != PACKAGE:
        raise ResourceRefused(
            f"the sandbox is a provider of the package {PACKAGE!r} and not of {package!r}: "
            f"name it as PULUMI_DEBUG_PROVIDERS={PACKAGE}:<port>"
        )


def _token(urn: str) -> str:
    """The type in a URN, of a resource of this package."""
    token = urn.split("::")[2].rpartition("$")[2]
    _refuse_other_packages(token)
    return token


def _name(urn: str) -> str:
    return urn.split("::", 3)[3]


def _standing(urn: str, physical_id: str, inputs: Struct) -> Standing:
    return Standing(urn, _token(urn), _name(urn), physical_id, wire.decode(inputs).values)


def _settings(properties: Struct) -> dict[str, Value]:
    values = wire.decode(properties).values
    return {key: value for key, value in values.items() if key not in ENGINE_SETTINGS}


def _automatic_name(request: provider_pb2.CheckRequest, physical_name: PhysicalName) -> str:
    """https://www.pulumi.com/docs/iac/concepts/resources/names/#autonaming-configuration"""
    name = request.urn.split("::", 3)[3]
    if not request.HasField("autonaming"):
        return physical_name.make(name, f"{request.urn} {request.randomSeed.hex()}")
    if request.autonaming.mode == _Naming.DISABLE:
        raise ResourceRefused(
            f"{physical_name.input} is required: automatic naming is disabled", property=physical_name.input
        )
    return physical_name.fitting(request.autonaming.proposed_name, exact=request.autonaming.mode == _Naming.ENFORCE)


def _failure(refusal: ResourceRefused) -> provider_pb2.CheckResponse:
    failure = provider_pb2.CheckFailure(property=refusal.property, reason=one_line(str(refusal)))
    return provider_pb2.CheckResponse(failures=[failure])


def _diff(
    changed: tuple[str, ...],
    replaces: tuple[str, ...] = (),
    stable: list[str] | None = None,
    delete_first: bool = False,
) -> provider_pb2.DiffResponse:
    kinds = provider_pb2.DiffResponse
    return provider_pb2.DiffResponse(
        changes=kinds.DIFF_SOME if changed else kinds.DIFF_NONE,
        diffs=changed,
        replaces=replaces,
        stables=stable or [],
        deleteBeforeReplace=delete_first,
    )


def _foreseen(request: provider_pb2.UpdateRequest, token: str) -> Struct:
    """The state after an update that was not made: what the update may change is unknown."""
    handler = registry.handler_of(token)
    state = wire.encode(request.news, dict.fromkeys(handler.changing, UNKNOWN), ())
    for key in handler.computed:
        if key not in state.fields and key in request.olds.fields:
            state.fields[key].CopyFrom(request.olds.fields[key])
    return state
