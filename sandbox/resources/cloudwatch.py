"""Amazon CloudWatch Logs."""

from sandbox.errors import ResourceRefused
from sandbox.resources.handler import Cloud, Created, Entry, Handler, PhysicalName, Request, Standing, all_tags
from sandbox.world import ACCOUNT_ID

# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
RETENTION_DAYS = (
    1,
    3,
    5,
    7,
    14,
    30,
    60,
    90,
    120,
    150,
    180,
    365,
    400,
    545,
    731,
    1096,
    1827,
    2192,
    2557,
    2922,
    3288,
    3653,
)
NEVER_EXPIRES = 0
MAX_NAME = 512


def _put_log_group(cloud: Cloud, request: Request) -> Created:
    inputs, world = request.inputs, cloud.world
    name = inputs.text("name")
    retention = inputs.integer("retentionInDays", NEVER_EXPIRES, between=(0, RETENTION_DAYS[-1]))
    if retention != NEVER_EXPIRES and retention not in RETENTION_DAYS:
        raise ResourceRefused(f"retentionInDays is {retention}, allowed are {', '.join(map(str, RETENTION_DAYS))}")
    inputs.without_effect("skipDestroy")
    if name in world.log_groups and not request.id:
        raise ResourceRefused(f"ResourceAlreadyExistsException: the log group {name!r} exists already")
    world.log_groups[name] = retention or None
    return Created(
        name,
        {
            "arn": f"arn:aws:logs:{world.region}:{ACCOUNT_ID}:log-group:{name}",
            "retentionInDays": retention,
            "tagsAll": all_tags(request),
        },
    )


def _place_of_log_group(cloud: Cloud, standing: Standing) -> Entry[str, int | None]:
    return Entry(cloud.world.log_groups, standing.id)


HANDLERS = (
    Handler(
        "aws:cloudwatch/logGroup:LogGroup",
        _put_log_group,
        PhysicalName("name", MAX_NAME),
        place=_place_of_log_group,
        # https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
        replaces=("name",),
        computed=("arn", "retentionInDays"),
        tagged=True,
    ),
)
