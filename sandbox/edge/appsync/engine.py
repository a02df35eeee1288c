"""Carries out GraphQL calls, whichever way they came: queries and mutations at once, subscriptions from now on."""

from collections.abc import Callable, Mapping

from sandbox.aws.pool_tokens import PoolTokens
from sandbox.edge.appsync.answers import Answer
from sandbox.edge.appsync.authentication import Authentication
from sandbox.edge.appsync.call import GraphqlCall
from sandbox.edge.appsync.caller import Caller
from sandbox.edge.appsync.data_sources import DataSources
from sandbox.edge.appsync.documents import Operation, load
from sandbox.edge.appsync.errors import OperationInvalid, RequestRefused
from sandbox.edge.appsync.execution import Execution
from sandbox.edge.appsync.faults import AppSyncFaults
from sandbox.edge.appsync.filters import from_arguments
from sandbox.edge.appsync.resolvers import RequestInfo
from sandbox.edge.appsync.schema import compile_schema
from sandbox.edge.appsync.selections import fields_of
from sandbox.edge.appsync.subscriptions import Delivery, Subscription, Subscriptions
from sandbox.functions.service import FunctionService
from sandbox.graphql import GraphqlApi
from sandbox.iam.credentials import Credentials
from sandbox.world import World


class Engine:
    """The GraphQL APIs of one World."""

    def __init__(
        self,
        world: World,
        functions: FunctionService,
        credentials: Credentials,
        pool_tokens: PoolTokens,
        faults: AppSyncFaults,
    ) -> None:
        self._world = world
        self._data_sources = DataSources(world, functions)
        self.authentication = Authentication(world, credentials, pool_tokens)
        self.subscriptions = Subscriptions(faults.deliveries.hand_over)
        self._publishes = faults.publishes

    def api(self, api_id: str) -> GraphqlApi | None:
        """The API of this id, if there is one."""
        return self._world.graphql_apis.get(api_id)

    async def execute(self, api: GraphqlApi, caller: Caller, call: GraphqlCall, headers: Mapping[str, str]) -> Answer:
        """Answers a query or a mutation, and publishes what the mutation gave. Raises RequestRefused."""
        operation = await load(api.schema, call.query, call.operation_name)
        if operation.kind == "subscription":
            raise _unsupported("subscription not supported over HTTP: use the real-time endpoint")
        if _publishes(api, operation):
            self._publishes.check()
        execution = self._execution(api, operation, caller, RequestInfo(headers, call.variables))
        answer = await execution.run()
        for published in execution.published(answer):
            self.subscriptions.publish(api, published)
        return answer

    async def subscribe(
        self,
        api: GraphqlApi,
        caller: Caller,
        call: GraphqlCall,
        headers: Mapping[str, str],
        subscription_id: str,
        deliver: Callable[[Delivery], None],
    ) -> Subscription:
        """Runs the subscription's resolver; the subscription is the caller's to add. Raises RequestRefused."""
        operation = await load(api.schema, call.query, call.operation_name)
        root = compile_schema(api.schema).schema.subscription_type
        if operation.kind != "subscription" or root is None:
            raise _unsupported(f"{operation.kind} not supported through the realtime channel")
        request = RequestInfo(headers, call.variables)
        execution = self._execution(api, operation, caller, request)
        answer = await execution.run()
        if answer.errors:
            raise OperationInvalid(answer.errors)
        fields = list(fields_of(operation.definition.selection_set, operation.fragments, root.name))
        if len(fields) != 1 or not answer.data:  # empty when the field was skipped: no resolver has set a filter
            raise _unsupported("a subscription selects one field, once, and without @skip or @include")
        (field,) = fields
        return Subscription(
            id=subscription_id,
            api=api,
            field_name=field.name.value,
            operation=operation,
            caller=caller,
            request=request,
            matches=execution.matcher or from_arguments(execution.arguments),
            deliver=deliver,
        )

    def _execution(self, api: GraphqlApi, operation: Operation, caller: Caller, request: RequestInfo) -> Execution:
        return Execution(api, compile_schema(api.schema), operation, caller, request, self._data_sources)


def _publishes(api: GraphqlApi, operation: Operation) -> bool:
    """Whether somebody can subscribe to what the operation does."""
    compiled = compile_schema(api.schema)
    root = compiled.schema.mutation_type
    if operation.kind != "mutation" or root is None:
        return False
    fields = fields_of(operation.definition.selection_set, operation.fragments, root.name)
    return any(field.name.value in compiled.subscriptions_of for field in fields)


def _unsupported(message: str) -> RequestRefused:
    return RequestRefused(400, "UnsupportedOperation", message)
