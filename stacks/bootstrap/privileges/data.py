"""What keeps users and streams: Cognito and DynamoDB."""

from collections.abc import Mapping
from typing import Final

from stacks.bootstrap.privileges.access import ALL, Access, Scope

_POOL: Final = "arn:aws:cognito-idp:{region}:{account}:userpool/*"
_IDENTITY_POOL: Final = "arn:aws:cognito-identity:{region}:{account}:identitypool/*"

ROWS: Final[Mapping[str, tuple[Access, ...]]] = {
    "aws:cognito/userPool:UserPool": (
        Access(ALL, Scope.NEW, "cognito-idp", create="CreateUserPool"),
        Access(
            _POOL,
            Scope.TAG,
            "cognito-idp",
            read="DescribeUserPool GetUserPoolMfaConfig ListTagsForResource",
            update="UpdateUserPool SetUserPoolMfaConfig",
            delete="DeleteUserPool",
            tag="TagResource UntagResource",
        ),
    ),
    "aws:cognito/userPoolClient:UserPoolClient": (
        Access(
            _POOL,
            Scope.POOL,
            "cognito-idp",
            create="CreateUserPoolClient",
            read="DescribeUserPoolClient",
            update="UpdateUserPoolClient",
            delete="DeleteUserPoolClient",
        ),
    ),
    "aws:cognito/userGroup:UserGroup": (
        Access(
            _POOL,
            Scope.TAG,
            "cognito-idp",
            create="CreateGroup",
            read="GetGroup",
            update="UpdateGroup",
            delete="DeleteGroup",
        ),
    ),
    "aws:cognito/identityPool:IdentityPool": (
        Access(ALL, Scope.NEW, "cognito-identity", create="CreateIdentityPool"),
        Access(
            _IDENTITY_POOL,
            Scope.TAG,
            "cognito-identity",
            read="DescribeIdentityPool ListTagsForResource",
            update="UpdateIdentityPool",
            delete="DeleteIdentityPool",
            tag="TagResource UntagResource",
        ),
    ),
    "aws:cognito/identityPoolRoleAttachment:IdentityPoolRoleAttachment": (
        # It is removed by setting no role.
        Access(ALL, Scope.ANY, "cognito-identity", create="SetIdentityPoolRoles", delete="SetIdentityPoolRoles"),
        Access(_IDENTITY_POOL, Scope.TAG, "cognito-identity", read="GetIdentityPoolRoles"),
        Access(
            "arn:aws:iam::{account}:role/{own}",
            Scope.NAME,
            "iam",
            create="PassRole",
            passed_to="cognito-identity.amazonaws.com",
        ),
    ),
    "aws:dynamodb/table:Table": (
        Access(
            "arn:aws:dynamodb:{region}:{account}:table/{own}",
            Scope.NAME,
            "dynamodb",
            create="CreateTable",
            read="DescribeTable DescribeContinuousBackups DescribeTimeToLive ListTagsOfResource",
            update="UpdateTable UpdateTimeToLive UpdateContinuousBackups",
            delete="DeleteTable",
            tag="TagResource UntagResource",
        ),
    ),
}
