"""AWS Lambda: functions and how they are invoked asynchronously.

URLs and permissions are in `lambda_access`, versions and aliases in `lambda_versions`.
"""

import base64
import hashlib
import json
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sandbox.errors import ResourceRefused
from sandbox.functions.limits import Limits
from sandbox.iam import policies
from sandbox.resources import lambda_access, lambda_versions
from sandbox.resources.handler import Cloud, Created, Entry, Handler, PhysicalName, Request, Standing, all_tags
from sandbox.resources.inputs import Inputs
from sandbox.resources.values import Archive
from sandbox.world import UNCONFIGURED, Alias, EventInvokeConfig, Function

# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
MAX_TIMEOUT_SECONDS = 900
MEMORY_MEGABYTES = (128, 10_240)
MAX_ENVIRONMENT_BYTES = 4_096
MAX_ZIPPED_BYTES = 50 * 1024 * 1024
MAX_UNZIPPED_BYTES = 250 * 1024 * 1024
MAX_LAYERS = 5
MAX_NAME = 64

DEFAULT_TIMEOUT_SECONDS = 3
DEFAULT_MEMORY_MEGABYTES = 128
UNRESERVED = -1
"""`reservedConcurrentExecutions` of a function that shares the account's."""

# https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html, those that the sandbox can run
RUNTIMES = ("python3.10", "python3.11", "python3.12", "python3.13", "python3.14")
ARCHITECTURES = ("x86_64", "arm64")
TRACING_MODES = ("PassThrough", "Active")

# https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
RESERVED_VARIABLES = frozenset(
    [
        "_HANDLER",
        "_X_AMZN_TRACE_ID",
        "AWS_DEFAULT_REGION",
        "AWS_REGION",
        "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_ACCESS_KEY",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_LAMBDA_RUNTIME_API",
        "LAMBDA_TASK_ROOT",
        "LAMBDA_RUNTIME_DIR",
    ]
)
_VARIABLE = re.compile(r"[a-zA-Z][a-zA-Z0-9_]+")
_LAYER = re.compile(r"arn:aws:lambda:[a-z0-9-]+:\d{12}:layer:[a-zA-Z0-9_-]+:\d+")
_NAME = re.compile(r"[a-zA-Z0-9_-]+")


def _put_function(cloud: Cloud, request: Request) -> Created:
    inputs, world = request.inputs, cloud.world
    name = inputs.text("name")
    if not _NAME.fullmatch(name) or len(name) > MAX_NAME:
        raise ResourceRefused(f"name is {name!r}, allowed are {MAX_NAME} letters, digits, hyphens and underscores")
    found = world.functions.get(name)
    if found and not request.id:
        raise ResourceRefused(f"ResourceConflictException: Function already exist: {name}")
    role = inputs.text("role")
    if not policies.service_may_assume(world, role, "lambda.amazonaws.com"):
        raise ResourceRefused(
            f"InvalidParameterValueException: The role defined for the function cannot be assumed by Lambda. ({role})"
        )
    _check_tracing(cloud, inputs.block("tracingConfig"), role)
    package = _package(cloud.program_folder, inputs.archive("code"))
    concurrency = _reserved_concurrency(cloud, inputs, name)
    architectures = inputs.texts("architectures", allowed=ARCHITECTURES) or ("x86_64",)
    if len(architectures) != 1:
        raise ResourceRefused(f"architectures is {list(architectures)}, allowed is one")
    inputs.without_effect("description")
    code_sha256 = base64.b64encode(hashlib.sha256(package.read_bytes()).digest()).decode()
    function = Function(
        name=name,
        arn=world.function_arn(name),
        role_arn=role,
        handler=inputs.text("handler"),
        runtime=inputs.text("runtime", allowed=RUNTIMES),
        package=package,
        timeout_seconds=inputs.integer("timeout", DEFAULT_TIMEOUT_SECONDS, between=(1, MAX_TIMEOUT_SECONDS)),
        memory_megabytes=inputs.integer("memorySize", DEFAULT_MEMORY_MEGABYTES, between=MEMORY_MEGABYTES),
        environment=_environment(inputs),
        layers=_layers(inputs),
        log_group=_log_group(inputs, name),
        code_sha256=code_sha256,
        reserved_concurrency=None if concurrency == UNRESERVED else concurrency,
    )
    if found:
        function.permissions, function.event_invoke = found.permissions, found.event_invoke
        function.versions, function.aliases = found.versions, found.aliases
    world.functions[name] = function
    newest = lambda_versions.published(function) if inputs.flag("publish") else function
    qualified_arn = f"{function.arn}:{newest.version}"
    streaming = (
        f"arn:aws:apigateway:{world.region}:lambda:path/2021-11-15/functions/{{}}/response-streaming-invocations"
    )
    return Created(
        name,
        {
            "arn": function.arn,
            "architectures": list(architectures),
            "codeSha256": code_sha256,
            "invokeArn": lambda_versions.invoke_arn(world, function.arn),
            "memorySize": function.memory_megabytes,
            "packageType": "Zip",
            "qualifiedArn": qualified_arn,
            "qualifiedInvokeArn": lambda_versions.invoke_arn(world, qualified_arn),
            "reservedConcurrentExecutions": concurrency,
            "responseStreamingInvokeArn": streaming.format(function.arn),
            "sourceCodeSize": package.stat().st_size,
            "tagsAll": all_tags(request),
            "timeout": function.timeout_seconds,
            "version": newest.version,
        },
    )


