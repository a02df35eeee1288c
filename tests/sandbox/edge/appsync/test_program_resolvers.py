"""The code that runs in AppSync itself, here in the sandbox's APPSYNC_JS: whom it lets in, and what it passes on."""

from typing import Any

import pytest
from graphql import build_schema

from handlers.appsync.fields import FIELDS
from sandbox.edge.appsync.evaluation import Evaluation, Failure, Outcome, Phase
from sandbox.edge.appsync.resolver_code import prepare
from stacks.appsync_stream import API_FIELDS
from tests.support.appsync import APPSYNC, SDL

CODE = {path.stem: path.read_text(encoding="utf-8") for path in sorted((APPSYNC / "resolvers").glob("*.*.js"))}
CODE |= dict.fromkeys(API_FIELDS, (APPSYNC / "resolvers" / "api.js").read_text(encoding="utf-8"))
FOR_USERS = [place for place in CODE if place != "Mutation.publishParts"]
WITH_FUNCTION = [place for place in FOR_USERS if place != "Subscription.onParts"]
CLAIMS = {"sub": "ada", "token_use": "access"}


def run(place: str, phase: Phase, **context: Any) -> Outcome:
    """One handler of a field's resolver, for a user with an access token."""
    identity = {"claims": CLAIMS, "sub": "ada", "username": "ada.l", "groups": None}
    info = {"fieldName": place.partition(".")[2]}
    request = {"headers": {"x-amzn-requestid": "gql-1"}}
    defaults = {
        "args": {},
        "identity": identity,
        "info": info,
        "request": request,
        "authType": "User Pool Authorization",
    }
    return Evaluation(prepare(CODE[place])).call(phase, defaults | context)


def test_every_field_of_the_three_roots_has_a_resolver() -> None:
    schema = build_schema(SDL)
    roots = (schema.query_type, schema.mutation_type, schema.subscription_type)
    assert {f"{root.name}.{name}" for root in roots if root for name in root.fields} == set(CODE)


def test_the_function_answers_the_fields_that_ask_it() -> None:
    assert {place.partition(".")[2] for place in WITH_FUNCTION} == set(FIELDS)


@pytest.mark.parametrize("place", FOR_USERS)
@pytest.mark.parametrize("token_use", ["id", None, ["access"]])
def test_only_an_access_token_is_let_in(place: str, token_use: object) -> None:
    outcome = run(place, "request", identity={"claims": {**CLAIMS, "token_use": token_use}, "sub": "ada"})
    assert outcome.ended == "error"
    assert isinstance(outcome.value, Failure)
    assert outcome.value.type == "unauthenticated"
    assert "access token" in (outcome.value.message or "")


@pytest.mark.parametrize("place", WITH_FUNCTION)
def test_the_function_gets_the_field_the_claims_and_the_arguments(place: str) -> None:
    outcome = run(place, "request", args={"id": "c1", "after": None})
    assert outcome.value == {
        "operation": "Invoke",
        "payload": {
            "field": place.partition(".")[2],
            "claims": CLAIMS,
            "arguments": {"id": "c1", "after": None},
            "requestId": "gql-1",
        },
    }


@pytest.mark.parametrize("place", WITH_FUNCTION)
@pytest.mark.parametrize("result", [{"streamId": "s"}, ["a"], "s", None])
def test_what_the_function_answers_is_the_fields_value(place: str, result: object) -> None:
    outcome = run(place, "response", result={"result": result})
    assert (outcome.ended, outcome.value) == ("returned", result)


@pytest.mark.parametrize("place", WITH_FUNCTION)
@pytest.mark.parametrize("retry_after", [None, 3])
def test_what_the_function_refuses_is_an_error_with_its_code(place: str, retry_after: int | None) -> None:
    error: dict[str, object] = {"code": "too_large", "message": "Too much."}
    limit = {"name": "requests", "remaining": 0} if retry_after else None
    if retry_after:
        error |= {"retryAfter": retry_after, "limit": limit}
    outcome = run(place, "response", result={"error": error})
    assert outcome.ended == "error"
    assert outcome.value == Failure("Too much.", "too_large", None, {"retryAfter": retry_after, "limit": limit})


@pytest.mark.parametrize("place", WITH_FUNCTION)
def test_a_function_that_fails_is_our_fault_and_says_nothing_of_itself(place: str) -> None:
    outcome = run(place, "response", result=None, error={"message": "KeyError: 'secret'", "type": "Lambda:Unhandled"})
    assert outcome.value == Failure("Something went wrong on our side. Please try again.", "internal")


@pytest.mark.parametrize("place", WITH_FUNCTION)
def test_a_function_that_is_throttled_is_a_refusal_to_try_again(place: str) -> None:
    error = {"message": "Rate Exceeded.", "type": "Lambda:TooManyRequestsException"}
    outcome = run(place, "response", result=None, error=error)
    again = "Too many requests at once. Please try again shortly."
    assert outcome.value == Failure(again, "rate_limited", error_info={"retryAfter": 1})


@pytest.mark.parametrize("asked", [{}, {"streamId": "s1"}, {"chatId": "c1"}, {"streamId": "s1", "chatId": "c1"}])
@pytest.mark.parametrize("absent", [{}, {"streamId": None, "chatId": None}])
def test_a_subscription_is_bound_to_its_user_whatever_it_asks_for(
    asked: dict[str, str], absent: dict[str, None]
) -> None:
    outcome = run("Subscription.onParts", "response", args={"owner": "bob", **absent, **asked})
    [group] = outcome.filter["filterGroup"]  # pyright: ignore
    conditions = {(each["fieldName"], each["operator"]): each["value"] for each in group["filters"]}
    assert conditions == {("owner", "eq"): "ada"} | {(name, "eq"): value for name, value in asked.items()}


def test_what_is_published_is_what_subscribers_get() -> None:
    arguments = {"owner": "ada", "streamId": "s", "firstSequence": 0, "parts": [{"type": "start"}]}
    assert run("Mutation.publishParts", "request", args=arguments).value == {"payload": arguments}
    assert run("Mutation.publishParts", "response", result=arguments).value == arguments
