"""The texts that AWS takes from a closed list, compared with AWS's own service models: a typing error fails here."""

from collections.abc import Iterator
from typing import Any

import botocore.session
import pytest

from tests.program.conftest import Deploy

# resource type, path of the input, service, shape, path of the member
CHECKED = [
    ("aws:lambda/functionUrl:FunctionUrl", "authorizationType", "lambda", "CreateFunctionUrlConfigRequest", "AuthType"),
    ("aws:lambda/functionUrl:FunctionUrl", "invokeMode", "lambda", "CreateFunctionUrlConfigRequest", "InvokeMode"),
    (
        "aws:lambda/permission:Permission",
        "functionUrlAuthType",
        "lambda",
        "AddPermissionRequest",
        "FunctionUrlAuthType",
    ),
    ("aws:lambda/function:Function", "runtime", "lambda", "CreateFunctionRequest", "Runtime"),
    ("aws:lambda/function:Function", "architectures", "lambda", "CreateFunctionRequest", "Architectures"),
    ("aws:lambda/function:Function", "loggingConfig.logFormat", "lambda", "LoggingConfig", "LogFormat"),
    ("aws:lambda/function:Function", "tracingConfig.mode", "lambda", "TracingConfig", "Mode"),
    ("aws:apigatewayv2/api:Api", "protocolType", "apigatewayv2", "CreateApiRequest", "ProtocolType"),
    (
        "aws:apigatewayv2/authorizer:Authorizer",
        "authorizerType",
        "apigatewayv2",
        "CreateAuthorizerRequest",
        "AuthorizerType",
    ),
    (
        "aws:apigatewayv2/integration:Integration",
        "integrationType",
        "apigatewayv2",
        "CreateIntegrationRequest",
        "IntegrationType",
    ),
    ("aws:apigatewayv2/route:Route", "authorizationType", "apigatewayv2", "CreateRouteRequest", "AuthorizationType"),
    (
        "aws:appsync/graphQLApi:GraphQLApi",
        "authenticationType",
        "appsync",
        "CreateGraphqlApiRequest",
        "authenticationType",
    ),
    ("aws:appsync/graphQLApi:GraphQLApi", "userPoolConfig.defaultAction", "appsync", "UserPoolConfig", "defaultAction"),
    ("aws:appsync/dataSource:DataSource", "type", "appsync", "CreateDataSourceRequest", "type"),
    ("aws:appsync/resolver:Resolver", "kind", "appsync", "CreateResolverRequest", "kind"),
    ("aws:appsync/resolver:Resolver", "runtime.name", "appsync", "AppSyncRuntime", "name"),
    (
        "aws:cognito/userPoolClient:UserPoolClient",
        "explicitAuthFlows",
        "cognito-idp",
        "CreateUserPoolClientRequest",
        "ExplicitAuthFlows",
    ),
    (
        "aws:cognito/userPoolClient:UserPoolClient",
        "preventUserExistenceErrors",
        "cognito-idp",
        "CreateUserPoolClientRequest",
        "PreventUserExistenceErrors",
    ),
    (
        "aws:cognito/userPool:UserPool",
        "usernameAttributes",
        "cognito-idp",
        "CreateUserPoolRequest",
        "UsernameAttributes",
    ),
    (
        "aws:cognito/userPool:UserPool",
        "deletionProtection",
        "cognito-idp",
        "CreateUserPoolRequest",
        "DeletionProtection",
    ),
    ("aws:dynamodb/table:Table", "billingMode", "dynamodb", "CreateTableInput", "BillingMode"),
    (
        "aws:dynamodb/table:Table",
        "globalSecondaryIndexes.projectionType",
        "dynamodb",
        "Projection",
        "ProjectionType",
    ),
]


@pytest.fixture(scope="module")
def models() -> botocore.session.Session:
    return botocore.session.get_session()


def texts(inputs: Any, path: str) -> Iterator[str]:
    """The texts at a path, none when it is not set; of a list of blocks, those of each."""
    key, _, rest = path.partition(".")
    value = inputs.get(key, [])
    for each in value if isinstance(value, list) else [value]:
        yield from texts(each, rest) if rest else [each]


@pytest.mark.parametrize(("auth", "environment"), [("NONE", "preview"), ("AWS_IAM", "production")])
@pytest.mark.parametrize(("type_", "path", "service", "shape", "member"), CHECKED, ids=lambda value: str(value))
def test_aws_knows_the_value(
    deploy: Deploy,
    models: botocore.session.Session,
    auth: str,
    environment: str,
    type_: str,
    path: str,
    service: str,
    shape: str,
    member: str,
) -> None:
    allowed = models.get_service_model(service).shape_for(shape).members[member]
    allowed = getattr(allowed, "member", allowed)
    deployment = deploy(functionUrlAuth=auth, environment=environment)
    used = [text for resource in deployment.of(type_) for text in texts(resource.inputs, path)]

    assert used
    assert set(used) <= set(allowed.enum)


def test_cors_keeps_to_lambdas_limits(deploy: Deploy, models: botocore.session.Session) -> None:
    shape = models.get_service_model("lambda").shape_for("Cors")
    urls = deploy(functionUrlAuth="AWS_IAM").of("aws:lambda/functionUrl:FunctionUrl")
    for key, value in [member for url in urls for member in url.inputs["cors"].items()]:
        member = shape.members[key[0].upper() + key[1:]]
        if isinstance(value, list):
            assert len(value) <= member.metadata["max"]
            assert all(len(text) <= member.member.metadata["max"] for text in value)
        elif not isinstance(value, bool):
            assert value <= member.metadata["max"]
