"""A program that was edited, on the same account: what differs is applied, or all of it is taken back."""

import pytest

from sandbox.errors import DeploymentFailed
from tests.sandbox.engine.test_deployment import Workshop

HEAD = """
import pulumi
import pulumi_aws as aws
own = aws.Provider("own", region="us-east-1", default_tags=aws.ProviderDefaultTagsArgs(tags={"stack": "dev"}))
opts = pulumi.ResourceOptions(provider=own)
kept = aws.cloudwatch.LogGroup("kept", opts=opts)
"""
BEFORE = """
changed = aws.cloudwatch.LogGroup("changed", retention_in_days=7, opts=opts)
named = aws.cloudwatch.LogGroup("named", name="/own/before", opts=opts)
gone = aws.cloudwatch.LogGroup("gone", opts=opts)
pulumi.export("said", "before")
"""
AFTER = """
changed = aws.cloudwatch.LogGroup("changed", retention_in_days=14, opts=opts)
named = aws.cloudwatch.LogGroup("named", name="/own/after", opts=opts)
added = aws.cloudwatch.LogGroup("added", opts=opts)
pulumi.export("said", changed.name)
"""


@pytest.fixture
async def workshop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    workshop = Workshop(tmp_path_factory.mktemp("project"))
    await workshop.deploy(HEAD + BEFORE)
    return workshop


async def test_an_edit_applies_what_differs_and_nothing_else(workshop: Workshop) -> None:
    groups = workshop.account.world.log_groups
    (kept, changed, _, gone) = sorted(groups, key=_place)
    deployment = await workshop.deploy_again(HEAD + AFTER)
    (added,) = groups.keys() - {kept, changed, "/own/after"}
    assert groups == {kept: None, changed: 14, "/own/after": None, added: None}
    assert added.startswith("added-")
    assert gone not in groups
    assert deployment.outputs == {"said": changed}
    assert str(workshop.changes.counts) == "1 created, 1 updated, 1 replaced, 1 deleted"
    again = await workshop.deploy_again(HEAD + AFTER)
    assert str(workshop.changes.counts) == "nothing changed"
    assert again.outputs == deployment.outputs


@pytest.mark.parametrize(
    ("source", "why"),
    [
        (HEAD + AFTER + "raise LookupError('in the middle')", "in the middle"),
        (HEAD + AFTER + "aws.cloudwatch.LogGroup('wrong', retention_in_days=8, opts=opts)", "retentionInDays is 8"),
        ("def broken(:", "SyntaxError"),
    ],
)
async def test_a_program_that_fails_leaves_what_was_deployed_before(workshop: Workshop, source: str, why: str) -> None:
    before = dict(workshop.account.world.log_groups)
    with pytest.raises(DeploymentFailed, match=why):
        await workshop.deploy_again(source)
    assert workshop.account.world.log_groups == before
    await workshop.deploy_again(HEAD + BEFORE)
    assert str(workshop.changes.counts) == "nothing changed"


async def test_a_protected_resource_is_not_deleted(workshop: Workshop) -> None:
    protected = BEFORE.replace('"gone", opts=opts', '"gone", opts=pulumi.ResourceOptions(provider=own, protect=True)')
    await workshop.deploy_again(HEAD + protected)
    before = dict(workshop.account.world.log_groups)
    with pytest.raises(DeploymentFailed, match="LogGroup 'gone': is protected and would be deleted"):
        await workshop.deploy_again(HEAD + AFTER)
    assert workshop.account.world.log_groups == before


async def test_a_retained_resource_stays_when_the_program_has_it_no_more(workshop: Workshop) -> None:
    retained = BEFORE.replace(
        '"gone", opts=opts', '"gone", opts=pulumi.ResourceOptions(provider=own, retain_on_delete=True)'
    )
    await workshop.deploy_again(HEAD + retained)
    await workshop.deploy_again(HEAD + AFTER)
    assert any(name.startswith("gone-") for name in workshop.account.world.log_groups)


async def test_what_has_one_name_before_and_after_goes_before_it_comes(workshop: Workshop) -> None:
    """The statement's id is given: two of it cannot be there at once. What fails afterwards brings the old one back."""
    workshop.account.package("code.zip")
    head = HEAD + TWO_STATEMENTS
    await workshop.deploy_again(head.replace("PRINCIPAL", "apigateway.amazonaws.com"))
    (function,) = workshop.account.world.functions.values()
    with pytest.raises(DeploymentFailed, match="too late"):
        await workshop.deploy_again(head.replace("PRINCIPAL", "events.amazonaws.com") + "raise LookupError('too late')")
    assert function.permissions["call"].principal == "apigateway.amazonaws.com"
    await workshop.deploy_again(head.replace("PRINCIPAL", "events.amazonaws.com"))
    assert function.permissions["call"].principal == "events.amazonaws.com"


async def test_what_runs_follows_each_change_before_the_next_one_is_told(workshop: Workshop) -> None:
    """So a version runs when an alias sends somebody there."""
    workshop.account.package("code.zip")
    await workshop.deploy_again(HEAD + TWO_STATEMENTS + PUBLISHED)
    workshop.settled.clear()
    longer = (HEAD + TWO_STATEMENTS + PUBLISHED).replace("timeout=3", "timeout=4")
    await workshop.deploy_again(longer)
    assert workshop.settled == ["Function", "Alias"]
    (alias,) = workshop.account.world.functions["published"].aliases.values()
    assert alias.version == "2"

    workshop.refusal = "Alias"
    with pytest.raises(DeploymentFailed, match="aws:lambda/alias:Alias 'live': it cannot run here"):
        await workshop.deploy_again(longer.replace("timeout=4", "timeout=5"))
    assert alias.version == "2"
    assert workshop.account.world.callee("published:live").function.timeout_seconds == 4


PUBLISHED = """
published = aws.lambda_.Function(
    "published", name="published", role=role.arn, handler="h.h", runtime="python3.13", timeout=3, publish=True,
    code=pulumi.FileArchive("code.zip"), opts=opts,
)
aws.lambda_.Alias(
    "live", name="live", function_name=published.name, function_version=published.version, opts=opts
)
"""
TWO_STATEMENTS = """
import json
trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
role = aws.iam.Role("role", assume_role_policy=json.dumps({"Version": "2012-10-17", "Statement": [trust]}), opts=opts)
function = aws.lambda_.Function(
    "f", role=role.arn, handler="h.h", runtime="python3.13", code=pulumi.FileArchive("code.zip"), opts=opts
)
aws.lambda_.Permission(
    "call",
    function=function.name,
    statement_id="call",
    action="lambda:InvokeFunction",
    principal="PRINCIPAL",
    opts=opts,
)
"""


def _place(name: str) -> int:
    return next(number for number, start in enumerate(("kept", "changed", "/own", "gone")) if name.startswith(start))
