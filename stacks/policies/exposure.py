"""Who reaches a stack: nobody whom it does not mean to let in."""

from collections.abc import Iterator, Mapping
from typing import Final

from shared.contract.environment import Variable
from stacks.policies.graph import FUNCTION, FUNCTION_URL, GRAPHQL_API, IDENTITY_POOL, PERMISSION, ROUTE, STAGE, Resource
from stacks.policies.rule import ResourceRule

PUBLIC_FUNCTIONS: Final[Mapping[str, str]] = {
    "function-url": "the handler checks the token of each request",
    "websocket-tickets": "the function checks the token of each request for a ticket",
}
"""The URLs that are open to everyone, by the names that their resources begin with, and why."""
API_CORS: Final = "aws:apigatewayv2/api:Api"


def public_on_purpose(resource: Resource) -> Iterator[str]:
    """Only the URLs of the table are open."""
    known = [f"{name}-{suffix}" for name in PUBLIC_FUNCTIONS for suffix in ("url", "call-url", "invoke-via-url")]
    if resource.type == FUNCTION_URL:
        if resource.props["authorizationType"] != "AWS_IAM" and resource.name not in known:
            yield f"anybody may call it; open are {' and '.join(PUBLIC_FUNCTIONS)} alone"
    elif resource.props["principal"] == "*":
        through_the_url = resource.props.get("functionUrlAuthType") or resource.props.get("invokedViaFunctionUrl")
        if not through_the_url or resource.name not in known:
            yield f"anybody may call it; open are the URLs of {' and '.join(PUBLIC_FUNCTIONS)} alone"


def origins_are_named(resource: Resource) -> Iterator[str]:
    """No page of an unknown site may call."""
    origins = resource.variables.get(Variable.ALLOWED_ORIGINS)
    found = [
        *(resource.at("cors", "allowOrigins") or ()),
        *(resource.at("corsConfiguration", "allowOrigins") or ()),
        *(origins.split(",") if origins else ()),
    ]
    for origin in found:
        if "*" in origin:
            yield f"the origin {origin!r} lets pages of any site in; name each origin"


def entrances_are_guarded(resource: Resource) -> Iterator[str]:
    """A WebSocket connection and a GraphQL request begin with the question who asks."""
    if resource.type == ROUTE:
        if resource.props["routeKey"] == "$connect" and resource.props.get("authorizationType") in (None, "NONE"):
            yield "anybody may connect; give $connect an authorizer"
        return
    others = resource.props.get("additionalAuthenticationProviders") or ()
    for kind in (resource.props["authenticationType"], *(other["authenticationType"] for other in others)):
        if kind == "API_KEY":
            yield "whoever has the API key may ask everything; let users of the pool in, and roles"


def credentials_follow_a_sign_in(resource: Resource) -> Iterator[str]:
    """No guest gets AWS credentials, nobody whose sign-in was ended does, and Cognito alone assumes the role."""
    for switch in ("allowUnauthenticatedIdentities", "allowClassicFlow"):
        if resource.props.get(switch):
            yield f"{switch} is on; switch it off, and only Cognito gives credentials, to signed-in users"
    for provider in resource.props.get("cognitoIdentityProviders") or ():
        if not provider.get("serverSideTokenCheck"):
            yield f"{provider.get('providerName')} is not asked whether a sign-in still holds; set serverSideTokenCheck"


def frames_are_bounded(resource: Resource) -> Iterator[str]:
    """Both limits are set: the provider sends 0 for one that is missing, and 0 refuses everything."""
    for limit in ("throttlingRateLimit", "throttlingBurstLimit"):
        if not resource.at("defaultRouteSettings", limit):
            yield f"defaultRouteSettings.{limit} is {resource.at('defaultRouteSettings', limit)}; give a number above 0"


def functions_stay_out_of_networks(resource: Resource) -> Iterator[str]:
    """A function URL does not stream from within a VPC."""
    if resource.at("vpcConfig", "subnetIds"):
        yield "it is put into a VPC, where a function URL does not stream; leave vpcConfig out"


RULES: Final = (
    ResourceRule(
        "public-on-purpose",
        "Nothing is open to everyone but the function URLs that check a token themselves.",
        "https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html",
        frozenset({FUNCTION_URL, PERMISSION}),
        public_on_purpose,
    ),
    ResourceRule(
        "named-origins",
        "The web origins whose pages may call are named.",
        "https://docs.aws.amazon.com/lambda/latest/api/API_Cors.html",
        frozenset({FUNCTION_URL, FUNCTION, API_CORS}),
        origins_are_named,
    ),
    ResourceRule(
        "guarded-entrances",
        "A WebSocket connection needs an authorizer, and a GraphQL API takes no API key.",
        "https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-control-access.html",
        frozenset({ROUTE, GRAPHQL_API}),
        entrances_are_guarded,
    ),
    ResourceRule(
        "credentials-after-sign-in",
        "Users get AWS credentials after a sign-in, and as long as it holds.",
        "https://docs.aws.amazon.com/cognito/latest/developerguide/authentication-flow.html",
        frozenset({IDENTITY_POOL}),
        credentials_follow_a_sign_in,
    ),
    ResourceRule(
        "bounded-frames",
        "A stage of the WebSocket API has a rate and a burst.",
        "https://docs.aws.amazon.com/apigateway/latest/developerguide/websocket-api-protect.html",
        frozenset({STAGE}),
        frames_are_bounded,
    ),
    ResourceRule(
        "no-network",
        "No function is put into a VPC.",
        "https://docs.aws.amazon.com/lambda/latest/dg/configuration-response-streaming.html",
        frozenset({FUNCTION}),
        functions_stay_out_of_networks,
    ),
)
