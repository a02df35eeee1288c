"""A Pulumi program whose users sign in at an OIDC issuer: two ways to stream over one core, without a user pool."""

import pulumi
import pulumi_aws as aws

from stacks.appsync_code import appsync_code
from stacks.appsync_stream import AppSyncStream
from stacks.arguments import FunctionLimits, TokenClaims
from stacks.function_url_stream import FunctionUrlStream
from stacks.packages import build
from stacks.streaming_core import StreamingCore

REGION = "us-east-1"
ISSUER = "https://example.eu.auth0.com/"
API = "https://chat.example.com/api"
CLAIMS: TokenClaims = {"client": "aud", "tier": "https://chat.example.com/tier"}
LIMITS: FunctionLimits = {"timeout_seconds": 60, "memory_megabytes": 512, "log_retention_days": 14}

provider = aws.Provider("aws", region=REGION)
opts = pulumi.ResourceOptions(providers=[provider])
account_id = aws.get_caller_identity_output(opts=pulumi.InvokeOutputOptions(provider=provider)).account_id

core = StreamingCore("core", {"region": REGION, "account_id": account_id, "model": "amazon.nova-lite-v1:0"}, opts)
over_http = FunctionUrlStream(
    "over-http",
    {
        "region": REGION,
        "account_id": account_id,
        "package": pulumi.FileArchive(str(build("function-url"))),
        "reaper_package": pulumi.FileArchive(str(build("function-url-reaper"))),
        "limits": LIMITS,
        "tokens": {
            "issuer": ISSUER,
            "jwks_url": f"{ISSUER}.well-known/jwks.json",
            "client_ids": [API],
            "claims": CLAIMS,
        },
        "core": core.access(max_output_tokens=1000),
        "cors_origins": ["https://chat.example.com"],
    },
    opts,
)
over_graphql = AppSyncStream(
    "over-graphql",
    {
        **appsync_code(CLAIMS),
        "issuer": ISSUER,
        "claims": CLAIMS,
        "client_ids": [API],
        "api_package": pulumi.FileArchive(str(build("appsync-api"))),
        "worker_package": pulumi.FileArchive(str(build("appsync-worker"))),
        "reaper_package": pulumi.FileArchive(str(build("appsync-reaper"))),
        "interval_milliseconds": 50,
        "limits": LIMITS,
        "core": core.access(max_output_tokens=1000),
    },
    opts,
)
pulumi.export("functionUrl", over_http.url)
pulumi.export("appSyncUrl", over_graphql.url)
pulumi.export("appSyncRealtimeUrl", over_graphql.realtime_url)
