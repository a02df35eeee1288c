"""Who is subscribed to what, and what each gets of a published mutation result.

Follows https://docs.aws.amazon.com/appsync/latest/devguide/aws-appsync-real-time-data.html: a subscriber's selection is
taken from what the *mutation* selected; a field that is not there is null, or an error where it may not be null.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from graphql import ExecutionResult, GraphQLResolveInfo, execute  # pyright: ignore[reportUnknownVariableType]

from sandbox.edge.appsync.answers import answer
from sandbox.edge.appsync.caller import Caller, authorize
from sandbox.edge.appsync.documents import Operation
from sandbox.edge.appsync.errors import frame_errors
from sandbox.edge.appsync.execution import Published, look_up
from sandbox.edge.appsync.filters import Matcher
from sandbox.edge.appsync.resolvers import RequestInfo
from sandbox.edge.appsync.schema import compile_schema
from sandbox.edge.appsync.values import as_object, to_json_text
from sandbox.graphql import GraphqlApi

MAX_PAYLOAD_BYTES = 240 * 1024
"""What one mutation may publish (https://docs.aws.amazon.com/general/latest/gr/appsync.html). AppSync drops more
without a word to anybody (https://github.com/aws/aws-appsync-community/issues/33); here the log says so."""

_logger = logging.getLogger(__name__)


@dataclass(eq=False)
class Subscription:
    """One registered subscription."""

    id: str
    """The client's, unique on its connection."""
    api: GraphqlApi
    field_name: str
    operation: Operation
    caller: Caller
    request: RequestInfo
    matches: Matcher
    deliver: Callable[["Delivery"], None]
    """Takes what is for this subscriber; must not wait."""


@dataclass(frozen=True)
class Delivery:
    """Published data on its way to one subscriber."""

    subscription: Subscription
    value: object
    bytes: int
    """Size of the published value: an upper bound for what is sent."""

    def payload(self) -> dict[str, object]:
        """The `payload` of the `data` message: `{"data", "errors"?}` for the subscriber's own selection."""
        subscription = self.subscription
        schema = compile_schema(subscription.api.schema).delivery

        def field(source: object, info: GraphQLResolveInfo, /, **_: object) -> object:
            if info.path.prev is not None:  # the subscription itself was authorized when it started
                authorize(subscription.caller, subscription.api, info.parent_type, info.field_name)
            return look_up(source, info)

        result = execute(  # pyright: ignore[reportUnknownVariableType]
            schema,
            subscription.operation.document,
            root_value={subscription.field_name: self.value},
            variable_values=dict(subscription.request.variables),
            operation_name=subscription.operation.name,
            field_resolver=field,
        )
        assert isinstance(result, ExecutionResult), "nothing here is asynchronous"
        shaped = answer(result, schema)
        payload: dict[str, object] = {"data": shaped.data}
        return payload | {"errors": frame_errors(shaped.errors)} if shaped.errors else payload


class Subscriptions:
    """All subscriptions of all APIs."""

    def __init__(self, hand_over: Callable[[Delivery], None]) -> None:
        """`hand_over` gives what is published to its subscription; it does not wait."""
        self._hand_over = hand_over
        self._by_field: dict[tuple[str, str], dict[Subscription, None]] = {}

    def add(self, subscription: Subscription) -> None:
        """From now on the subscription gets what matches."""
        self._by_field.setdefault((subscription.api.api_id, subscription.field_name), {})[subscription] = None

    def remove(self, subscription: Subscription) -> None:
        """From now on the subscription gets nothing."""
        self._by_field[subscription.api.api_id, subscription.field_name].pop(subscription, None)

    def publish(self, api: GraphqlApi, published: Published) -> None:
        """Hands a mutation's result to all who subscribed to it and whose filter matches. Waits for nobody."""
        size = len(to_json_text(published.value).encode())
        if size > MAX_PAYLOAD_BYTES:
            limit = f"the limit is {MAX_PAYLOAD_BYTES}"
            _logger.warning("Mutation.%s published %d bytes, %s: nobody gets it", published.field_name, size, limit)
            return
        for name in compile_schema(api.schema).subscriptions_of.get(published.field_name, ()):
            for subscription in tuple(self._by_field.get((api.api_id, name), ())):
                if subscription.matches(as_object(published.value)):
                    self._hand_over(Delivery(subscription, published.value, size))
