"""The buffered answer, and the three ways that this project deploys."""

from typing import Final

from streamways.deciding.guide import Rule, Way

ON_LAMBDA: Final = ("python", "node", "web")
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
    {"code": ["node", "web"]},
    "The handlers here are in Python, and there is no start in Node.js. Handlers of yours can speak the same "
    "[protocol](protocol.md), and `streamways check` tests them.",
)
ONE_TAB: Final = (
    Rule({"readers": ["devices"]}, "It streams to the tab that asked. An idle tab learns of nothing."),
    Rule({"readers": ["people"]}, "It streams to the tab that asked, and other people see nothing until the end."),
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
        Rule({"readers": ["devices", "people"]}, "A response reaches the client that asked, and no other."),
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
    "It has the fewest parts, the lowest cost and real HTTP status codes. `useChat` stays: its transport gets "
    "[options](clients.md#function-url), and without one of them, `cancellingFetch`, a stop does not stop the cost.",
    "`streamways copy function-url ../chat`",
    (
        LONG,
        *NO_LAMBDA,
        Rule({"code": ["web"]}, "A Web Function does the same, and bills no CPU while it waits."),
        *ONE_TAB,
        Rule({"push": ["yes"]}, "The response ends with the answer, so nothing can be pushed afterwards."),
        Rule({"clients": ["private"]}, "Clients without internet [get no stream](private-networks.md) from it."),
        Rule({"front": ["gateway"]}, "A function URL has no usage plans and no authorizers."),
        Rule({"api": ["graphql"]}, "Your clients speak to AppSync already. This would be a second API beside it."),
    ),
    (
        Rule(
            {"front": ["edge"]},
            "With `functionUrlDomain` the program puts CloudFront before it, and attaches [a web ACL of yours]"
            "(domains.md#aws-waf) there.",
        ),
        Rule(
            {"volume": ["many"]},
            "Most of its bill is [waiting for the model](cost.md#what-waiting-costs): try less memory first.",
        ),
        Rule({"code": ["node"]}, IN_NODE.says),
    ),
    STREAMS_NOTHING,
)
WEBSOCKET: Final = Way(
    "websocket",
    "API Gateway WebSocket API",
    "architectures/websocket.md",
    "The server may speak unasked, and many short turns share one connection. The AI SDK's own "
    "`WebSocketChatTransport` fits, with [a ticket](clients.md#websocket) for each connection.",
    "`streamways copy websocket ../chat`",
    (
        LONG,
        *NO_LAMBDA,
        Rule({"readers": ["devices", "people"]}, "It streams to the connection that asked. Other tabs have to resume."),
        Rule({"push": ["no"]}, "Nothing is pushed, so the connection is kept for nothing, and each part is paid for."),
        Rule({"clients": ["private"]}, "A WebSocket API is [reached over the internet](private-networks.md) only."),
        Rule({"api": ["graphql"]}, "AppSync pushes already. This would be a second API beside it."),
    ),
    (
        Rule(
            {"front": ["edge"]},
            "A domain attaches to the API itself. [No web ACL does](domains.md#aws-waf).",
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
            {"readers": ["devices", "people"], "api": ["http"], "volume": ["many"]},
            "For so many answers the publishes and deliveries of AppSync Events cost a fraction of these.",
        ),
    ),
    (
        Rule(
            {"readers": ["people"]},
            "As built, [a stream belongs to one user](protocol.md#resuming): the other members of a chat read the "
            "answer when it is complete. To show it growing, change the [subscription's filter]"
            "(architectures/appsync.md#how-it-is-secured) from owner to chat, and let it ask for the membership.",
        ),
        Rule(
            {"clients": ["private"]},
            "The API has to be [private from its beginning](private-networks.md); the component does not offer that.",
        ),
        Rule(
            {"front": ["edge", "gateway"]},
            "A domain attaches to the API itself, and so does [a web ACL of yours](domains.md#aws-waf).",
        ),
        Rule(
            {"volume": ["many"]},
            "A longer `appSyncIntervalMilliseconds` [saves most of the bill](cost.md#what-changes-the-cost).",
        ),
        IN_NODE,
    ),
    "It would do too. It costs the most for an answer, so it is worth it for GraphQL and for several devices.",
)
