# ruff: noqa: N802, ARG002 (method names and arguments are those of the protocol)
"""The engine that a Pulumi program speaks to: `pulumirpc.ResourceMonitor` and `pulumirpc.Engine`, for one deployment.

Requests come from many threads. A resource that is refused ends the request with one line that names it; the program
then fails on it, and the deployment reports that line. https://pulumi-developer-docs.readthedocs.io/latest/docs/_generated/proto/resource.html
"""

import logging
from collections.abc import Callable
from threading import Lock
from typing import NoReturn

import grpc
from google.protobuf.empty_pb2 import Empty
from google.protobuf.struct_pb2 import Struct

from sandbox.engine import wire
from sandbox.engine.changes import Changes, Wanted
from sandbox.engine.protocol import engine_pb2, engine_pb2_grpc, resource_pb2, resource_pb2_grpc
from sandbox.engine.resource import Deployment, Resource
from sandbox.errors import ResourceRefused, SandboxError, one_line
from sandbox.resources import registry
from sandbox.resources.values import Value

STACK_TYPE = "pulumi:pulumi:Stack"
PROVIDER_PREFIX = "pulumi:providers:"

_FEATURES = {
    "secrets": resource_pb2.RESOURCE_MONITOR_FEATURE_SECRETS,
    "resourceReferences": resource_pb2.RESOURCE_MONITOR_FEATURE_RESOURCE_REFERENCES,
    "outputValues": resource_pb2.RESOURCE_MONITOR_FEATURE_OUTPUT_VALUES,
    "aliasSpecs": resource_pb2.RESOURCE_MONITOR_FEATURE_ALIAS_SPECS,
    "deletedWith": resource_pb2.RESOURCE_MONITOR_FEATURE_DELETED_WITH,
}

_log = logging.getLogger(__name__)


