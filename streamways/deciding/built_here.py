"""The buffered answer, and the three ways that this project deploys."""

from typing import Final

from streamways.deciding.guide import Rule, Way

ON_LAMBDA: Final = ("python", "node")
LONG: Final = Rule({"answer": ["long"]}, "A function runs for 15 minutes at most.")
NO_LAMBDA: Final = (
    Rule(
        {"code": ["containers"]},
        "You operate servers already. One process of theirs waits for many answers at once; Lambda bills each wait.",
    ),
    Rule({"code": ["agents"]}, "Lambda keeps no machine for a session."),
    Rule({"code": ["platform"]}, "It runs on Lambda in your account, which bills the time of waiting."),
)
STREAMS_NOTHING: Final = "It would do too. Nobody sees the answer grow, so there is nothing to stream."
IN_NODE: Final = Rule(
    {"code": ["node"]},
    "The handlers here are in Python. Handlers of yours in Node.js can speak the same "
    "[protocol](protocol.md), and `streamways check` tests them.",
)

BUFFERED: Final = Way(
    "buffered",
    "A buffered answer",
    "alternatives.md#a-buffered-answer",
    "An answer in one piece is simpler than any stream: one `fetch`, an ordinary retry, and no adapter.",
    "Return JSON from the front that you have already.",
    (
        Rule({"answer": ["growing", "long"]}, "It shows nothing before the answer is complete."),
        Rule({"push": ["yes"]}, "A response answers a request. It cannot push."),
        Rule({"readers": ["devices"]}, "A response reaches the client that asked, and no other device."),
    ),
    (
        Rule({"clients": ["private"]}, "A private REST API or a private AppSync API serves clients without internet."),
        Rule({"api": ["graphql"]}, "An AppSync query with a Lambda resolver has 30 seconds."),
    ),
)
FUNCTION_URL: Final = Way(
    "function-url",
    "Lambda function URL",
    "architectures/function-url.md",
    "It has the fewest parts, the lowest cost and real HTTP status codes, and `useChat` works with it unchanged.",
    "`streamways copy function-url ../chat`",
    (
        LONG,
        *NO_LAMBDA,
        Rule(
            {"code": ["node"]},
            "In Node.js a Web Function does the same and bills no processor while it waits. Where Web Functions are "
            "not available to you, a function URL in Node.js is what remains.",
        ),
        Rule({"readers": ["devices"]}, "It streams to the tab that asked. An idle tab learns of nothing."),
        Rule({"push": ["yes"]}, "The response ends with the answer, so nothing can be pushed afterwards."),
        Rule({"clients": ["private"]}, "A function URL [does not stream within a VPC](private-networks.md)."),
        Rule({"front": ["gateway"]}, "A function URL has no usage plans and no authorizers."),
        Rule({"api": ["graphql"]}, "Your clients speak to AppSync already. This would be a second API beside it."),
    ),
    (
        Rule({"front": ["edge"]}, "AWS WAF and a domain need CloudFront before the function URL."),
        Rule(
            {"volume": ["many"]},
            "Most of its bill is [waiting for the model](cost.md#what-waiting-costs): try less memory first.",
        ),
    ),
    STREAMS_NOTHING,
)
WEBSOCKET: Final = Way(
    "websocket",
    "API Gateway WebSocket API",
    "architectures/websocket.md",
    "The server may speak unasked, and many short turns share one connection. The AI SDK's `WebSocketChatTransport` "
    "works with it unchanged.",
    "`streamways copy websocket ../chat`",
    (
        LONG,
        *NO_LAMBDA,
        Rule({"readers": ["devices"]}, "It streams to the connection that asked. Other tabs have to resume."),
        Rule({"push": ["no"]}, "Nothing is pushed, so the connection is kept for nothing, and each part is paid for."),
        Rule({"clients": ["private"]}, "A WebSocket API is [reached over the internet](private-networks.md) only."),
        Rule({"api": ["graphql"]}, "AppSync pushes already. This would be a second API beside it."),
    ),
    (
        Rule(
            {"front": ["edge"]},
            "A domain attaches to the API itself. AWS WAF [does not](comparison.md): it needs CloudFront.",
        ),
        Rule({"front": ["gateway"]}, "Its Lambda authorizer runs on `$connect`, before your code."),
        IN_NODE,
    ),
)
APPSYNC: Final = Way(
    "appsync",
    "AppSync GraphQL",
    "architectures/appsync.md",
    "AppSync authenticates each operation, keeps the connections, and brings an answer to every tab and device of its "
    "user.",
    "`streamways copy appsync ../chat`",
    (
        LONG,
        *NO_LAMBDA,
        Rule(
            {"readers": ["one"], "push": ["no"], "api": ["http"]},
            "Only the tab that asked follows the answer, and each publish is a paid mutation.",
        ),
        Rule(
            {"readers": ["devices"], "api": ["http"], "volume": ["many"]},
            "For so many answers the publishes and deliveries of AppSync Events cost a fraction of these.",
        ),
    ),
    (
        Rule(
            {"clients": ["private"]},
            "The API has to be [private from its beginning](private-networks.md); the component does not offer that.",
        ),
        Rule({"front": ["edge", "gateway"]}, "AWS WAF and a domain attach to the API itself."),
        Rule(
            {"volume": ["many"]},
            "A longer `appSyncIntervalMilliseconds` [saves most of the bill](cost.md#what-changes-the-cost).",
        ),
        IN_NODE,
    ),
    "It would do too. It costs the most for an answer, so it is worth it for GraphQL and for several devices.",
)
