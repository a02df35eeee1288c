"""A Pulumi program with the AppSync API alone, with a user pool of its own."""

import pulumi
import pulumi_aws as aws

from stacks.appsync_code import appsync_code
from stacks.appsync_stream import AppSyncStream
from stacks.identity import Identity, IdentityArgs
from stacks.packages import build
from stacks.streaming_core import StreamingCore

config = pulumi.Config()
REGION = pulumi.Config("aws").get("region") or "us-east-1"
MODEL = config.get("model") or "amazon.nova-lite-v1:0"

provider = aws.Provider("aws", region=REGION)
opts = pulumi.ResourceOptions(providers=[provider])
account_id = aws.get_caller_identity_output(opts=pulumi.InvokeOutputOptions(provider=provider)).account_id

identity_args: IdentityArgs = {"region": REGION, "self_sign_up": False}
if endpoint := config.get("cognitoEndpoint"):  # of a sandbox; AWS has an address of its own
    identity_args["endpoint"] = endpoint
identity = Identity("identity", identity_args, opts)

core = StreamingCore("core", {"region": REGION, "account_id": account_id, "model": MODEL}, opts)
answers = AppSyncStream(
    "answers",
    {
        **appsync_code(),
        "user_pool_id": identity.user_pool_id,
        "client_ids": [identity.user_pool_client_id],
        "api_package": pulumi.FileArchive(str(build("appsync-api"))),
        "worker_package": pulumi.FileArchive(str(build("appsync-worker"))),
        "reaper_package": pulumi.FileArchive(str(build("appsync-reaper"))),
        "interval_milliseconds": 50,
        "limits": {"timeout_seconds": 60, "memory_megabytes": 512, "log_retention_days": 14},
        "core": core.access(max_output_tokens=config.get_int("maxOutputTokens") or 1000),
    },
    opts,
)
pulumi.export("appSyncUrl", answers.url)
pulumi.export("appSyncRealtimeUrl", answers.realtime_url)
pulumi.export("userPoolId", identity.user_pool_id)
pulumi.export("userPoolClientId", identity.user_pool_client_id)
