"""Executes one operation: authorizes each field, runs resolvers, and says what a mutation publishes.

A field with a resolver gets its value; any other field is looked up by its name in its parent's value.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from inspect import isawaitable

from graphql import GraphQLResolveInfo, execute  # pyright: ignore[reportUnknownVariableType]

from sandbox.edge.appsync.answers import Answer, answer, failed
from sandbox.edge.appsync.caller import Caller, authorize
from sandbox.edge.appsync.data_sources import DataSources
from sandbox.edge.appsync.documents import Operation
from sandbox.edge.appsync.errors import ErrorEntry, FieldFailed
from sandbox.edge.appsync.filters import Matcher, from_filter
from sandbox.edge.appsync.resolvers import RequestInfo, ResolverRun
from sandbox.edge.appsync.schema import CompiledSchema
from sandbox.edge.appsync.selections import fields_of, response_key
from sandbox.edge.appsync.values import as_object
from sandbox.graphql import GraphqlApi

EXECUTION_SECONDS = 30.0
"""Request execution time of queries, mutations and subscriptions
(https://docs.aws.amazon.com/general/latest/gr/appsync.html)."""


MAX_RESOLVERS = 10_000
"""Resolvers that one request may run, unless the API sets a lower limit."""


@dataclass(frozen=True)
class Published:
    """The result of one mutation field, for those who subscribed to it."""

    field_name: str
    value: object
    """As it stands in the mutation's answer: what was selected, by response key."""


class Execution:
    """One operation of one caller."""

    def __init__(
        self,
        api: GraphqlApi,
        compiled: CompiledSchema,
        operation: Operation,
        caller: Caller,
        request: RequestInfo,
        data_sources: DataSources,
    ) -> None:
        self._api = api
        self._compiled = compiled
        self._operation = operation
        self._caller = caller
        self._request = request
        self._data_sources = data_sources
        self._appended: list[ErrorEntry] = []
        self._resolved = 0
        self.matcher: Matcher | None = None
        """The enhanced filter that the subscription's resolver set, if it did."""
        self.arguments: Mapping[str, object] = {}
        """The arguments that were given to the top-level field (the only one, in a subscription)."""

    async def run(self) -> Answer:
        """Executes the operation. What fails is in the answer's errors."""
        running = execute(  # pyright: ignore[reportUnknownVariableType]
            self._compiled.schema,
            self._operation.document,
            root_value={},
            variable_values=dict(self._request.variables),
            operation_name=self._operation.name,
            field_resolver=self._field,
        )
        try:
            async with asyncio.timeout(EXECUTION_SECONDS):
                result = await running if isawaitable(running) else running
        except TimeoutError:
            entry = failed(FieldFailed("Execution timed out.", "ExecutionTimeout"), None, [])
            return Answer(None, [entry])
        return answer(result, self._compiled.schema, self._appended)

    def published(self, given: Answer) -> Sequence[Published]:
        """What a mutation's answer has for subscribers: every top-level field that is not null."""
        root = self._compiled.schema.mutation_type
        if self._operation.kind != "mutation" or root is None or given.data is None:
            return []
        fields = fields_of(self._operation.definition.selection_set, self._operation.fragments, root.name)
        by_key = {response_key(field): field.name.value for field in fields}
        return [Published(by_key[key], value) for key, value in given.data.items() if value is not None]

    def _field(self, source: object, info: GraphQLResolveInfo, /, **arguments: object) -> object:
        authorize(self._caller, self._api, info.parent_type, info.field_name)
        self._check_limits(info)
        if info.path.prev is None:
            self.arguments = arguments
        if (info.parent_type.name, info.field_name) in self._api.resolvers:
            return self._resolve(source, info, arguments)
        return look_up(source, info)

    def _check_limits(self, info: GraphQLResolveInfo) -> None:
        """https://docs.aws.amazon.com/appsync/latest/devguide/configuration-limits.html"""
        deepest = self._api.query_depth_limit
        if deepest and sum(isinstance(step, str) for step in info.path.as_list()) > deepest:
            raise FieldFailed(f"Query depth limit of {deepest} was reached.", "QueryDepthLimitReached")
        if (info.parent_type.name, info.field_name) in self._api.resolvers:
            self._resolved += 1
            if self._resolved > (self._api.resolver_count_limit or MAX_RESOLVERS):
                message = f"Resolver count limit of {self._api.resolver_count_limit or MAX_RESOLVERS} was reached."
                raise FieldFailed(message, "ResolverExecutionLimitReached")

    async def _resolve(self, source: object, info: GraphQLResolveInfo, arguments: Mapping[str, object]) -> object:
        def append(failure: FieldFailed) -> None:
            places = [
                {"line": node.loc.start_token.line, "column": node.loc.start_token.column, "sourceName": None}
                for node in info.field_nodes
                if node.loc
            ]
            self._appended.append(failed(failure, info.path.as_list(), places))

        resolver = self._api.resolvers[info.parent_type.name, info.field_name]
        run = ResolverRun(self._api, resolver, self._caller, self._request, append)
        value = await run.value(self._data_sources, source, info, arguments)
        if run.filter_set:
            self.matcher = from_filter(run.filter)
        return value


def look_up(source: object, info: GraphQLResolveInfo) -> object:
    """A field without a resolver: the value of its name in its parent's value."""
    return as_object(source).get(info.field_name)
