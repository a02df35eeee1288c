"""Runs a unit resolver: request handler → data source → response handler, with the `ctx` that both get.

Follows https://docs.aws.amazon.com/appsync/latest/devguide/resolver-reference-overview-js.html and
https://docs.aws.amazon.com/appsync/latest/devguide/resolver-context-reference-js.html
"""

import logging
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import cast

from graphql import GraphQLResolveInfo

from sandbox.edge.appsync.caller import Caller
from sandbox.edge.appsync.data_sources import DataSources
from sandbox.edge.appsync.errors import FieldFailed, not_authorized
from sandbox.edge.appsync.evaluation import Evaluation, EvaluationFailed, Failure, Outcome, Phase
from sandbox.edge.appsync.resolver_code import prepare
from sandbox.edge.appsync.selections import selected_data, selection_graphql, selection_list
from sandbox.graphql import GraphqlApi, UnitResolver

_AUTH_TYPES: Mapping[str, str] = {
    "AMAZON_COGNITO_USER_POOLS": "User Pool Authorization",
    "OPENID_CONNECT": "Open ID Connect Authorization",
    "AWS_IAM": "IAM Authorization",
}
_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class RequestInfo:
    """What resolvers see of the request: `ctx.request.headers` and `ctx.info.variables`."""

    headers: Mapping[str, str]
    variables: Mapping[str, object]


class ResolverRun:
    """One resolver run for one field of one operation."""

    def __init__(
        self,
        api: GraphqlApi,
        resolver: UnitResolver,
        caller: Caller,
        request: RequestInfo,
        append: Callable[[FieldFailed], None],
    ) -> None:
        """`append` takes what `util.appendError` adds."""
        self._api = api
        self._resolver = resolver
        self._caller = caller
        self._request = request
        self._append = append
        self.filter_set = False
        self.filter: object = None
        """The argument of `extensions.setSubscriptionFilter`, if the response handler called it."""

    async def value(
        self, data_sources: DataSources, source: object, info: GraphQLResolveInfo, arguments: Mapping[str, object]
    ) -> object:
        """The field's value, before it is shaped by the schema. Raises FieldFailed."""
        data_source = self._api.data_sources.get(self._resolver.data_source)
        if data_source is None:
            raise FieldFailed(f"No data source found named {self._resolver.data_source}.", "BadRequestException")
        context = self._context(source, info, arguments)
        with _code_errors():
            evaluation = Evaluation(prepare(self._resolver.code))
        requested = self._handler(evaluation, "request", context, info)
        if requested.ended == "early":
            return requested.value
        result = await data_sources.call(data_source, requested.value)
        if not result.respond:
            return None
        context |= {"result": result.value} | ({"error": result.error} if result.error else {})
        responded = self._handler(evaluation, "response", context, info)
        self.filter_set, self.filter = responded.filter_set, responded.filter
        return responded.value

    def _handler(
        self, evaluation: Evaluation, phase: Phase, context: Mapping[str, object], info: GraphQLResolveInfo
    ) -> Outcome:
        with _code_errors():
            outcome = evaluation.call(phase, context)
        for line in outcome.printed:
            _logger.info("%s.%s %s: %s", self._resolver.type_name, self._resolver.field_name, phase, line)
        for failure in outcome.appended:
            self._append(_field_failed(failure, info))
        if outcome.ended == "unauthorized":
            raise not_authorized(self._resolver.type_name, self._resolver.field_name)
        if outcome.ended == "error":
            raise _field_failed(cast(Failure, outcome.value), info)
        if outcome.filter_set and (phase == "request" or self._resolver.type_name != "Subscription"):
            raise FieldFailed("setSubscriptionFilter is for the response handler of a subscription.", "Code")
        return outcome

    def _context(self, source: object, info: GraphQLResolveInfo, arguments: Mapping[str, object]) -> dict[str, object]:
        return {
            "authType": _AUTH_TYPES[self._caller.mode],
            "args": arguments,
            "identity": self._caller.identity,
            "source": source,
            "result": None,
            "prev": None,
            "request": {"headers": self._request.headers, "domainName": None},
            "info": {
                "fieldName": info.field_name,
                "parentTypeName": info.parent_type.name,
                "variables": self._request.variables,
                "selectionSetList": selection_list(info),
                "selectionSetGraphQL": selection_graphql(info),
            },
        }


def _field_failed(failure: Failure, info: GraphQLResolveInfo) -> FieldFailed:
    data = selected_data(info, failure.data)
    return FieldFailed(failure.message or "null", failure.type, data=data, error_info=failure.error_info)


@contextmanager
def _code_errors() -> Generator[None]:
    try:
        yield
    except EvaluationFailed as error:
        raise FieldFailed(str(error), "Code") from error
