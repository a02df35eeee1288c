"""Worked briefs: what somebody wants, and the answers that follow from it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from streamways.deciding.built_here import APPSYNC, BUFFERED, FUNCTION_URL, WEBSOCKET
from streamways.deciding.guide import Answers, Guide
from streamways.deciding.others import ACTIVE_CPU, AGENTCORE, CONTAINER, EVENTS, REST_API, WEB_FUNCTIONS
from streamways.deciding.questions import QUESTIONS

GUIDE: Final = Guide(
    QUESTIONS,
    (
        BUFFERED,
        FUNCTION_URL,
        WEBSOCKET,
        APPSYNC,
        WEB_FUNCTIONS,
        REST_API,
        EVENTS,
        AGENTCORE,
        ACTIVE_CPU,
        CONTAINER,
    ),
)
USUAL: Final[Mapping[str, str]] = {question.key: next(iter(question.options)) for question in QUESTIONS}
"""The first answer to each question."""


@dataclass(frozen=True)
class Brief:
    """One brief."""

    title: str
    story: str
    differs: Mapping[str, str]
    """Its answers, where they are not the usual ones."""
    then: str
    """What to look at next."""
    unless: str = ""
    """What may change about it. Empty when nothing does."""
    instead: Mapping[str, str] = field(default_factory=dict[str, str])
    """Its answers in that case, where they are not the usual ones."""

    @property
    def answers(self) -> Answers:
        return {**USUAL, **self.differs}

    @property
    def answers_instead(self) -> Answers:
        """The answers once `unless` holds."""
        return {**USUAL, **self.instead}


BRIEFS: Final = (
    Brief(
        "An internal chat: private, or at least behind AWS WAF",
        "Four hundred employees ask about contracts, from browsers that reach AWS by a VPN and nothing else. An "
        "authorizer of the company has to run before any other code. Answers grow in the tab that asked.",
        {"clients": "private", "front": "gateway"},
        "[Alternatives](alternatives.md#rest-api-with-response-streaming) says what to build, what of it is untried, "
        "and its price and limits. [Private networks](private-networks.md#clients-without-internet) says how private "
        "clients sign in and load a page.",
        "the rule can be met by a public address that AWS WAF opens to the company's own addresses alone, and a token "
        "that the function checks",
        {"front": "edge"},
    ),
    Brief(
        "A public page with 100,000 users",
        "A page in a browser, with sign-in, answers five million prompts a month. Each answer is read in the tab that "
        "asked. The domain is the company's, and AWS WAF has to see each request first.",
        {"front": "edge", "volume": "many"},
        "[What a month costs](cost.md#what-a-month-costs) has this size as *a platform*, and the "
        "[calculator](calculator.md) takes your own figures. "
        "[Security](security.md) says what a stranger can do at a public address.",
    ),
    Brief(
        "A product with an AppSync backend",
        "A mobile app and a page share a GraphQL API. A user opens an answer on the telephone and goes on reading at "
        "the desk, where it grows as well.",
        {"readers": "devices", "api": "graphql"},
        "The component makes [an API of its own](architectures/appsync.md#operations) beside yours, and clients "
        "speak to both. It does not join an API that you have: for one API, `streamways copy appsync` and add its "
        "fields and resolvers to your schema. [Cost](cost.md#what-changes-the-cost) says what a longer interval "
        "between publishes saves.",
    ),
    Brief(
        "A `useChat` app on Vercel with its own sign-in",
        "A Next.js page on Vercel answers 20,000 prompts a month through a route of the AI SDK. Auth0 signs the users "
        "in. Nothing of it runs on AWS yet.",
        {"code": "platform"},
        "[Staying or moving](#staying-or-moving) compares the two for this app.",
        "the route may leave Vercel, and the page may stay there",
        {},
    ),
)
