"""Amazon DynamoDB tables; moto keeps them.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_CreateTable.html
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from sandbox.errors import ResourceRefused
from sandbox.resources.handler import Cloud, Created, Handler, PhysicalName, Request, Standing, all_tags
from sandbox.resources.inputs import Inputs
from sandbox.world import ACCOUNT_ID

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
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


def _put_table(cloud: Cloud, request: Request) -> Created:
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
    arn = f"arn:aws:dynamodb:{world.region}:{ACCOUNT_ID}:table/{name}"
    outputs = Created(name, {"arn": arn, "tagsAll": all_tags(request)})
    if request.id:
        _change_indexes(dynamodb, name, attributes, indexes)
        _change_ttl(dynamodb, name, ttl)
        return outputs
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
    return outputs


def _change_indexes(
    dynamodb: "DynamoDBClient",
    name: str,
    attributes: "list[AttributeDefinitionTypeDef]",
    indexes: "Sequence[GlobalSecondaryIndexTypeDef]",
) -> None:
    """An index whose keys or projection change is deleted and made anew, one in each call.

    https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateTable.html
    """
    description = dynamodb.describe_table(TableName=name)["Table"]
    present = {
        index.get("IndexName", ""): (index.get("KeySchema"), index.get("Projection"))
        for index in description.get("GlobalSecondaryIndexes", ())
    }
    wanted = {index["IndexName"]: index for index in indexes}
    for index, settings in present.items():
        kept = wanted.get(index)
        if kept is not None and settings == (kept["KeySchema"], kept["Projection"]):
            del wanted[index]
        else:
            dynamodb.update_table(TableName=name, GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": index}}])
    for index in wanted.values():
        dynamodb.update_table(
            TableName=name,
            AttributeDefinitions=attributes,
            GlobalSecondaryIndexUpdates=[
                {
                    "Create": {
                        "IndexName": index["IndexName"],
                        "KeySchema": index["KeySchema"],
                        "Projection": index["Projection"],
                    }
                }
            ],
        )


def _change_ttl(dynamodb: "DynamoDBClient", name: str, ttl: str | None) -> None:
    present = dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"].get("AttributeName")
    attribute = ttl or present
    if attribute is not None and ttl != present:
        dynamodb.update_time_to_live(
            TableName=name, TimeToLiveSpecification={"Enabled": ttl is not None, "AttributeName": attribute}
        )


@dataclass(frozen=True)
class PlaceOfTable:
    """A table in moto."""

    dynamodb: "DynamoDBClient"
    partition_keys: dict[str, str]
    name: str
    protected: bool

    def holds(self) -> bool:
        """Whether the table is there."""
        try:
            self.dynamodb.describe_table(TableName=self.name)
        except self.dynamodb.exceptions.ResourceNotFoundException:
            return False
        return True

    def clear(self) -> None:
        """https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_DeleteTable.html"""
        if self.protected:
            raise ResourceRefused(
                "ValidationException: Resource cannot be deleted as it is currently protected against deletion. "
                "Disable deletion protection first."
            )
        self.dynamodb.delete_table(TableName=self.name)
        self.partition_keys.pop(self.name, None)


def _place_of_table(cloud: Cloud, standing: Standing) -> PlaceOfTable:
    protected = standing.inputs.get("deletionProtectionEnabled") is True
    return PlaceOfTable(cloud.backend.dynamodb(), cloud.world.partition_keys, standing.id, protected)


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
    """Backups and encryption at rest go unnoticed in a table that lives for an hour."""
    inputs.without_effect("pointInTimeRecovery", "serverSideEncryption")
    inputs.flag("deletionProtectionEnabled")


HANDLERS = (
    Handler(
        "aws:dynamodb/table:Table",
        _put_table,
        PhysicalName("name", NAME_LENGTHS[1]),
        place=_place_of_table,
        # https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateTable.html
        replaces=("hashKey", "localSecondaryIndexes", "name", "rangeKey"),
        computed=("arn",),
        tagged=True,
    ),
)
