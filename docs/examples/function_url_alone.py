"""A Pulumi program with the function URL alone, for the users of a pool of its own."""

import pulumi
import pulumi_aws as aws

from stacks.function_url_stream import FunctionUrlStream
from stacks.packages import build
from stacks.streaming_core import StreamingCore

REGION = "us-east-1"

provider = aws.Provider("aws", region=REGION)
opts = pulumi.ResourceOptions(providers=[provider])
account_id = aws.get_caller_identity_output(opts=pulumi.InvokeOutputOptions(provider=provider)).account_id

pool = aws.cognito.UserPool(
    "users",
    admin_create_user_config={"allow_admin_create_user_only": True},
    opts=pulumi.ResourceOptions(provider=provider),
)
client = aws.cognito.UserPoolClient("page", user_pool_id=pool.id, opts=pulumi.ResourceOptions(provider=provider))
issuer = pulumi.Output.concat("https://cognito-idp.", REGION, ".amazonaws.com/", pool.id)

core = StreamingCore("core", {"region": REGION, "account_id": account_id, "model": "amazon.nova-lite-v1:0"}, opts)
answers = FunctionUrlStream(
    "answers",
    {
        "region": REGION,
        "account_id": account_id,
        "package": pulumi.FileArchive(str(build("function-url"))),
        "reaper_package": pulumi.FileArchive(str(build("function-url-reaper"))),
        "limits": {"timeout_seconds": 60, "memory_megabytes": 512, "log_retention_days": 14},
        "tokens": {
            "issuer": issuer,
            "jwks_url": pulumi.Output.concat(issuer, "/.well-known/jwks.json"),
            "client_ids": [client.id],
        },
        "core": core.access(max_output_tokens=1000),
        "cors_origins": ["https://chat.example.com"],
    },
    opts,
)
pulumi.export("functionUrl", answers.url)
