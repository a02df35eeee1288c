"""From a type token to its handler, and what holds for every type: regions, names, unread properties."""

from collections.abc import Mapping
from types import ModuleType

from sandbox.errors import ResourceRefused
from sandbox.resources import (
    alarms,
    apigatewayv2,
    appsync,
    cloudwatch,
    cognito,
    dynamodb,
    eventbridge,
    iam,
    index,
    lambda_,
    provider,
    sns,
)
from sandbox.resources.handler import Cloud, Created, Function, Handler, Request
from sandbox.resources.inputs import Inputs
from sandbox.resources.values import Value

_MODULES: tuple[ModuleType, ...] = (
    alarms,
    apigatewayv2,
    appsync,
    cloudwatch,
    cognito,
    dynamodb,
    eventbridge,
    iam,
    lambda_,
    provider,
    sns,
)
HANDLERS: Mapping[str, Handler] = {handler.type: handler for module in _MODULES for handler in module.HANDLERS}
_WITHOUT_REGION = ("aws:iam/", "pulumi:")
_FILES = {"lambda": "lambda_", "pulumi": "provider"}
FUNCTIONS: Mapping[str, Function] = index.FUNCTIONS


def handler_of(type_token: str) -> Handler:
    """The handler of a resource type. Raises ResourceRefused, naming the file where one belongs."""
    try:
        return HANDLERS[type_token]
    except KeyError:
        raise ResourceRefused(
            f"the sandbox has no resource handler for this type: add one to {_file(type_token)}"
        ) from None


def create(
    cloud: Cloud, *, type_token: str, name: str, urn: str, provider: str, values: Mapping[str, Value]
) -> Created:
    """Make one resource. `provider` is the URN of its provider. Raises ResourceRefused."""
    handler = handler_of(type_token)
    named = dict(values)
    physical_name = handler.physical_name
    if physical_name and physical_name.input not in named:
        named[physical_name.input] = physical_name.make(name, urn)
    inputs = Inputs(named)
    region = inputs.optional_text("region")
    if region is not None and region != cloud.world.region:
        raise ResourceRefused(f"region is {region!r}, but this sandbox is {cloud.world.region!r} alone: set aws:region")
    with cloud.lock:
        created = handler.create(cloud, Request(urn, type_token, name, inputs, provider))
    _refuse_unread(inputs, type_token)
    outputs = dict(created.outputs)
    if physical_name:
        outputs[physical_name.input] = named[physical_name.input]
    if not type_token.startswith(_WITHOUT_REGION):
        outputs["region"] = cloud.world.region
    return Created(created.id, outputs)


def call(cloud: Cloud, token: str, values: Mapping[str, Value]) -> Mapping[str, Value]:
    """Run a provider function (an invoke). Raises ResourceRefused."""
    if token not in FUNCTIONS:
        raise ResourceRefused(f"the sandbox does not have the function {token}: add it to {_file(token)}")
    inputs = Inputs(values)
    result = FUNCTIONS[token](cloud, inputs)
    _refuse_unread(inputs, token)
    return result


def _refuse_unread(inputs: Inputs, token: str) -> None:
    unread = ", ".join(inputs.unread())
    if unread:
        raise ResourceRefused(f"{unread}: misspelt, or not emulated by the sandbox (then add it to {_file(token)})")


def _file(token: str) -> str:
    package, module, _ = token.split(":", 2)
    service = module.split("/")[0] if package == "aws" else package
    return f"sandbox/resources/{_FILES.get(service, service)}.py"
