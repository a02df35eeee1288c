"""An AppSync GraphQL API with subscriptions."""

from typing import Final

from shared.contract.architecture import Bill, Descriptor, Package, Service

NAME: Final = "appsync"
URL: Final = "appSyncUrl"
REALTIME_URL: Final = "appSyncRealtimeUrl"
DOMAIN_TARGET: Final = "appSyncDomainTarget"

DESCRIPTOR: Final = Descriptor(
    place=3,
    name=NAME,
    title="AppSync",
    folder="appsync",
    packages={
        "api": Package("appsync-api", "handlers.appsync.api", "function-appsync-api"),
        "worker": Package("appsync-worker", "handlers.appsync.worker", "function-appsync-worker"),
        "reaper": Package("appsync-reaper", "handlers.appsync.reaper", "function-appsync-reaper"),
    },
    addresses={
        URL: "where queries and mutations are POSTed",
        REALTIME_URL: "the `wss://` URL of subscriptions",
    },
    more_outputs={},
    domain_outputs={DOMAIN_TARGET: "host of AppSync that the domain's record names"},
    generates="appsync-worker",
    worker=True,
    bill=Bill(
        frozenset({Service.LAMBDA, Service.DYNAMODB, Service.APPSYNC}),
        short_functions=1,  # the resolver of `startStream`
        envelope_bytes=370,  # the fields of an update
        reader_writes=0,
    ),
)