def _check_tracing(cloud: Cloud, block: Inputs | None, role: str) -> None:
    """Lambda itself sends the traces, in the name of the role: https://docs.aws.amazon.com/lambda/latest/dg/services-xray.html"""
    if block is None or block.text("mode", allowed=TRACING_MODES) != "Active":
        return
    if not policies.role_allows(cloud.world, role, "xray:PutTraceSegments", "*"):
        raise ResourceRefused(
            "InvalidParameterValueException: The provided execution role does not have permissions to call "
            f"PutTraceSegments on XRAY ({role})"
        )


def _reserved_concurrency(cloud: Cloud, inputs: Inputs, name: str) -> int:
    """https://docs.aws.amazon.com/lambda/latest/api/API_PutFunctionConcurrency.html"""
    wanted = inputs.integer("reservedConcurrentExecutions", UNRESERVED, between=(UNRESERVED, Limits.concurrency))
    others = lambda_versions.set_aside(cloud.world, by_others_than=name)
    if wanted > 0 and others + wanted > Limits.concurrency - lambda_versions.LEAST_UNRESERVED:
        raise ResourceRefused(
            "InvalidParameterValueException: Specified ReservedConcurrentExecutions for function decreases account's "
            f"UnreservedConcurrentExecution below its minimum value of [{lambda_versions.LEAST_UNRESERVED}]."
        )
    return wanted


def _package(folder: Path, archive: Archive) -> Path:
    if archive.path is None or not archive.path.endswith(".zip"):
        raise ResourceRefused("code is not a FileArchive of a .zip file, the only kind that the sandbox deploys")
    package = (folder / archive.path).resolve()
    if not package.is_file():
        raise ResourceRefused(f"code is the archive {archive.path!r}, and {package} does not exist")
    with zipfile.ZipFile(package) as file:
        unzipped = sum(entry.file_size for entry in file.infolist())
    if package.stat().st_size > MAX_ZIPPED_BYTES or unzipped > MAX_UNZIPPED_BYTES:
        raise ResourceRefused(
            f"code has {package.stat().st_size:,} bytes zipped and {unzipped:,} unzipped, "
            f"allowed are {MAX_ZIPPED_BYTES:,} and {MAX_UNZIPPED_BYTES:,}"
        )
    return package


def _environment(inputs: Inputs) -> Mapping[str, str]:
    block = inputs.block("environment")
    variables = block.text_by_name("variables") if block else {}
    for name in variables:
        if not _VARIABLE.fullmatch(name) or name in RESERVED_VARIABLES:
            raise ResourceRefused(
                f"environment.variables has {name!r}, which Lambda reserves or does not take as a name"
            )
    measured = len(json.dumps(variables, separators=(",", ":"), ensure_ascii=False).encode())
    if measured > MAX_ENVIRONMENT_BYTES:
        raise ResourceRefused(
            f"environment.variables has {measured:,} bytes as JSON, allowed are {MAX_ENVIRONMENT_BYTES:,}: "
            "pass large values by a parameter store"
        )
    return variables


