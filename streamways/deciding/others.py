"""The ways that this project does not deploy."""

from typing import Final

from streamways.deciding.built_here import LONG, NO_LAMBDA, ON_LAMBDA, ONE_TAB, STREAMS_NOTHING
from streamways.deciding.guide import Rule, Way

NOT_HERE: Final = Rule({}, "It is not built here. The [protocol](protocol.md) and the journal can be taken along.")

WEB_FUNCTIONS: Final = Way(
    "web-functions",
    "Lambda Web Functions",
    "alternatives.md#lambda-web-functions",
    "An HTTP server on Lambda streams without an adapter, answers several requests at once, and is not billed for CPU "
    "while it waits.",
    "Write an HTTP server that speaks the [protocol](protocol.md), and test it with `streamways check`.",
    (
        Rule({"code": ["python"]}, "The documentation of Web Functions names Node.js alone."),
        Rule({"code": ["node"]}, "They are new. Watch them, and see first whether your account has them."),
        LONG,
        *NO_LAMBDA,
        *ONE_TAB,
        Rule({"push": ["yes"]}, "The response ends with the answer, so nothing can be pushed afterwards."),
        Rule({"clients": ["private"]}, "Its endpoint is reached over the internet only."),
        Rule({"front": ["gateway"]}, "Its endpoint has no usage plans and no authorizers."),
        Rule({"api": ["graphql"]}, "Your clients speak to AppSync already. This would be a second API beside it."),
    ),
    (NOT_HERE, Rule({"front": ["edge"]}, "A web ACL and a domain need CloudFront before it; nobody here has tried.")),
    STREAMS_NOTHING,
)
REST_API: Final = Way(
    "rest-api",
    "REST API with response streaming",
    "alternatives.md#rest-api-with-response-streaming",
    "API Gateway streams the same response as a function URL, with authorizers, usage plans, AWS WAF, domains and "
    "private endpoints.",
    "Read [what to build](alternatives.md#rest-api-with-response-streaming) around the function of "
    "`streamways copy function-url`, and try it: nobody here has.",
    (
        LONG,
        *NO_LAMBDA,
        *ONE_TAB,
        Rule({"push": ["yes"]}, "The response ends with the answer, so nothing can be pushed afterwards."),
        Rule({"api": ["graphql"]}, "Your clients speak to AppSync already. This would be a second API beside it."),
    ),
    (NOT_HERE,),
    "It would do too. You pay for each request, so it is worth it for authorizers, usage plans and private clients.",
)
EVENTS: Final = Way(
    "appsync-events",
    "AppSync Events",
    "alternatives.md#appsync-events",
    "It brings an answer to every tab and device that may listen, without GraphQL, at a quarter of the price of a "
    "publish.",
    "Keep the journal of this project: channels keep nothing.",
    (
        LONG,
        *NO_LAMBDA,
        Rule({"readers": ["one"], "push": ["no"]}, "Only the tab that asked follows the answer."),
        Rule({"api": ["graphql"]}, "You have GraphQL, whose subscriptions do the same."),
    ),
    (NOT_HERE,),
    "It would do too, and cost less. The other way is built here, with its filters, its clients and its tests.",
)
AGENTCORE: Final = Way(
    "agentcore",
    "AgentCore Runtime",
    "alternatives.md#agentcore-runtime",
    "A session has a machine of its own for up to 8 hours, streams to its caller, and is not billed for CPU while it "
    "waits.",
    "Count the memory of a session until it ends: [what waiting costs](cost.md#what-waiting-costs).",
    (
        Rule({"code": ["containers"]}, "You operate servers already."),
        Rule({"code": ["platform"]}, "It runs in your AWS account."),
        Rule(
            {"code": list(ON_LAMBDA), "answer": ["growing", "whole"]},
            "Nothing needs a machine of its own, and the memory of a session is billed until the session ends.",
        ),
    ),
    (
        NOT_HERE,
        Rule(
            {"readers": ["devices", "people"]},
            "It streams to its caller alone: let the agent publish to AppSync for the others.",
        ),
        Rule({"api": ["graphql"]}, "A resolver can start it, and the agent can publish to AppSync."),
    ),
    "It would do too, with a machine for each session.",
)
ACTIVE_CPU: Final = Way(
    "active-cpu",
    "Fluid Compute and other platforms that bill active CPU",
    "alternatives.md#platforms-that-bill-active-cpu",
    "Your page and your code run in one place, many answers share an instance, and no CPU is billed while they wait.",
    "Give it a role in your AWS account by OIDC, for what it uses there, like Bedrock.",
    (
        Rule(
            {"code": ["python", "node", "web", "containers", "agents"]},
            "It is another cloud: what you keep in AWS is reached over the internet.",
        ),
        Rule({"answer": ["long"]}, "A function of Fluid Compute runs for less than 15 minutes."),
        Rule({"clients": ["private"]}, "It is reached over the internet."),
    ),
    (
        NOT_HERE,
        Rule({"push": ["yes"]}, "Something beside it has to push: a WebSocket API or AppSync, for instance."),
        Rule(
            {"readers": ["devices", "people"]},
            "Something beside it has to reach the others, like AppSync Events.",
        ),
    ),
    STREAMS_NOTHING,
)
CONTAINER: Final = Way(
    "container",
    "A container",
    "alternatives.md#a-container",
    "A server of yours has no limits of time, speaks what you write, stands in any network, and waits for many answers "
    "at once.",
    "Plan for deployments that cut no stream.",
    (),
    (NOT_HERE,),
    "It would do too. It is paid for while nobody asks, and its scaling, patching and deployments are yours.",
)
