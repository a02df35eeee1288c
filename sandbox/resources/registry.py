"""From a type token to its handler, and what holds for every type: regions, names, tags, unread properties.

The way of a resource, for the sandbox's own engine and for a real one: `check` → `compare` → `create`, `update` or
`delete`; `exists` tells what a refresh finds.
"""

from collections.abc import Callable, Mapping
from types import ModuleType
from typing import TypeVar

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
    identity_pools,
    index,
    lambda_,
    provider,
    secretsmanager,
    sns,
)
from sandbox.resources.difference import DEFAULTS, Difference, chosen, difference
from sandbox.resources.handler import Cloud, Created, Function, Gone, Handler, PhysicalName, Request, Standing
from sandbox.resources.inputs import Inputs
from sandbox.resources.values import UNKNOWN, Unknown, Value

T = TypeVar("T")

_MODULES: tuple[ModuleType, ...] = (
    alarms,
    apigatewayv2,
    appsync,
    cloudwatch,
    cognito,
    dynamodb,
    eventbridge,
    iam,
    identity_pools,
    lambda_,
    provider,
    secretsmanager,
    sns,
)
HANDLERS: Mapping[str, Handler] = {handler.type: handler for module in _MODULES for handler in module.HANDLERS}
_NO_NAMES = "the sandbox has no domain names: {}; take the setting of the domain out"
_OF_THE_INTERNET = {
    "aws:apigatewayv2/domainName": _NO_NAMES.format("its WebSocket API is reached on this machine alone"),
    "aws:apigatewayv2/apiMapping": _NO_NAMES.format("its WebSocket API is reached on this machine alone"),
    "aws:appsync/domainName": _NO_NAMES.format("its GraphQL API is reached on this machine alone"),
    "aws:cloudfront/": "the sandbox has no edge locations, and serves the web page itself: take functionUrlDomain out, "
    "and set page to false",
    "aws:route53/": _NO_NAMES.format("it answers no questions of DNS"),
    "aws:s3/": "the sandbox serves the web page itself, out of no bucket: set page to false",
    "aws:wafv2/": "the sandbox has no AWS WAF; take the setting of the web ACL out",
}
"""Beginnings of types whose resources are there for the Internet, and why there are none here."""
_WITHOUT_REGION = ("aws:iam/", "pulumi:")
_FILES = {"lambda": "lambda_", "pulumi": "provider"}
FUNCTIONS: Mapping[str, Function] = index.FUNCTIONS


def handler_of(type_token: str) -> Handler:
    """The handler of a resource type. Raises ResourceRefused, naming the file where one belongs."""
    if reason := next((why for start, why in _OF_THE_INTERNET.items() if type_token.startswith(start)), None):
        raise ResourceRefused(reason)
    try:
        return HANDLERS[type_token]
    except KeyError:
        raise ResourceRefused(
            f"the sandbox has no resource handler for this type: add one to {_file(type_token)}"
        ) from None


def check(
    cloud: Cloud,
    *,
    type_token: str,
    values: Mapping[str, Value],
    provider: str,
    old: Mapping[str, Value] | None,
    automatic: Callable[[PhysicalName], str],
) -> dict[str, Value]:
    """The inputs of a resource with what pulumi-aws adds: a name, the region, all tags, and which of them it chose.

    `provider` is the URN of its provider, `old` the inputs of the resource that is to be changed; an automatic name of
    these stays. `automatic` makes a name. Raises ResourceRefused.
    """
    handler = handler_of(type_token)
    inputs = {key: value for key, value in values.items() if key != DEFAULTS}
    defaults: list[Value] = []
    named = handler.physical_name
    if named and named.input not in inputs:
        kept = old.get(named.input) if old and named.input in chosen(old) else None
        inputs[named.input] = automatic(named) if kept is None else kept
        defaults.append(named.input)
    if not type_token.startswith(_WITHOUT_REGION):
        region = inputs.setdefault("region", cloud.world.region)
        if region != cloud.world.region:
            raise ResourceRefused(
                f"region is {region!r}, but this sandbox is {cloud.world.region!r} alone: set aws:region",
                property="region",
            )
    if handler.tagged:
        own = inputs.get("tags") or {}
        if isinstance(own, Unknown):
            inputs["tagsAll"] = UNKNOWN
        else:
            tags = cloud.default_tags.get(provider, {})
            inputs["tagsAll"] = {**tags, **Inputs({"tags": own}).text_by_name("tags")}
    return {**inputs, DEFAULTS: defaults}


