"""Aliases of Lambda functions, and the environments that are kept started behind them.

https://docs.aws.amazon.com/lambda/latest/dg/configuration-aliases.html
"""

import re
from dataclasses import dataclass

from sandbox.errors import ResourceRefused
from sandbox.functions.limits import Limits
from sandbox.resources.handler import Cloud, Created, Entry, Gone, Handler, PhysicalName, Request, Standing
from sandbox.resources.lambda_access import callee_named, callee_standing
from sandbox.world import LATEST, Alias, Function, World

MAX_NAME = 128
LEAST_UNRESERVED = 100
"""What Lambda keeps back for the functions that reserve nothing
(https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html)."""

_NAME = re.compile(r"(?!\d+$)[a-zA-Z0-9-_]+")


def invoke_arn(world: World, arn: str) -> str:
    """The ARN by which API Gateway invokes a function, a version or an alias."""
    return f"arn:aws:apigateway:{world.region}:lambda:path/2015-03-31/functions/{arn}/invocations"


def published(function: Function) -> Function:
    """The newest version, which is a new one when code or configuration are not what they were in the last one.

    https://docs.aws.amazon.com/lambda/latest/api/API_PublishVersion.html
    """
    last = function.versions.get(str(len(function.versions)))
    return last if last is not None and last.runs_like(function) else function.publish()


def set_aside(world: World, *, by_others_than: str = "") -> int:
    """The concurrency that functions have to themselves: reserved, or else provisioned."""
    return sum(
        sum(alias.provisioned_concurrency for alias in function.aliases.values())
        if function.reserved_concurrency is None
        else function.reserved_concurrency
        for function in world.functions.values()
        if function.name != by_others_than
    )


def _put_alias(cloud: Cloud, request: Request) -> Created:
    """https://docs.aws.amazon.com/lambda/latest/api/API_CreateAlias.html"""
    inputs, world = request.inputs, cloud.world
    name, version = inputs.text("name"), inputs.text("functionVersion")
    if not _NAME.fullmatch(name) or len(name) > MAX_NAME:
        raise ResourceRefused(
            f"ValidationException: name is {name!r}, allowed are {MAX_NAME} letters, digits, hyphens and underscores, "
            "not digits alone"
        )
    function = callee_named(cloud, inputs.text("functionName"), version).function
    owner = world.functions[function.name]
    arn = f"{owner.arn}:{name}"
    if name in owner.aliases and not request.id:
        raise ResourceRefused(f"ResourceConflictException: Alias already exists: {arn}")
    inputs.without_effect("description")
    owner.aliases.setdefault(name, Alias(name, function.version)).version = function.version
    return Created(arn, {"arn": arn, "invokeArn": invoke_arn(world, arn)})


def _put_provisioned_concurrency(cloud: Cloud, request: Request) -> Created:
    """https://docs.aws.amazon.com/lambda/latest/api/API_PutProvisionedConcurrencyConfig.html"""
    inputs = request.inputs
    qualifier = inputs.text("qualifier")
    callee = callee_named(cloud, inputs.text("functionName"), qualifier)
    wanted = inputs.integer("provisionedConcurrentExecutions", 1, between=(1, Limits.concurrency))
    inputs.without_effect("skipDestroy")
    if callee.function.version == LATEST:
        raise ResourceRefused(
            "InvalidParameterValueException: Provisioned Concurrency Configs cannot be applied to unpublished function "
            "versions."
        )
    if isinstance(callee.named, Function):
        raise ResourceRefused(f"qualifier is {qualifier!r}, and the sandbox provisions concurrency for aliases alone")
    reserved = cloud.world.functions[callee.function.name].reserved_concurrency
    if reserved is not None and wanted > reserved:
        raise ResourceRefused(
            "InvalidParameterValueException: Requested Provisioned Concurrency should not be greater than the "
            "reservedConcurrentExecution for function"
        )
    others = set_aside(cloud.world) - callee.named.provisioned_concurrency
    if reserved is None and others + wanted > Limits.concurrency - LEAST_UNRESERVED:
        raise ResourceRefused(
            "InvalidParameterValueException: Specified ConcurrentExecutions for function decreases account's "
            f"UnreservedConcurrentExecution below its minimum value of [{LEAST_UNRESERVED}]."
        )
    callee.named.provisioned_concurrency = wanted
    return Created(f"{callee.function.name},{qualifier}", {})


def _place_of_alias(cloud: Cloud, standing: Standing) -> Entry[str, Alias]:
    owner = cloud.world.functions.get(cloud.world.function_name(standing.id))
    if owner is None:
        raise Gone
    return Entry(owner.aliases, standing.id.rpartition(":")[2])


@dataclass(frozen=True)
class PlaceOfProvisionedConcurrency:
    """What is provisioned for an alias."""

    alias: Alias

    def holds(self) -> bool:
        """Whether anything is."""
        return self.alias.provisioned_concurrency > 0

    def clear(self) -> None:
        """https://docs.aws.amazon.com/lambda/latest/api/API_DeleteProvisionedConcurrencyConfig.html"""
        self.alias.provisioned_concurrency = 0


def _place_of_provisioned_concurrency(cloud: Cloud, standing: Standing) -> PlaceOfProvisionedConcurrency:
    named = callee_standing(cloud, standing, "functionName").named
    if isinstance(named, Function):
        raise Gone
    return PlaceOfProvisionedConcurrency(named)


HANDLERS = (
    Handler(
        "aws:lambda/alias:Alias",
        _put_alias,
        PhysicalName("name", MAX_NAME),
        place=_place_of_alias,
        # https://docs.aws.amazon.com/lambda/latest/api/API_UpdateAlias.html
        replaces=("functionName", "name"),
        computed=("arn", "invokeArn"),
    ),
    Handler(
        "aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig",
        _put_provisioned_concurrency,
        place=_place_of_provisioned_concurrency,
        # https://docs.aws.amazon.com/lambda/latest/api/API_PutProvisionedConcurrencyConfig.html: what names the alias
        replaces=("functionName", "qualifier"),
    ),
)
