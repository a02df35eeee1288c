"""Functions and their roles: Lambda and IAM."""

from collections.abc import Mapping
from typing import Final

from stacks.bootstrap.privileges.access import Access, Scope

_FUNCTION: Final = "arn:aws:lambda:{region}:{account}:function:{own}"
_ROLE: Final = "arn:aws:iam::{account}:role/{own}"

ROWS: Final[Mapping[str, tuple[Access, ...]]] = {
    "aws:iam/role:Role": (
        # Nobody may take a boundary off, or put another one on.
        Access(_ROLE, Scope.BOUNDED, "iam", create="CreateRole"),
        Access(
            _ROLE,
            Scope.NAME,
            "iam",
            read="GetRole ListRolePolicies ListAttachedRolePolicies ListInstanceProfilesForRole",
            # IAM knows no boundary in a request for UpdateAssumeRolePolicy: a condition on it would never hold.
            update="UpdateRole UpdateRoleDescription UpdateAssumeRolePolicy",
            delete="DeleteRole",
            tag="TagRole UntagRole",
        ),
    ),
    "aws:iam/rolePolicy:RolePolicy": (
        Access(_ROLE, Scope.BOUNDED, "iam", create="PutRolePolicy"),
        Access(_ROLE, Scope.NAME, "iam", read="GetRolePolicy", delete="DeleteRolePolicy"),
    ),
    "aws:lambda/alias:Alias": (
        Access(
            _FUNCTION,
            Scope.NAME,
            "lambda",
            create="CreateAlias",
            read="GetAlias",
            update="UpdateAlias",
            delete="DeleteAlias",
        ),
    ),
    "aws:lambda/function:Function": (
        Access(
            _FUNCTION,
            Scope.NAME,
            "lambda",
            create="CreateFunction",
            read="GetFunction GetFunctionConfiguration GetFunctionCodeSigningConfig ListVersionsByFunction ListTags",
            update="UpdateFunctionCode UpdateFunctionConfiguration PublishVersion "
            "PutFunctionConcurrency DeleteFunctionConcurrency",
            delete="DeleteFunction",
            tag="TagResource UntagResource",
        ),
        # The Web Adapter is a layer of another account.
        Access("arn:aws:lambda:{region}:*:layer:*", Scope.ANY, "lambda", create="GetLayerVersion"),
        Access(_ROLE, Scope.NAME, "iam", create="PassRole", passed_to="lambda.amazonaws.com"),
    ),
    "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig": (
        Access(
            _FUNCTION,
            Scope.NAME,
            "lambda",
            create="PutFunctionEventInvokeConfig",
            read="GetFunctionEventInvokeConfig",
            update="UpdateFunctionEventInvokeConfig",
            delete="DeleteFunctionEventInvokeConfig",
        ),
    ),
    "aws:lambda/functionUrl:FunctionUrl": (
        # The provider adds a permission of a public URL by itself.
        Access(
            _FUNCTION,
            Scope.NAME,
            "lambda",
            create="CreateFunctionUrlConfig AddPermission",
            read="GetFunctionUrlConfig",
            update="UpdateFunctionUrlConfig",
            delete="DeleteFunctionUrlConfig RemovePermission",
        ),
    ),
    "aws:lambda/permission:Permission": (
        Access(_FUNCTION, Scope.NAME, "lambda", create="AddPermission", read="GetPolicy", delete="RemovePermission"),
    ),
    "aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig": (
        Access(
            _FUNCTION,
            Scope.NAME,
            "lambda",
            create="PutProvisionedConcurrencyConfig",
            read="GetProvisionedConcurrencyConfig",
            delete="DeleteProvisionedConcurrencyConfig",
        ),
    ),
}
