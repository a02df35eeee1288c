"""Arguments that several components share, and how inputs are put together.

Component modules do without `from __future__ import annotations` and `Literal`: Pulumi reads the annotations to offer
the components to other languages.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NotRequired, TypedDict, cast

import pulumi

from shared.contract.environment import Variable
from stacks.iam import Statement


class DataProtection(TypedDict):
    """What keeps data from being deleted. Both are plain values: Pulumi needs them before any resource is made."""

    deletion_protection: NotRequired[bool]
    """Whether AWS and Pulumi refuse to delete and to replace what holds data; by default they do not."""
    retain: NotRequired[bool]
    """Whether what Pulumi removes from the stack, or replaces, stays in the account; by default it is deleted."""


class FunctionLimits(TypedDict):
    """What one function may use, and what is kept of it."""

    timeout_seconds: pulumi.Input[int]
    """Longest that one stream may take, 1 to 900 seconds."""
    memory_megabytes: pulumi.Input[int]
    """Memory of each function, 128 to 10240 MB."""
    log_retention_days: pulumi.Input[int]
    """How long CloudWatch keeps each function's logs, in days."""
    retain_logs: NotRequired[bool]
    """Whether the logs of a function that Pulumi removes stay in the account; by default they are deleted."""
    tracing: NotRequired[bool]
    """Whether X-Ray traces each function, and its role may send the traces; by default neither."""


class TokenClaims(TypedDict):
    """What the access tokens of a foreign issuer say by which claim."""

    client: str
    """The claim that names the client or the API that a token is for: `aud`, `azp`, `cid`, …"""
    use: NotRequired[str]
    """What tells an access token from an ID token, as `claim=value`; by default nothing does. Then an ID token is as
    good as an access token wherever it names the same client."""
    tier: NotRequired[str]
    """The claim that names a user's tiers, one text or a list; by default nobody has any. Names that are no tiers are
    dropped."""


class AcceptedTokens(TypedDict):
    """Which access tokens are good: those of one user pool or issuer, for one of its clients."""

    issuer: pulumi.Input[str]
    """The `iss` of the tokens."""
    jwks_url: pulumi.Input[str]
    """Where the issuer's public keys are."""
    client_ids: pulumi.Input[Sequence[pulumi.Input[str]]]
    """The clients whose tokens are accepted."""
    claims: NotRequired[TokenClaims]
    """How to read the tokens of a foreign issuer; by default they are those of a Cognito user pool."""


class CoreAccess(TypedDict):
    """What a way to stream takes from the streaming core."""

    table_name: pulumi.Input[str]
    """Name of the streams table."""
    table_arn: pulumi.Input[str]
    """ARN of the streams table."""
    max_output_tokens: pulumi.Input[int]
    """Longest answer that is admitted, in tokens, whatever the tier of its user has."""
    limits: NotRequired[pulumi.Input[str]]
    """What differs from the limits of the tiers, as JSON: `{"free": {"requestsPerHour": 20}}`; by default nothing."""
    credits: NotRequired[pulumi.Input[str]]
    """How users' credits are counted, and at the price of which model, as JSON: `{"mode": "strict", "model": …}`; by
    default they are not."""
    model_environment: pulumi.Input[Mapping[str, pulumi.Input[str]]]
    """Environment variables by which a function finds its model."""
    model_statements: pulumi.Input[Sequence[pulumi.Input[Statement]]]
    """What a function's role needs for calling the model."""


class Domain(TypedDict):
    """A domain name of one's own, for one address."""

    name: pulumi.Input[str]
    """A host name like `chat.example.com`, without scheme, path and wildcard."""
    certificate_arn: pulumi.Input[str]
    """ARN of an ACM certificate that covers the name, in the region that the address asks for."""
    zone_id: NotRequired[str]
    """Id of the Route 53 hosted zone that gets the records of the name; by default the program makes none. A plain
    value: Pulumi needs it before any resource is made."""


def holding_data(parent: pulumi.Resource, protection: DataProtection) -> pulumi.ResourceOptions:
    """The options of a child of `parent` that holds data; what `protection` leaves out is inherited."""
    return pulumi.ResourceOptions(
        parent=parent,
        protect=protection.get("deletion_protection"),
        retain_on_delete=protection.get("retain"),
    )


def token_environment(tokens: AcceptedTokens) -> Mapping[str, pulumi.Input[str]]:
    """The environment variables of a function that verifies tokens (`shared/auth/tokens.py`)."""
    return {
        Variable.TOKEN_ISSUER: tokens["issuer"],
        Variable.TOKEN_JWKS_URL: tokens["jwks_url"],
        **claim_environment(tokens["client_ids"], tokens.get("claims")),
    }


def claim_environment(
    client_ids: pulumi.Input[Sequence[pulumi.Input[str]]], claims: TokenClaims | None
) -> Mapping[str, pulumi.Input[str]]:
    """The environment variables of a function that reads claims (`shared/auth/accepted.py`)."""
    environment: dict[str, pulumi.Input[str]] = {Variable.TOKEN_CLIENT_IDS: comma_separated(client_ids)}
    if claims is not None:
        environment[Variable.TOKEN_CLIENT_CLAIM] = claims["client"]
        if use := claims.get("use"):
            environment[Variable.TOKEN_USE] = use
        if tier := claims.get("tier"):
            environment[Variable.TOKEN_TIER_CLAIM] = tier
    return environment


def comma_separated(texts: pulumi.Input[Sequence[pulumi.Input[str]]]) -> pulumi.Output[str]:
    """The texts as the value of one environment variable."""
    return pulumi.Output.from_input(texts).apply(lambda known: ",".join(cast("Sequence[str]", known)))


def admission_environment(core: CoreAccess) -> Mapping[str, pulumi.Input[str]]:
    """The environment variables of a function that admits streams and leaves generating to a worker."""
    environment: dict[str, pulumi.Input[str]] = {
        Variable.STREAMS_TABLE: core["table_name"],
        Variable.MODEL_MAX_OUTPUT_TOKENS: pulumi.Output.from_input(core["max_output_tokens"]).apply(str),
    }
    if "limits" in core:
        environment[Variable.LIMITS] = core["limits"]
    if "credits" in core:
        environment[Variable.CREDITS] = core["credits"]
    return environment


def interval_environment(milliseconds: pulumi.Input[int]) -> Mapping[str, pulumi.Input[str]]:
    """The environment variable of a worker that says how far apart deliveries with text are."""
    return {Variable.MIN_INTERVAL_MILLISECONDS: pulumi.Output.from_input(milliseconds).apply(str)}


def merged(*parts: pulumi.Input[Mapping[str, pulumi.Input[str]]]) -> pulumi.Output[Mapping[str, str]]:
    """One mapping out of several; the later one wins."""

    def merge(resolved: list[Any]) -> Mapping[str, str]:
        mappings = cast("list[Mapping[str, str]]", resolved)
        return {name: value for mapping in mappings for name, value in mapping.items()}

    return pulumi.Output.all(*parts).apply(merge)


def joined(*parts: pulumi.Input[Sequence[pulumi.Input[Statement]]]) -> pulumi.Output[Sequence[Statement]]:
    """One list of statements out of several."""

    def join(resolved: list[Any]) -> Sequence[Statement]:
        lists = cast("list[list[Statement]]", resolved)
        return [statement for statements in lists for statement in statements]

    return pulumi.Output.all(*parts).apply(join)
