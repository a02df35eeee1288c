"""How resources are called, tagged and made, so that stacks of one account live side by side.

https://www.pulumi.com/docs/iac/concepts/resources/names/
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final, cast

from stacks.bootstrap.privileges.table import PRIVILEGES
from stacks.dashboard import dashboard_name
from stacks.policies.graph import FUNCTION, ROLE, Resource, Values
from stacks.policies.rule import ResourceRule
from stacks.stack_names import LONGEST_NAME, SUFFIX_CHARACTERS, name_start

NAMES: Final = (
    "name",
    "namePrefix",
    "statementId",
    "statementIdPrefix",
    "roleName",
    "bucket",
    "domain",
    "dashboardName",
)
"""Inputs by which a resource may be called."""
NAMES_WITHIN_ANOTHER: Final[Mapping[tuple[str, str], str]] = {
    ("aws:cognito/userGroup:UserGroup", "name"): "a group's name is unique within its pool, and appears in tokens",
    ("aws:apigatewayv2/stage:Stage", "name"): "a stage's name is unique within its API, and part of its URL",
    ("aws:appsync/dataSource:DataSource", "name"): "a data source's name is unique within its API",
    ("aws:lambda/alias:Alias", "name"): "an alias' name is unique within its function",
    ("aws:route53/record:Record", "name"): "a record is called after a domain of the stack's own settings",
    ("aws:lambda/permission:Permission", "statementId"): "a statement's id is unique within its function's policy",
    ("aws:s3/bucketObjectv2:BucketObjectv2", "bucket"): "that is the name of the bucket that it is in",
    (
        "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
        "bucket",
    ): "that is the name of the bucket that it is of",
    ("aws:s3/bucketPolicy:BucketPolicy", "bucket"): "that is the name of the bucket that it is of",
    (
        "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
        "bucket",
    ): "that is the name of the bucket that it is of",
}
"""(type, input) → why the name is the same in every stack."""
NAMES_BY_STACK: Final[Mapping[tuple[str, str], Callable[[str, str], str]]] = {
    ("aws:cloudwatch/dashboard:Dashboard", "dashboardName"): dashboard_name,
}
"""(type, input) → the name that differs by project and stack, because Pulumi makes none up for this type."""
TAGS: Final = ("project", "stack", "environment")
SUFFIX: Final = re.compile(r"-[0-9a-f]{7}")
"""What Pulumi appends to a name that is not given."""


def names_are_automatic(resource: Resource) -> Iterator[str]:
    """Pulumi chooses the physical name: the resource's own and a random suffix, with project and stack before if the
    stack's configuration says so."""
    stack, project = resource.urn.removeprefix("urn:pulumi:").split("::")[:2]
    for key in NAMES:
        given, place = resource.props.get(key), (resource.type, key)
        if (
            not given
            or place in NAMES_WITHIN_ANOTHER
            or _automatic(resource.name, str(given).removeprefix(name_start(project, stack)))
        ):
            continue
        by_stack = NAMES_BY_STACK.get(place)
        if by_stack is None or given != by_stack(project, stack):
            yield f"{key} is {given!r} in every stack; leave it out, and Pulumi appends a random suffix"


def names_have_room(resource: Resource) -> Iterator[str]:
    """A name has room for the suffix."""
    if len(resource.name) + SUFFIX_CHARACTERS > LONGEST_NAME:
        yield f"the name has {len(resource.name)} characters; choose one of at most {LONGEST_NAME - SUFFIX_CHARACTERS}"


def providers_are_explicit(resource: Resource) -> Iterator[str]:
    """A default provider may go to another account or region than the stack's own."""
    if resource.provider is None or resource.provider.name.startswith("default"):
        yield "it goes to the default provider; give the stack's own in its options, or its component's"


def everything_is_tagged(resource: Resource) -> Iterator[str]:
    """The provider tags what it makes with project and stack."""
    given: object = resource.provider.props.get("defaultTags") if resource.provider else None
    default_tags = cast("Values", json.loads(given) if isinstance(given, str) else given or {})
    known = {str(tag).lower() for tag in default_tags.get("tags", ())}
    for tag in TAGS:
        if tag not in known:
            yield f"its provider has no default tag {tag!r}; add it to the provider's defaultTags"


def types_have_privileges(resource: Resource) -> Iterator[str]:
    """The roles of the bootstrap may deploy it."""
    if resource.type not in PRIVILEGES:
        yield "no deployer may make it; add a row for the type in stacks/bootstrap/privileges"


def _automatic(name: str, given: str) -> bool:
    return given.startswith(name) and SUFFIX.fullmatch(given.removeprefix(name)) is not None


_NAMES = "https://www.pulumi.com/docs/iac/concepts/resources/names/#autonaming"
RULES: Final = (
    ResourceRule("no-fixed-names", "No physical name is the same in two stacks.", _NAMES, None, names_are_automatic),
    ResourceRule(
        "room-for-the-suffix",
        "Names leave room for the suffix that Pulumi appends.",
        _NAMES,
        frozenset({FUNCTION, ROLE}),
        names_have_room,
    ),
    ResourceRule(
        "own-provider",
        "Every resource names the stack's own provider.",
        "https://www.pulumi.com/docs/iac/concepts/resources/providers/#explicit-provider-configuration",
        None,
        providers_are_explicit,
    ),
    ResourceRule(
        "tags",
        "Everything is tagged with project and stack.",
        "https://docs.aws.amazon.com/whitepapers/latest/tagging-best-practices/tagging-best-practices.html",
        None,
        everything_is_tagged,
    ),
    ResourceRule(
        "known-privileges",
        "Each type is in the table of what a deployer may do.",
        "https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html",
        None,
        types_have_privileges,
    ),
)
