"""What a deployer may do: its policies, evaluated for the resources of its own stack and of others."""

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence

import pytest

from stacks.bootstrap.documents import EVERYTHING, REMOVAL
from stacks.bootstrap.named_stacks import PROJECT
from stacks.bootstrap.privileges.access import Access, Scope, Verb
from stacks.bootstrap.privileges.table import OF_PREVIEWS, PRIVILEGES, Rows
from stacks.dashboard import dashboard_name
from tests.program.bootstrap.conftest import BOUNDARY, REGION, stack
from tests.program.bootstrap.evaluator import Request, Statement, allows, statements_of
from tests.program.recording import ACCOUNT_ID, Deployment

IDS = {
    "aws:apigatewayv2": f"arn:aws:apigateway:{REGION}::/apis/ab12cd/routes/ef34",
    "aws:appsync": f"arn:aws:appsync:{REGION}:{ACCOUNT_ID}:apis/gql1",
    "aws:cognito/user": f"arn:aws:cognito-idp:{REGION}:{ACCOUNT_ID}:userpool/{REGION}_Pool1",
}
"""What IAM knows by an id: the id says nothing of the stack."""
WIDE = frozenset({Scope.ANY, Scope.GLOBAL, Scope.RECORDS})
"""What is not kept within a stack; docs/bootstrap.md has its actions."""
SHARING = {("preview", "staging"), ("preview-destroy", "staging")}
RoleOf = Callable[[str], list[Statement]]


def requests(
    deployment: Deployment, name: str, verbs: frozenset[Verb] = EVERYTHING
) -> Iterator[tuple[Access, Request]]:
    """What deploying, or removing, the resources of a stack asks of AWS."""
    own = [arn for one in deployment.resources.values() if (arn := one.outputs.get("arn"))]
    for type_ in sorted({one.type for one in deployment.resources.values()} & set(PRIVILEGES)):
        for access in PRIVILEGES[type_]:
            context = {
                "aws:ResourceTag/project": PROJECT,
                "aws:ResourceTag/stack": name,
                "aws:RequestTag/project": PROJECT,
                "aws:RequestTag/stack": name,
                "aws:RequestedRegion": REGION,
                "route53:ChangeResourceRecordSetsRecordTypes": "A",
                "iam:PermissionsBoundary": BOUNDARY,
                "iam:PassedToService": access.passed_to,
            }
            if access.scope is Scope.UNTAGGED:
                del context["aws:ResourceTag/stack"]
            for arn, action in itertools.product(arns(own, type_, access, name), sorted(access.actions(verbs))):
                yield access, Request(action, arn, context)


def arns(own: Sequence[str], type_: str, access: Access, stack_name: str) -> list[str]:
    """What the access is about, of a stack that has resources with the ARNs `own`."""
    pattern = access.resource
    if "{own}" in pattern:
        start = pattern.partition("{own}")[0].format(region=REGION, account=ACCOUNT_ID)
        found = [arn for arn in own if arn.startswith(start)]
        assert found, f"{pattern} is about no resource of the stack"
        return found
    if "{stack}" in pattern:
        return [pattern.format(account=ACCOUNT_ID, stack=dashboard_name(PROJECT, stack_name))]
    if pattern.endswith(("/apis/*", "/userpool/*")):
        return [next(arn for prefix, arn in IDS.items() if type_.startswith(prefix))]
    return [pattern.format(region=REGION, account=ACCOUNT_ID)]


@pytest.mark.parametrize(
    ("role", "name", "verbs", "rows"),
    [
        ("preview", "pr-7", EVERYTHING, OF_PREVIEWS),
        ("preview-destroy", "pr-7", REMOVAL, OF_PREVIEWS),
        ("staging-deployer", "staging", EVERYTHING, PRIVILEGES),
    ],
)
def test_a_role_may_do_what_its_stack_takes(
    role_of: RoleOf, role: str, name: str, verbs: frozenset[Verb], rows: Rows
) -> None:
    asked = list(requests(stack(name), name, verbs))
    assert {request.action for _, request in asked} == {
        action for row in rows.values() for access in row for action in access.actions(verbs)
    }
    statements = role_of(role)
    bounded = [one for access, one in asked if access.scope is not Scope.BOUNDED or name == "pr-7"]
    assert {request.action for request in bounded if not allows(statements, request)} == set()


