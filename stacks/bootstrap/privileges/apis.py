"""API Gateway and AppSync."""

from collections.abc import Mapping
from typing import Final

from stacks.bootstrap.privileges.access import ALL, Access, Scope

_ROLE: Final = "arn:aws:iam::{account}:role/{own}"
_API: Final = "arn:aws:apigateway:{region}::/apis/*"
# The actions of API Gateway are the methods of its own API; and one that AWS's list lacks, which refusals name:
# https://github.com/aws-amplify/amplify-cli/issues/12316
_OF_API: Final = Access(
    _API, Scope.TAG, "apigateway", create="POST TagResource", read="GET", update="PATCH PUT", delete="DELETE"
)


def _service_role(service: str, name: str) -> Access:
    """The role that a service makes for itself in an account, on the first use of a feature."""
    role = f"arn:aws:iam::{{account}}:role/aws-service-role/{service}/{name}"
    return Access(role, Scope.ANY, "iam", create="CreateServiceLinkedRole")


ROWS: Final[Mapping[str, tuple[Access, ...]]] = {
    "aws:apigatewayv2/api:Api": (
        Access("arn:aws:apigateway:{region}::/apis", Scope.NEW, "apigateway", create="POST TagResource"),
        # Whoever makes something with tags writes them here as well.
        Access("arn:aws:apigateway:{region}::/tags/*", Scope.UNTAGGED, "apigateway", tag="POST PUT"),
        _OF_API,
        _service_role("ops.apigateway.amazonaws.com", "AWSServiceRoleForAPIGateway"),
    ),
    "aws:apigatewayv2/authorizer:Authorizer": (_OF_API,),
    "aws:apigatewayv2/deployment:Deployment": (_OF_API,),
    "aws:apigatewayv2/integration:Integration": (_OF_API,),
    "aws:apigatewayv2/route:Route": (_OF_API,),
    "aws:apigatewayv2/stage:Stage": (_OF_API,),
    "aws:appsync/graphQLApi:GraphQLApi": (
        Access(ALL, Scope.NEW, "appsync", create="CreateGraphqlApi"),
        Access(
            "arn:aws:appsync:{region}:{account}:apis/*",
            Scope.TAG,
            "appsync",
            read="GetGraphqlApi ListTagsForResource",
            update="UpdateGraphqlApi",
            delete="DeleteGraphqlApi",
            tag="TagResource UntagResource",
        ),
        Access(
            ALL,
            Scope.ANY,
            "appsync",
            create="StartSchemaCreation",
            read="GetSchemaCreationStatus GetIntrospectionSchema",
        ),
        # With tracing, AppSync writes to X-Ray by this role.
        _service_role("appsync.amazonaws.com", "AWSServiceRoleForAppSync"),
    ),
    "aws:appsync/dataSource:DataSource": (
        Access(
            ALL,
            Scope.ANY,
            "appsync",
            create="CreateDataSource",
            read="GetDataSource",
            update="UpdateDataSource",
            delete="DeleteDataSource",
        ),
        Access(_ROLE, Scope.NAME, "iam", create="PassRole", passed_to="appsync.amazonaws.com"),
    ),
    "aws:appsync/resolver:Resolver": (
        Access(
            ALL,
            Scope.ANY,
            "appsync",
            create="CreateResolver",
            read="GetResolver",
            update="UpdateResolver",
            delete="DeleteResolver",
        ),
    ),
}
