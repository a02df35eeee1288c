"""Who may reach a Lambda function, and at which address: function URLs and resource-policy statements."""

import re

from sandbox.errors import ResourceRefused
from sandbox.resources.handler import Cloud, Created, Entry, Gone, Handler, PhysicalName, Request, Standing
from sandbox.resources.inputs import Inputs
from sandbox.world import LATEST, Callee, Cors, FunctionUrl, ResourcePermission

# https://docs.aws.amazon.com/lambda/latest/api/API_Cors.html
CORS_METHODS = ("GET", "PUT", "HEAD", "POST", "PATCH", "DELETE", "*")
"""`OPTIONS` is none of them: a method has at most six letters, and Lambda answers preflights itself."""
MAX_CORS_AGE_SECONDS = 86_400
MAX_STATEMENT_ID = 100
URL_AUTH_TYPES = ("NONE", "AWS_IAM")

_ALIAS = re.compile(r"(?!\d+$)[0-9a-zA-Z-_]+")
_ACTION = re.compile(r"lambda:[*a-zA-Z]+|\*")


def callee_named(cloud: Cloud, name_or_arn: str, qualifier: str | None = None) -> Callee:
    """A function by name or ARN, with a qualifier in it or beside it. Raises ResourceRefused in Lambda's words."""
    called = name_or_arn if qualifier is None else f"{name_or_arn}:{qualifier}"
    try:
        return cloud.world.callee(called)
    except KeyError:
        arn = called if called.startswith("arn:") else cloud.world.function_arn(called)
        raise ResourceRefused(f"ResourceNotFoundException: Function not found: {arn}") from None


def callee_standing(cloud: Cloud, standing: Standing, key: str) -> Callee:
    """The function that a resource belongs to, by the input `key` and by its qualifier. Raises Gone."""
    qualifier = standing.inputs.get("qualifier")
    try:
        return callee_named(cloud, str(standing.inputs.get(key)), None if qualifier is None else str(qualifier))
    except ResourceRefused:
        raise Gone from None


def _put_url(cloud: Cloud, request: Request) -> Created:
    """https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunctionUrlConfig.html"""
    inputs, world = request.inputs, cloud.world
    qualifier = inputs.optional_text("qualifier")
    if qualifier is not None and not _ALIAS.fullmatch(qualifier):
        raise ResourceRefused(
            f"ValidationException: qualifier is {qualifier!r}, and a function URL belongs to $LATEST or to an alias"
        )
    callee = callee_named(cloud, inputs.text("functionName"), qualifier)
    found = _url_of(cloud, callee.arn)
    if found and not request.id:
        raise ResourceRefused(f"ResourceConflictException: {callee.arn} has a function URL already")
    url = FunctionUrl(
        url_id=found.url_id if found else request.own_id(32, world.function_urls),
        function_arn=callee.arn,
        authorization_type=inputs.text("authorizationType", allowed=URL_AUTH_TYPES),
        invoke_mode=inputs.optional_text("invokeMode", allowed=("BUFFERED", "RESPONSE_STREAM")) or "BUFFERED",
        cors=_cors(inputs.block("cors")),
    )
    world.function_urls[url.url_id] = url
    return Created(
        "/".join(filter(None, (callee.function.name, qualifier))),
        {
            "functionArn": callee.arn,
            "functionUrl": f"{world.origin}/lambda-url/{url.url_id}/",
            "invokeMode": url.invoke_mode,
            "urlId": url.url_id,
        },
    )


def _url_of(cloud: Cloud, called: str) -> FunctionUrl | None:
    return next((url for url in cloud.world.function_urls.values() if url.function_arn == called), None)


def _cors(block: Inputs | None) -> Cors | None:
    if block is None:
        return None
    return Cors(
        allow_origins=block.texts("allowOrigins"),
        allow_methods=block.texts("allowMethods", allowed=CORS_METHODS),
        allow_headers=block.texts("allowHeaders"),
        expose_headers=block.texts("exposeHeaders"),
        allow_credentials=block.flag("allowCredentials"),
        max_age_seconds=block.integer("maxAge", 0, between=(0, MAX_CORS_AGE_SECONDS)),
    )


def _put_permission(cloud: Cloud, request: Request) -> Created:
    """https://docs.aws.amazon.com/lambda/latest/api/API_AddPermission.html"""
    inputs = request.inputs
    qualifier = inputs.optional_text("qualifier")
    if qualifier == LATEST:
        raise ResourceRefused(
            f"InvalidParameterValueException: We currently do not support adding policies for {LATEST}."
        )
    callee = callee_named(cloud, inputs.text("function"), qualifier)
    permissions = callee.named.permissions
    permission = ResourcePermission(
        statement_id=inputs.text("statementId"),
        action=inputs.text("action"),
        principal=inputs.text("principal"),
        source_arn=inputs.optional_text("sourceArn"),
        function_url_auth_type=inputs.optional_text("functionUrlAuthType", allowed=URL_AUTH_TYPES),
        invoked_via_function_url=inputs.flag("invokedViaFunctionUrl") or None,
    )
    if not _ACTION.fullmatch(permission.action):
        raise ResourceRefused(
            f"action is {permission.action!r}, allowed is an action of Lambda, e.g. lambda:InvokeFunction"
        )
    if permission.function_url_auth_type and permission.action != "lambda:InvokeFunctionUrl":
        raise ResourceRefused("functionUrlAuthType goes with the action lambda:InvokeFunctionUrl alone")
    if permission.invoked_via_function_url and permission.action != "lambda:InvokeFunction":
        raise ResourceRefused("invokedViaFunctionUrl goes with the action lambda:InvokeFunction alone")
    if permission.statement_id in permissions and not request.id:
        raise ResourceRefused(
            f"ResourceConflictException: The statement id ({permission.statement_id}) provided already exists"
        )
    permissions[permission.statement_id] = permission
    return Created(permission.statement_id, {})


def _place_of_url(cloud: Cloud, standing: Standing) -> Entry[str, FunctionUrl]:
    url = _url_of(cloud, cloud.world.function_arn(standing.id.replace("/", ":")))
    if url is None:
        raise Gone
    return Entry(cloud.world.function_urls, url.url_id)


def _place_of_permission(cloud: Cloud, standing: Standing) -> Entry[str, ResourcePermission]:
    return Entry(callee_standing(cloud, standing, "function").named.permissions, standing.id)


HANDLERS = (
    Handler(
        "aws:lambda/functionUrl:FunctionUrl",
        _put_url,
        place=_place_of_url,
        # https://docs.aws.amazon.com/lambda/latest/api/API_UpdateFunctionUrlConfig.html
        replaces=("functionName", "qualifier"),
        computed=("functionArn", "functionUrl", "invokeMode", "urlId"),
    ),
    Handler(
        "aws:lambda/permission:Permission",
        _put_permission,
        PhysicalName("statementId", MAX_STATEMENT_ID),
        place=_place_of_permission,
        # Lambda has no operation that changes a statement: https://docs.aws.amazon.com/lambda/latest/api/API_AddPermission.html
        replaces=(
            *("action", "function", "functionUrlAuthType", "invokedViaFunctionUrl", "principal"),
            *("qualifier", "sourceArn", "statementId"),
        ),
    ),
)