class Monitor(resource_pb2_grpc.ResourceMonitorServicer):
    """Answers one program, and records what it asks for in `deployment`."""

    def __init__(self, changes: Changes, deployment: Deployment) -> None:
        self._changes = changes
        self._deployment = deployment
        self._urns: set[str] = set()
        self._lock = Lock()

    def GetDeploymentInfo(self, request: Empty, context: grpc.ServicerContext) -> resource_pb2.DeploymentInfo:
        return resource_pb2.DeploymentInfo(
            project=self._deployment.project, stack=self._deployment.stack, supportedFeatures=_FEATURES.values()
        )

    def SupportsFeature(
        self, request: resource_pb2.SupportsFeatureRequest, context: grpc.ServicerContext
    ) -> resource_pb2.SupportsFeatureResponse:
        return resource_pb2.SupportsFeatureResponse(hasSupport=request.id in _FEATURES)

    def RegisterPackage(
        self, request: resource_pb2.RegisterPackageRequest, context: grpc.ServicerContext
    ) -> resource_pb2.RegisterPackageResponse:
        return resource_pb2.RegisterPackageResponse(ref=request.name)

    def RegisterResource(
        self, request: resource_pb2.RegisterResourceRequest, context: grpc.ServicerContext
    ) -> resource_pb2.RegisterResourceResponse:
        try:
            return self._register(request)
        except SandboxError as refusal:
            self._refuse(context, f"{request.type} {request.name!r}: {refusal}")
        except Exception:
            _log.exception("the resource handler of %s failed", request.type)
            self._refuse(
                context, f"{request.type} {request.name!r}: the sandbox's resource handler failed, see sandbox.log"
            )

    def RegisterResourceOutputs(
        self, request: resource_pb2.RegisterResourceOutputsRequest, context: grpc.ServicerContext
    ) -> Empty:
        if request.urn.split("::")[2] == STACK_TYPE:
            properties = wire.decode(request.outputs)
            self._deployment.outputs = dict(sorted(properties.values.items()))
            self._deployment.secret_outputs = properties.secrets
        return Empty()

    def Invoke(
        self, request: resource_pb2.ResourceInvokeRequest, context: grpc.ServicerContext
    ) -> resource_pb2.ResourceInvokeResponse:
        try:
            self._provider(request.tok, request.provider)
            result = registry.call(self._changes.cloud, request.tok, wire.decode(request.args).values)
        except ResourceRefused as refusal:
            self._refuse(context, f"{request.tok}: {refusal}")
        response = resource_pb2.ResourceInvokeResponse()
        getattr(response, "return").CopyFrom(wire.encode(Struct(), result, ()))
        return response

    def ReadResource(
        self, request: resource_pb2.ReadResourceRequest, context: grpc.ServicerContext
    ) -> resource_pb2.ReadResourceResponse:
        self._refuse(
            context,
            f"{request.type} {request.name!r}: reads an existing resource, but the sandbox's account starts empty",
        )

    def SignalAndWaitForShutdown(self, request: Empty, context: grpc.ServicerContext) -> Empty:
        return Empty()

    def _register(self, request: resource_pb2.RegisterResourceRequest) -> resource_pb2.RegisterResourceResponse:
        if request.remote or request.importId:
            what = "a component of another package" if request.remote else "an import"
            raise ResourceRefused(f"is {what}, which the sandbox does not do")
        urn = self._claim_urn(request)
        properties = wire.decode(request.object)
        provider, physical_id, inputs, outputs = "", "", properties.values, dict[str, Value]()
        property_dependencies = {
            key: frozenset(value.urns) for key, value in request.propertyDependencies.items() if value.urns
        }
        if request.custom:
            provider = self._provider(request.type, request.provider)
            wanted = Wanted(urn, request.type, request.name, provider, properties.values, property_dependencies)
            created, inputs = self._changes.put(wanted)
            physical_id, outputs = created.id, dict(created.outputs)
        secrets = properties.secrets | frozenset(request.additionalSecretOutputs)
        self._deployment.resources[urn] = Resource(
            urn=urn,
            type=request.type,
            name=request.name,
            custom=request.custom,
            parent=request.parent,
            provider=provider,
            protect=request.protect,
            retain_on_delete=request.retainOnDelete,
            dependencies=frozenset(request.dependencies),
            property_dependencies=property_dependencies,
            inputs=inputs,
            secrets=secrets,
            id=physical_id,
            outputs=outputs,
        )
        return resource_pb2.RegisterResourceResponse(
            urn=urn, id=physical_id, object=wire.encode(request.object, outputs, secrets)
        )

    def _claim_urn(self, request: resource_pb2.RegisterResourceRequest) -> str:
        """What a resource belongs to or depends on is registered before it; a URN is taken once."""
        path = request.type
        if request.parent:
            parent_path = request.parent.split("::")[2]
            if parent_path != STACK_TYPE:
                path = f"{parent_path}${request.type}"
        urn = f"urn:pulumi:{self._deployment.stack}::{self._deployment.project}::{path}::{request.name}"
        with self._lock:
            if request.parent and request.parent not in self._deployment.resources:
                raise ResourceRefused(f"has the parent {request.parent}, which is not registered")
            for dependency in request.dependencies:
                if dependency not in self._deployment.resources:
                    raise ResourceRefused(f"depends on {dependency}, which is not registered")
            if urn in self._urns:
                raise ResourceRefused(f"Duplicate resource URN '{urn}'; try giving it a unique name")
            self._urns.add(urn)
        return urn

    def _provider(self, token: str, reference: str) -> str:
        """The URN in a provider reference `urn::id`, checked against the type that it is to serve."""
        package = token.split(":")[0]
        if package == "pulumi":
            return ""
        urn, _, provider_id = reference.rpartition("::")
        if not reference:
            raise ResourceRefused(
                f"Default provider for '{package}' disabled. '{token}' must use an explicit provider."
            )
        provider = self._deployment.resources.get(urn)
        if provider is None or provider.id != provider_id or provider.type != f"{PROVIDER_PREFIX}{package}":
            raise ResourceRefused(f"has the provider {reference}, which is not a provider for {package}")
        return urn

    def _refuse(self, context: grpc.ServicerContext, message: str) -> NoReturn:
        line = one_line(message)
        self._deployment.refusals.append(line)
        context.abort(grpc.StatusCode.INVALID_ARGUMENT, line)
        raise AssertionError("abort raises")


class Engine(engine_pb2_grpc.EngineServicer):
    """Takes the program's log lines and keeps the URN of its stack."""

    def __init__(self, deployment: Deployment, on_message: Callable[[str], None]) -> None:
        self._deployment = deployment
        self._on_message = on_message
        self._root = ""

    def Log(self, request: engine_pb2.LogRequest, context: grpc.ServicerContext) -> Empty:
        if request.severity == engine_pb2.ERROR:
            self._deployment.errors.append(one_line(request.message))
        elif request.severity in (engine_pb2.INFO, engine_pb2.WARNING) and request.message.strip():
            self._on_message(one_line(request.message))
        return Empty()

    def GetRootResource(
        self, request: engine_pb2.GetRootResourceRequest, context: grpc.ServicerContext
    ) -> engine_pb2.GetRootResourceResponse:
        return engine_pb2.GetRootResourceResponse(urn=self._root)

    def SetRootResource(
        self, request: engine_pb2.SetRootResourceRequest, context: grpc.ServicerContext
    ) -> engine_pb2.SetRootResourceResponse:
        self._root = request.urn
        return engine_pb2.SetRootResourceResponse()