def compare(type_token: str, old: Mapping[str, Value], new: Mapping[str, Value]) -> Difference:
    """What it takes to get from `old` to `new`, both as `check` gives them. Raises ResourceRefused."""
    return difference(handler_of(type_token), old, new)


def create(cloud: Cloud, *, type_token: str, name: str, urn: str, values: Mapping[str, Value]) -> Created:
    """Make one resource of inputs as `check` gives them. Raises ResourceRefused; then nothing is left of it."""
    handler = handler_of(type_token)
    with cloud.lock:
        inputs, created = _put(cloud, handler, Standing(urn, type_token, name, "", values))
        unread = _unread(inputs, type_token)
        if unread:
            handler.place(cloud, Standing(urn, type_token, name, created.id, values)).clear()
            raise unread
    return created


def update(cloud: Cloud, standing: Standing, values: Mapping[str, Value]) -> Created:
    """Change a resource to inputs as `check` gives them; the old ones stay when it raises ResourceRefused."""
    handler = handler_of(standing.type)
    if not exists(cloud, standing):
        raise ResourceRefused(f"ResourceNotFoundException: there is no {standing.id} any more: run `pulumi refresh`")
    with cloud.lock:
        changed = Standing(standing.urn, standing.type, standing.name, standing.id, values)
        inputs, created = _put(cloud, handler, changed)
        unread = _unread(inputs, standing.type)
        if unread:
            _put(cloud, handler, standing)
            raise unread
    return created


def exists(cloud: Cloud, standing: Standing) -> bool:
    """Whether a resource is still there. Raises ResourceRefused for an unknown type."""
    handler = handler_of(standing.type)
    with cloud.lock:
        try:
            return handler.place(cloud, standing).holds()
        except Gone:
            return False


def delete(cloud: Cloud, standing: Standing) -> None:
    """Delete a resource; one that is gone already is no error. Raises ResourceRefused when AWS would refuse."""
    handler = handler_of(standing.type)
    with cloud.lock:
        try:
            place = handler.place(cloud, standing)
            if place.holds():
                place.clear()
        except Gone:
            return


def _put(cloud: Cloud, handler: Handler, wanted: Standing) -> tuple[Inputs, Created]:
    inputs = Inputs({key: value for key, value in wanted.inputs.items() if key != DEFAULTS})
    inputs.optional_text("region")
    put = handler.put(cloud, Request(wanted.urn, wanted.type, wanted.name, inputs, wanted.id))
    outputs = dict(put.outputs)
    added = ["region", *([handler.physical_name.input] if handler.physical_name else [])]
    outputs |= {key: wanted.inputs[key] for key in added if key in wanted.inputs}
    return inputs, Created(put.id, outputs)


def call(cloud: Cloud, token: str, values: Mapping[str, Value]) -> Mapping[str, Value]:
    """Run a provider function (an invoke). Raises ResourceRefused."""
    if token not in FUNCTIONS:
        raise ResourceRefused(f"the sandbox does not have the function {token}: add it to {_file(token)}")
    return reading(token, values, lambda inputs: FUNCTIONS[token](cloud, inputs))


def reading(token: str, values: Mapping[str, Value], read: Callable[[Inputs], T]) -> T:
    """What `read` makes of the inputs, all of which it has to read. Raises ResourceRefused."""
    inputs = Inputs(values)
    result = read(inputs)
    unread = _unread(inputs, token)
    if unread:
        raise unread
    return result


def _unread(inputs: Inputs, token: str) -> ResourceRefused | None:
    names = list(inputs.unread())
    if not names:
        return None
    return ResourceRefused(
        f"{', '.join(names)}: misspelt, or not emulated by the sandbox (then add it to {_file(token)})",
        property=names[0],
    )


def _file(token: str) -> str:
    package, module, _ = token.split(":", 2)
    service = module.split("/")[0] if package == "aws" else package
    return f"sandbox/resources/{_FILES.get(service, service)}.py"
