"""Amazon DynamoDB tables; moto keeps them.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_CreateTable.html
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from sandbox.errors import ResourceRefused
from sandbox.resources.handler import Cloud, Created, Handler, PhysicalName, Request, all_tags
from sandbox.resources.inputs import Inputs
from sandbox.world import ACCOUNT_ID

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.literals import ProjectionTypeType
    from mypy_boto3_dynamodb.type_defs import (
        AttributeDefinitionTypeDef,
        CreateTableInputTypeDef,
        GlobalSecondaryIndexTypeDef,
        KeySchemaElementTypeDef,
        LocalSecondaryIndexTypeDef,
        ProjectionTypeDef,
    )

NAME_LENGTHS = (3, 255)
ATTRIBUTE_TYPES = ("S", "N", "B")
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html
MAX_INDEXES = 20
MAX_LOCAL_INDEXES = 5
KEY_TYPES = ("HASH", "RANGE")
PROJECTIONS = ("ALL", "KEYS_ONLY", "INCLUDE")


def _create_table(cloud: Cloud, request: Request) -> Created:
    inputs, world = request.inputs, cloud.world
    name = inputs.text("name")
    if not NAME_LENGTHS[0] <= len(name) <= NAME_LENGTHS[1]:
        raise ResourceRefused(f"name is {name!r}, allowed are {NAME_LENGTHS[0]} to {NAME_LENGTHS[1]} characters")
    inputs.text("billingMode", allowed=("PAY_PER_REQUEST",))
    attributes = _attributes(inputs)
    keys, indexes = _keys(inputs), _indexes(inputs)
    local_indexes = _local_indexes(inputs, keys)
    _refuse_names_twice([index["IndexName"] for index in (*indexes, *local_indexes)])
    schemas = (keys, *(index["KeySchema"] for index in (*indexes, *local_indexes)))
    used = {key["AttributeName"] for schema in schemas for key in schema}
    if used != {attribute["AttributeName"] for attribute in attributes}:
        raise ResourceRefused(
            "ValidationException: attributes must define the keys of the table and of its indexes, and no others"
        )
    ttl = _ttl(inputs.block("ttl"))
    _without_effect(inputs)
    dynamodb = cloud.backend.dynamodb()
    table: CreateTableInputTypeDef = {
        "TableName": name,
        "AttributeDefinitions": attributes,
        "KeySchema": keys,
        "BillingMode": "PAY_PER_REQUEST",
    }
    if indexes:
        table["GlobalSecondaryIndexes"] = indexes
    if local_indexes:
        table["LocalSecondaryIndexes"] = local_indexes
    try:
        dynamodb.create_table(**table)
    except dynamodb.exceptions.ResourceInUseException:
        raise ResourceRefused(f"ResourceInUseException: Table already exists: {name}") from None
    if ttl is not None:
        dynamodb.update_time_to_live(TableName=name, TimeToLiveSpecification={"Enabled": True, "AttributeName": ttl})
    world.partition_keys[name] = keys[0]["AttributeName"]
    arn = f"arn:aws:dynamodb:{world.region}:{ACCOUNT_ID}:table/{name}"
    return Created(name, {"arn": arn, "tagsAll": all_tags(cloud, request)})


def _attributes(inputs: Inputs) -> "list[AttributeDefinitionTypeDef]":
    return [
        cast(
            "AttributeDefinitionTypeDef",
            {"AttributeName": block.text("name"), "AttributeType": block.text("type", allowed=ATTRIBUTE_TYPES)},
        )
        for block in inputs.blocks("attributes")
    ]


def _keys(inputs: Inputs) -> "list[KeySchemaElementTypeDef]":
    keys: list[KeySchemaElementTypeDef] = [{"AttributeName": inputs.text("hashKey"), "KeyType": "HASH"}]
    range_key = inputs.optional_text("rangeKey")
    if range_key is not None:
        keys.append({"AttributeName": range_key, "KeyType": "RANGE"})
    return keys


def _indexes(inputs: Inputs) -> "list[GlobalSecondaryIndexTypeDef]":
    blocks = inputs.blocks("globalSecondaryIndexes")
    if len(blocks) > MAX_INDEXES:
        raise ResourceRefused(f"globalSecondaryIndexes has {len(blocks)} indexes, allowed are {MAX_INDEXES}")
    return [
        {"IndexName": block.text("name"), "KeySchema": _index_keys(block), "Projection": _projection(block)}
        for block in blocks
    ]


def _local_indexes(
    inputs: Inputs, table_keys: "Sequence[KeySchemaElementTypeDef]"
) -> "list[LocalSecondaryIndexTypeDef]":
    """They have the table's partition key, and a sort key of their own."""
    blocks = inputs.blocks("localSecondaryIndexes")
    if len(blocks) > MAX_LOCAL_INDEXES:
        raise ResourceRefused(f"localSecondaryIndexes has {len(blocks)} indexes, allowed are {MAX_LOCAL_INDEXES}")
    if blocks and len(table_keys) == 1:
        raise ResourceRefused("ValidationException: a table without a range key has no local secondary indexes")
    return [
        {
            "IndexName": block.text("name"),
            "KeySchema": [table_keys[0], {"AttributeName": block.text("rangeKey"), "KeyType": "RANGE"}],
            "Projection": _projection(block),
        }
        for block in blocks
    ]


def _refuse_names_twice(names: Sequence[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise ResourceRefused(f"ValidationException: Duplicate index name: {name}")


def _index_keys(block: Inputs) -> "list[KeySchemaElementTypeDef]":
    """One or two keys, in the order of `KEY_TYPES`: what pulumi-aws has in place of `hashKey` and `rangeKey`."""
    keys = [(key.text("attributeName"), key.text("keyType", allowed=KEY_TYPES)) for key in block.blocks("keySchemas")]
    if tuple(kind for _, kind in keys) not in (KEY_TYPES[:1], KEY_TYPES):
        given = ", ".join(kind for _, kind in keys)
        raise ResourceRefused(f"an index's keySchemas are [{given}], the sandbox takes one HASH and one RANGE at most")
    return [cast("KeySchemaElementTypeDef", {"AttributeName": name, "KeyType": kind}) for name, kind in keys]


def _projection(block: Inputs) -> "ProjectionTypeDef":
    kind, others = block.text("projectionType", allowed=PROJECTIONS), block.texts("nonKeyAttributes")
    if (kind == "INCLUDE") != bool(others):
        raise ResourceRefused(
            f"ValidationException: projectionType is {kind} and nonKeyAttributes {list(others)}: "
            "INCLUDE names them, and no other type does"
        )
    projection: ProjectionTypeDef = {"ProjectionType": cast("ProjectionTypeType", kind)}
    if others:
        projection["NonKeyAttributes"] = others
    return projection


def _ttl(block: Inputs | None) -> str | None:
    if block is None:
        return None
    name = block.optional_text("attributeName")
    if not block.flag("enabled"):
        return None
    if name is None:
        raise ResourceRefused("ttl.attributeName is required when ttl.enabled is true")
    return name


def _without_effect(inputs: Inputs) -> None:
    """Backups, encryption at rest and protection against deletion go unnoticed in a table that lives for an hour."""
    inputs.without_effect("pointInTimeRecovery", "serverSideEncryption", "deletionProtectionEnabled")


HANDLERS = (Handler("aws:dynamodb/table:Table", _create_table, PhysicalName("name", NAME_LENGTHS[1])),)
