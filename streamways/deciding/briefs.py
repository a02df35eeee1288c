"""Worked briefs: what somebody wants, and the answers that follow from it."""

from collections.abc import Mapping
from dataclasses import dataclass
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

    @property
    def answers(self) -> Answers:
        return {**USUAL, **self.differs}


BRIEFS: Final = (
    Brief(
        "An internal chat in a company's VPC",
        "Four hundred employees ask about contracts, from browsers that reach AWS by a VPN and nothing else. An "
        "authorizer of the company has to run before any other code. Answers grow in the tab that asked.",
        {"clients": "private", "front": "gateway"},
        "[Private networks](private-networks.md) lists the endpoints that the functions need. The limits are those of "
        "a private REST API: 15 minutes a stream, and 5 minutes of silence.",
    ),
    Brief(
        "A public page with 100,000 users",
        "A page in a browser, with sign-in, answers five million prompts a month. Each answer is read in the tab that "
        "asked. The domain is the company's, and AWS WAF stands before everything.",
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
        "[AppSync](architectures/appsync.md#operations) lists the fields that join your schema, and "
        "[Cost](cost.md#what-changes-the-cost) says what a longer interval between publishes saves.",
    ),
)