@pytest.mark.parametrize(
    ("role", "name"),
    [
        ("preview", "staging"),
        ("preview", "production"),
        ("preview-destroy", "staging"),
        ("staging-deployer", "pr-7"),
        ("staging-deployer", "production"),
        ("production-deployer", "staging"),
    ],
)
def test_a_role_can_do_nothing_to_a_stack_named_otherwise(role_of: RoleOf, role: str, name: str) -> None:
    statements = role_of(role)
    reached = {
        (access.scope, request.action)
        for access, request in requests(stack(name), name)
        if access.scope not in WIDE and allows(statements, request)
    }
    # Previews have app clients in the pool that they share.
    (clients,) = PRIVILEGES["aws:cognito/userPoolClient:UserPoolClient"]
    shared = clients.actions(EVERYTHING if role == "preview" else REMOVAL) if (role, name) in SHARING else ()
    assert reached == {(Scope.POOL, action) for action in shared}


def role_arn(name: str) -> str:
    return f"arn:aws:iam::{ACCOUNT_ID}:role/{name}"


BOUNDED: Mapping[str, str] = {"iam:PermissionsBoundary": BOUNDARY}
OWN = role_arn("streamways-pr-7-websocket-worker-role-0a1b2c3")
DEPLOYER = role_arn("streamways-bootstrap/preview-0a1b2c3")


def test_the_cases_below_are_refused_for_what_they_say(role_of: RoleOf) -> None:
    """The same requests, as a deployment makes them."""
    preview = role_of("preview")
    for action in ("iam:CreateRole", "iam:PutRolePolicy"):
        assert allows(preview, Request(action, OWN, BOUNDED))
    assert allows(preview, Request("iam:UpdateAssumeRolePolicy", OWN)), "AWS tells no boundary of such a request"
    for service in ("lambda", "appsync", "cognito-identity"):
        assert allows(preview, Request("iam:PassRole", OWN, {"iam:PassedToService": f"{service}.amazonaws.com"}))


@pytest.mark.parametrize(
    "request_",
    [
        Request("iam:CreateRole", OWN),
        Request("iam:CreateRole", OWN, {"iam:PermissionsBoundary": f"arn:aws:iam::{ACCOUNT_ID}:policy/mine"}),
        Request("iam:CreateRole", role_arn("admin"), BOUNDED),
        Request("iam:CreateRole", role_arn("streamways-staging-worker-role-0a1b2c3"), BOUNDED),
        Request("iam:CreateRole", role_arn("streamways-bootstrap/streamways-pr-7-role"), BOUNDED),
        Request("iam:PutRolePolicy", OWN),
        Request("iam:PutRolePolicy", DEPLOYER, BOUNDED),
        Request("iam:UpdateAssumeRolePolicy", DEPLOYER),
        Request("iam:PassRole", OWN, {"iam:PassedToService": "ec2.amazonaws.com"}),
        Request("iam:PassRole", OWN),
        Request("iam:PassRole", DEPLOYER, {"iam:PassedToService": "lambda.amazonaws.com"}),
        *(
            Request(f"iam:{action}", target, BOUNDED)
            for action in ("AttachRolePolicy", "DeleteRolePermissionsBoundary", "PutRolePermissionsBoundary")
            for target in (OWN, DEPLOYER)
        ),
        *(Request(f"iam:{action}", BOUNDARY) for action in ("CreatePolicyVersion", "DeletePolicy", "CreatePolicy")),
        Request("iam:CreateUser", f"arn:aws:iam::{ACCOUNT_ID}:user/mine"),
        Request("iam:CreateServiceLinkedRole", role_arn("aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS")),
        Request("sts:AssumeRole", role_arn("streamways-bootstrap/staging-deployer-0a1b2c3")),
        Request("lambda:InvokeFunction", f"arn:aws:lambda:{REGION}:{ACCOUNT_ID}:function:streamways-pr-7-x"),
        Request("lambda:UpdateFunctionCode", f"arn:aws:lambda:eu-west-1:{ACCOUNT_ID}:function:streamways-pr-7-x"),
    ],
    ids=lambda one: f"{one.action} {one.resource.rpartition('/')[2]} {' '.join(one.context.values())}",
)
@pytest.mark.parametrize("role", ["preview", "preview-destroy"])
def test_no_deployer_of_previews_gets_at_more_than_it_has(role_of: RoleOf, role: str, request_: Request) -> None:
    assert not allows(role_of(role), request_)


