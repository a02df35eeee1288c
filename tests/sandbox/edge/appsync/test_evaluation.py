"""What a resolver's code finds when it runs: the globals of APPSYNC_JS, and limits."""

import re
from typing import Any

import pytest

from sandbox.edge.appsync.evaluation import Evaluation, EvaluationFailed, Failure, Outcome
from sandbox.edge.appsync.resolver_code import prepare


def run(body: str, **context: Any) -> Outcome:
    code = f"export function request(ctx) {{\n{body}\n}}\nexport function response(ctx) {{ return null; }}"
    return Evaluation(prepare(code)).call(
        "request", {"args": {}, "info": {}, "authType": "IAM Authorization", **context}
    )


def test_the_context_comes_as_it_was_given() -> None:
    outcome = run(
        "return [ctx.args.a, ctx.arguments.a, ctx.identity.sub, ctx.stash];", args={"a": 1}, identity={"sub": "u"}
    )
    assert outcome.value == [1, 1, "u", {}]


def test_the_stash_lives_from_request_to_response_and_not_longer() -> None:
    body = prepare("""
        let calls = 0;
        export function request(ctx) { calls += 1; ctx.stash.calls = calls; return null; }
        export function response(ctx) { return ctx.stash; }
    """)
    context = {"args": {}, "info": {}, "authType": ""}
    for _ in range(2):
        evaluation = Evaluation(body)
        evaluation.call("request", context)
        assert evaluation.call("response", context).value == {"calls": 1}


@pytest.mark.parametrize("change", ["util.error = 1;", "Array.leak = 1;", "console.log = 1;", "delete JSON.parse;"])
def test_nothing_global_can_be_changed_so_that_nothing_leaks_from_one_run_to_the_next(change: str) -> None:
    with pytest.raises(EvaluationFailed) as failure:
        run(change)
    assert "TypeError" in str(failure.value)
    assert run("return [typeof util.error, Array.leak ?? 'none', JSON.parse('1')];").value == ["function", "none", 1]


def test_runs_of_different_resolvers_may_interleave() -> None:
    context = {"args": {}, "info": {}, "authType": ""}
    evaluations = [
        Evaluation(
            prepare(
                f"let own = {number}; export function request(ctx) {{ ctx.stash.n = own; own += 10; return own; }}"
                " export function response(ctx) { return [own, ctx.stash.n]; }"
            )
        )
        for number in (1, 2, 1)
    ]
    assert [evaluation.call("request", context).value for evaluation in evaluations] == [11, 12, 11]
    assert [evaluation.call("response", context).value for evaluation in evaluations] == [[11, 1], [12, 2], [11, 1]]


def test_a_run_in_flight_survives_the_failure_of_another() -> None:
    context = {"args": {}, "info": {}, "authType": ""}
    body = prepare("export function request(ctx) { return 1; } export function response(ctx) { return ctx.stash; }")
    evaluation = Evaluation(body)
    evaluation.call("request", context)
    with pytest.raises(EvaluationFailed):
        run("return request(ctx) + 1;")
    assert evaluation.call("response", context).value == {}


def test_the_selection_can_be_read_but_is_not_stringified() -> None:
    info = {"fieldName": "f", "selectionSetList": ["a"], "selectionSetGraphQL": "{ a }"}
    outcome = run("return [ctx.info, ctx.info.selectionSetList, ctx.info.selectionSetGraphQL];", info=info)
    assert outcome.value == [{"fieldName": "f"}, ["a"], "{ a }"]


def test_an_error_stops_the_handler_and_an_appended_one_does_not() -> None:
    outcome = run("util.appendError('first'); util.error('second', 'Type', { a: 1 }, { b: 2 }); return 1;")
    assert (outcome.ended, outcome.value) == ("error", Failure("second", "Type", {"a": 1}, {"b": 2}))
    assert outcome.appended == (Failure("first", "Custom"),)


