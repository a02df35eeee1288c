"""A Lambda function URL that streams its response."""

from typing import Final

from shared.contract.architecture import Bill, Descriptor, Package, Service

NAME: Final = "function-url"
URL: Final = "functionUrl"
DOMAIN_TARGET: Final = "functionUrlDomainTarget"
ORIGIN_SECRET_ARN: Final = "functionUrlOriginSecretArn"
ORIGIN_STORE_ARN: Final = "functionUrlOriginStoreArn"

DESCRIPTOR: Final = Descriptor(
    place=1,
    name=NAME,
    title="Function URL",
    folder="function_url",
    packages={
        "handler": Package(
            "function-url", "handlers.function_url.app", "function-url", run_script="handlers/function_url/run.sh"
        ),
        "reaper": Package("function-url-reaper", "handlers.function_url.reaper", "function-url-reaper"),
    },
    addresses={URL: "base URL of the function, with a trailing slash; chat requests go to `api/chat` below it"},
    more_outputs={},
    domain_outputs={
        DOMAIN_TARGET: "host of the CloudFront distribution, which the domain's record names",
        ORIGIN_SECRET_ARN: "the secret that the function asks for",
        ORIGIN_STORE_ARN: "the key value store from which CloudFront takes the same secret",
    },
    generates="function-url-handler",
    worker=False,
    bill=Bill(
        frozenset({Service.LAMBDA, Service.DYNAMODB}),
        short_functions=0,
        envelope_bytes=75,  # `id` and `data` of an event
        reader_writes=0,
    ),
)