@pytest.mark.parametrize("role", ["preview", "preview-destroy"])
def test_no_deployer_of_previews_gets_at_domains_certificates_or_secrets(role_of: RoleOf, role: str) -> None:
    services = ("acm:", "route53:", "secretsmanager:", "cloudfront-keyvaluestore:")
    others = ("Domain", "KeyValueStore", "cloudfront:CreateFunction", "cloudfront:UpdateFunction")
    statements = role_of(role)
    actions = [one for each in statements for one in each["Action"]]
    assert actions
    assert [one for one in actions if one.startswith(services) or any(each in one for each in others)] == []
    domain = f"arn:aws:apigateway:{REGION}::/domainnames/chat.example.com"
    tags = {"aws:ResourceTag/project": PROJECT, "aws:ResourceTag/stack": "pr-7"}
    assert not any(allows(statements, Request(f"apigateway:{one}", domain, tags)) for one in ("GET", "DELETE"))


def test_a_deployer_tags_what_is_new_and_takes_nothing_of_another_stack_by_it(role_of: RoleOf) -> None:
    distribution = f"arn:aws:cloudfront::{ACCOUNT_ID}:distribution/E1"
    api = f"arn:aws:apigateway:{REGION}::/apis/ab12cd"
    given = {"aws:RequestTag/project": PROJECT, "aws:RequestTag/stack": "staging"}
    others = {**given, "aws:ResourceTag/project": PROJECT, "aws:ResourceTag/stack": "production"}
    statements = role_of("staging-deployer")
    assert allows(statements, Request("cloudfront:TagResource", distribution, given))
    for action, arn in (("cloudfront:TagResource", distribution), ("apigateway:TagResource", api)):
        assert not allows(statements, Request(action, arn, others))
        assert allows(statements, Request(action, arn, {**others, "aws:ResourceTag/stack": "staging"}))


@pytest.mark.parametrize(("type_", "allowed"), [("A", True), ("AAAA", True), ("NS", False), ("MX", False)])
def test_a_deployer_writes_records_of_addresses_alone(role_of: RoleOf, type_: str, allowed: bool) -> None:
    zone, context = "arn:aws:route53:::hostedzone/Z0", {"route53:ChangeResourceRecordSetsRecordTypes": type_}
    request = Request("route53:ChangeResourceRecordSets", zone, context)
    assert allows(role_of("staging-deployer"), request) == allowed


def test_nobody_who_deploys_reads_or_writes_the_value_of_a_secret(role_of: RoleOf) -> None:
    actions = {one for each in role_of("staging-deployer") for one in each["Action"]}
    assert "secretsmanager:CreateSecret" in actions
    assert not {one for one in actions if one.endswith("SecretValue") or one.startswith("cloudfront-keyvaluestore:")}


def test_who_destroys_can_make_nothing(role_of: RoleOf) -> None:
    made = {
        request.action
        for access, request in requests(stack("pr-7"), "pr-7", frozenset({"create", "update", "tag"}))
        if request.action not in access.actions(REMOVAL) and allows(role_of("preview-destroy"), request)
    }
    # The methods of API Gateway and the policy of a topic are read and removed by the same calls.
    assert made == {"sns:SetTopicAttributes"}


def test_the_roles_of_the_program_are_passed_to_the_services_that_they_trust() -> None:
    trusted = {
        service
        for role in stack("pr-7").of("aws:iam/role:Role")
        for statement in statements_of(role.inputs["assumeRolePolicy"])
        for service in statement["Principal"].values()
    }
    passed = {access.passed_to for row in PRIVILEGES.values() for access in row if access.passed_to}
    assert passed == trusted