@pytest.mark.parametrize(
    ("body", "ended", "value"),
    [
        ("return { a: undefined, b: null };", "returned", {"b": None}),
        ("return;", "returned", None),
        ("runtime.earlyReturn({ early: true }); return 1;", "early", {"early": True}),
        ("util.unauthorized(); return 1;", "unauthorized", None),
        ("return util.authType();", "returned", "IAM Authorization"),
        ("return JSON.parse('no json');", "returned", ""),
        ("return JSON.parse('[1]');", "returned", [1]),
    ],
)
def test_a_handler_ends_in_one_of_these_ways(body: str, ended: str, value: object) -> None:
    outcome = run(body)
    assert (outcome.ended, outcome.value) == (ended, value)


def test_ids_and_times_have_the_documented_forms() -> None:
    made: Any = run(
        "return [util.autoId(), util.autoId(), util.time.nowISO8601(), util.time.nowEpochSeconds(),"
        " util.time.nowEpochMilliSeconds()];"
    ).value
    first, second, iso, seconds, milliseconds = made
    assert re.fullmatch(r"[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}", first)
    assert first != second
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", iso)
    assert abs(milliseconds / 1000 - seconds) < 2


def test_what_is_printed_is_kept_for_the_log() -> None:
    assert run("console.log('a', { b: 1 }); console.error([2]); return 1;").printed == ('a {"b":1}', "[2]")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("return request(ctx) + 1;", "call stack"),
        ("const list = [1]; for (const x of list) { list.push(x, x); }\nreturn 1;", "out of memory"),
        ("const list = [1, 2]; for (const x of list) { list.push(x); list.shift(); list.unshift(1); }", "interrupted"),
        ("\nreturn ctx.args.missing.deeper;", "code.js:3:"),
        ("return undeclared;", "ReferenceError: undeclared is not defined"),
    ],
)
def test_code_that_fails_or_runs_away_is_ended_and_says_why(body: str, words: str) -> None:
    with pytest.raises(EvaluationFailed) as failure:
        run(body)
    assert words in str(failure.value)


def transformed(arguments: str) -> Any:
    return run(f"return util.transform.toSubscriptionFilter({arguments});").value


def group(*filters: list[tuple[str, str, object]]) -> dict[str, object]:
    return {
        "filterGroup": [
            {
                "filters": [
                    {"fieldName": name, "operator": operator, "value": value} for name, operator, value in conditions
                ]
            }
            for conditions in filters
        ]
    }


BOOKS = """{ percentageUp: { lte: 50, gte: 20 }, and: [{ title: { ne: 'Book1' } }, { downvotes: { gt: 2000 } }],
  or: [{ author: { eq: 'Admin' } }, { isPublished: { eq: false } }] }"""
TITLE, VOTES = ("title", "ne", "Book1"), ("downvotes", "gt", 2000)
ADMIN, UNPUBLISHED = ("author", "eq", "Admin"), ("isPublished", "eq", False)
LOW, HIGH = ("percentageUp", "lte", 50), ("percentageUp", "gte", 20)


def test_conditions_become_alternatives_as_in_the_developer_guide() -> None:
    assert transformed(BOOKS) == group(
        [LOW, TITLE, VOTES, ADMIN],
        [LOW, TITLE, VOTES, UNPUBLISHED],
        [HIGH, TITLE, VOTES, ADMIN],
        [HIGH, TITLE, VOTES, UNPUBLISHED],
    )


def test_ignored_fields_and_strict_rules_are_honoured_as_in_the_developer_guide() -> None:
    assert transformed(f"{BOOKS}, ['percentageUp', 'author']") == group([TITLE, VOTES, UNPUBLISHED])
    rules = "{ upvotes: { gte: 250 }, author: { eq: 'Person1' } }"
    assert transformed(f"{BOOKS}, ['percentageUp', 'author'], {rules}") == group(
        [TITLE, VOTES, UNPUBLISHED, ("upvotes", "gte", 250)],
        [TITLE, VOTES, UNPUBLISHED, ("author", "eq", "Person1")],
    )


def test_a_filter_may_come_as_json_and_may_be_nested() -> None:
    text = '\'{"or":[{"and":[{"a":{"eq":1}},{"b":{"eq":2}}]},{"c":{"eq":3}}]}\''
    assert transformed(text) == group([("a", "eq", 1), ("b", "eq", 2)], [("c", "eq", 3)])
