"""A Pulumi program with the AppSync API alone, for the users of a pool of its own."""

import pulumi
import pulumi_aws as aws

from stacks.appsync_code import appsync_code
from stacks.appsync_stream import AppSyncStream
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

core = StreamingCore("core", {"region": REGION, "account_id": account_id, "model": "amazon.nova-lite-v1:0"}, opts)
answers = AppSyncStream(
    "answers",
    {
        **appsync_code(),
        "user_pool_id": pool.id,
        "client_ids": [client.id],
        "api_package": pulumi.FileArchive(str(build("appsync-api"))),
        "worker_package": pulumi.FileArchive(str(build("appsync-worker"))),
        "reaper_package": pulumi.FileArchive(str(build("appsync-reaper"))),
        "interval_milliseconds": 50,
        "limits": {"timeout_seconds": 60, "memory_megabytes": 512, "log_retention_days": 14},
        "core": core.access(max_output_tokens=1000),
    },
    opts,
)
pulumi.export("appSyncUrl", answers.url)
pulumi.export("appSyncRealtimeUrl", answers.realtime_url)
