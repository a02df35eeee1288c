"""The routes of AppSync: `/appsync/{api_id}/graphql` and, for subscriptions, `/appsync/{api_id}/graphql/realtime`.

    http_endpoint ─┐                    ┌─ execution → resolvers → evaluation (QuickJS), data_sources
                   ├─ engine ──────────┤
    realtime ──────┘                    └─ subscriptions → filters → realtime, to each subscriber

A custom domain has both addresses on one origin as well:
https://docs.aws.amazon.com/appsync/latest/devguide/custom-domain-name.html
"""

from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket

from sandbox.aws.pool_tokens import PoolTokens
from sandbox.edge.appsync.engine import Engine
from sandbox.edge.appsync.faults import AppSyncFaults
from sandbox.edge.appsync.http_endpoint import HttpEndpoint
from sandbox.edge.appsync.realtime import Limits, serve
from sandbox.functions.service import FunctionService
from sandbox.iam.credentials import Credentials
from sandbox.world import World

PATH = "/appsync/{api_id}/graphql"


def routes(
    world: World,
    functions: FunctionService,
    credentials: Credentials,
    pool_tokens: PoolTokens,
    limits: Limits | None = None,
    faults: AppSyncFaults | None = None,
) -> list[BaseRoute]:
    """Serves every GraphQL API of the World. `limits` are those of real-time connections; tests make them short."""
    engine = Engine(world, functions, credentials, pool_tokens, faults or AppSyncFaults())
    real_time = limits or Limits()

    async def connect(websocket: WebSocket) -> None:
        await serve(websocket, engine, real_time)

    return [
        Route(PATH, HttpEndpoint(engine).handle, methods=["POST", "OPTIONS"]),
        WebSocketRoute(f"{PATH}/realtime", connect),
    ]