def _layers(inputs: Inputs) -> tuple[str, ...]:
    layers = inputs.texts("layers")
    for layer in layers:
        if not _LAYER.fullmatch(layer):
            raise ResourceRefused(f"layers has {layer!r}, which is not the ARN of a layer version")
    if len(layers) > MAX_LAYERS:
        raise ResourceRefused(f"layers has {len(layers)} layers, allowed are {MAX_LAYERS}")
    return layers


def _log_group(inputs: Inputs, function: str) -> str:
    block = inputs.block("loggingConfig")
    if block is None:
        return f"/aws/lambda/{function}"
    block.text("logFormat", allowed=("Text", "JSON"))
    block.without_effect("applicationLogLevel", "systemLogLevel")
    return block.optional_text("logGroup") or f"/aws/lambda/{function}"


def _put_event_invoke_config(cloud: Cloud, request: Request) -> Created:
    """https://docs.aws.amazon.com/lambda/latest/api/API_PutFunctionEventInvokeConfig.html"""
    inputs = request.inputs
    qualifier = inputs.optional_text("qualifier")
    callee = lambda_access.callee_named(cloud, inputs.text("functionName"), qualifier)
    destinations = inputs.block("destinationConfig")
    callee.named.event_invoke = EventInvokeConfig(
        maximum_retry_attempts=inputs.integer("maximumRetryAttempts", 2, between=(0, 2)),
        maximum_event_age_seconds=inputs.integer("maximumEventAgeInSeconds", 21_600, between=(60, 21_600)),
        on_failure=_destination(cloud, callee.function, destinations, "onFailure"),
        on_success=_destination(cloud, callee.function, destinations, "onSuccess"),
    )
    return Created(":".join(filter(None, (callee.function.name, qualifier))), {})


def _destination(cloud: Cloud, function: Function, destinations: Inputs | None, key: str) -> str | None:
    block = destinations.block(key) if destinations else None
    if block is None:
        return None
    arn = block.text("destination")
    if not arn.startswith("arn:aws:lambda:"):
        raise ResourceRefused(
            f"destinationConfig.{key}.destination is {arn!r}, the sandbox delivers to functions alone"
        )
    lambda_access.callee_named(cloud, arn)
    if not policies.role_allows(cloud.world, function.role_arn, "lambda:InvokeFunction", arn):
        raise ResourceRefused(
            "InvalidParameterValueException: The function's execution role does not have permissions to call "
            f"InvokeFunction on {arn} ({function.role_arn})"
        )
    return arn


def _place_of_function(cloud: Cloud, standing: Standing) -> Entry[str, Function]:
    return Entry(cloud.world.functions, standing.id)


@dataclass(frozen=True)
class PlaceOfEventInvokeConfig:
    """A function, a version or an alias has one configuration at most; without it Lambda's own holds."""

    named: Function | Alias

    def holds(self) -> bool:
        """Whether there is one."""
        return self.named.event_invoke is not UNCONFIGURED

    def clear(self) -> None:
        """https://docs.aws.amazon.com/lambda/latest/api/API_DeleteFunctionEventInvokeConfig.html"""
        self.named.event_invoke = UNCONFIGURED


def _place_of_event_invoke_config(cloud: Cloud, standing: Standing) -> PlaceOfEventInvokeConfig:
    return PlaceOfEventInvokeConfig(lambda_access.callee_standing(cloud, standing, "functionName").named)


HANDLERS = (
    Handler(
        "aws:lambda/function:Function",
        _put_function,
        PhysicalName("name", MAX_NAME),
        place=_place_of_function,
        # https://docs.aws.amazon.com/lambda/latest/api/API_UpdateFunctionConfiguration.html and UpdateFunctionCode
        replaces=("name",),
        computed=(
            *("arn", "architectures", "codeSha256", "invokeArn", "memorySize", "packageType", "qualifiedArn"),
            *("qualifiedInvokeArn", "reservedConcurrentExecutions", "responseStreamingInvokeArn", "sourceCodeSize"),
            *("timeout", "version"),
        ),
        changing=("codeSha256", "qualifiedArn", "qualifiedInvokeArn", "sourceCodeSize", "version"),
        tagged=True,
    ),
    Handler(
        "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig",
        _put_event_invoke_config,
        place=_place_of_event_invoke_config,
        # https://docs.aws.amazon.com/lambda/latest/api/API_UpdateFunctionEventInvokeConfig.html
        replaces=("functionName", "qualifier"),
    ),
    *lambda_access.HANDLERS,
    *lambda_versions.HANDLERS,
)
