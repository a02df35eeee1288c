"""What all ways to stream share: the streams table, and the right to call the model."""

from collections.abc import Mapping, Sequence
from typing import Any, NotRequired, TypedDict

import pulumi
import pulumi_aws as aws

from shared.contract.environment import Variable
from shared.contract.table import LISTED_INDEX, OPEN_INDEX
from stacks.arguments import CoreAccess, DataProtection, holding_data
from stacks.iam import Statement
from stacks.model_access import model_arns


class StreamingCoreArgs(TypedDict):
    """Arguments of `StreamingCore`."""

    region: pulumi.Input[str]
    """Region that the model is called in."""
    account_id: pulumi.Input[str]
    """Account that owns the table, inference profiles and guardrails."""
    table_name: NotRequired[pulumi.Input[str]]
    """A table of the account and region that is there already, with the keys, the indexes and the TTL attribute of the
    one that the core makes by default (`docs/data.md`). No other stack may use it."""
    model: pulumi.Input[str]
    """Id of a Bedrock foundation model, or of a geographic (`us.…`) or global (`global.…`) inference profile."""
    model_regions: NotRequired[pulumi.Input[Sequence[pulumi.Input[str]]]]
    """Regions that a geographic inference profile routes to; not used for any other model."""
    guardrail_id: NotRequired[pulumi.Input[str | None]]
    """Id of a guardrail that prompts and answers pass; needs `guardrail_version`."""
    guardrail_version: NotRequired[pulumi.Input[str | None]]
    """Version of the guardrail."""
    protection: NotRequired[DataProtection]
    """What keeps the table from being deleted; by default nothing does."""
    point_in_time_recovery: NotRequired[pulumi.Input[bool]]
    """Whether DynamoDB keeps what it needs to restore the table to any second of the last 35 days; off by default."""


class StreamingCore(pulumi.ComponentResource):
    """The streams table, and what a function needs for calling the model.

    The table holds chats, streams and their journals (`shared/table/keys.py`): `pk` and `sk` are strings, `expiresAt`
    is the epoch second after which DynamoDB deletes an item. The index `open` has the keys of the streams that run;
    `listed`, a local one, so that it can be read consistently, has users' lists in order.
    """

    table_name: pulumi.Output[str]
    """Name of the streams table."""
    table_arn: pulumi.Output[str]
    """ARN of the streams table."""
    model_environment: pulumi.Output[Mapping[str, str]]
    """Environment variables by which a function finds its model: `MODEL_ID` and so on."""
    model_statements: pulumi.Output[Sequence[Statement]]
    """What a function's role needs for calling the model, and no other model."""

    def __init__(self, name: str, args: StreamingCoreArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("streamways:index:StreamingCore", name, {}, opts)
        existing = args.get("table_name")
        if existing is None:
            table = self._table(name, args)
            self.table_name, self.table_arn = table.name, table.arn
        else:
            self.table_name = pulumi.Output.from_input(existing)
            self.table_arn = pulumi.Output.concat(
                "arn:aws:dynamodb:", args["region"], ":", args["account_id"], ":table/", self.table_name
            )
        known = pulumi.Output.all(
            region=args["region"],
            account_id=args["account_id"],
            model=args["model"],
            model_regions=args.get("model_regions", []),
            guardrail_id=args.get("guardrail_id"),
            guardrail_version=args.get("guardrail_version"),
        )
        self.model_environment = known.apply(_environment)
        self.model_statements = known.apply(_statements)
        self.register_outputs(
            {
                "table_name": self.table_name,
                "table_arn": self.table_arn,
                "model_environment": self.model_environment,
                "model_statements": self.model_statements,
            }
        )

    def access(self, max_output_tokens: pulumi.Input[int], limits: str = "", credits: str = "") -> CoreAccess:
        """What an architecture takes from this core; it admits answers of at most `max_output_tokens`, under the limits
        of the tiers with the changes in `limits`, and counts credits as `credits` says."""
        access: CoreAccess = {
            "table_name": self.table_name,
            "table_arn": self.table_arn,
            "max_output_tokens": max_output_tokens,
            "model_environment": self.model_environment,
            "model_statements": self.model_statements,
        }
        if limits:
            access["limits"] = limits
        if credits:
            access["credits"] = credits
        return access

    def _table(self, name: str, args: StreamingCoreArgs) -> aws.dynamodb.Table:
        protection = args.get("protection", {})
        return aws.dynamodb.Table(
            f"{name}-streams",
            billing_mode="PAY_PER_REQUEST",
            hash_key="pk",
            range_key="sk",
            attributes=[
                aws.dynamodb.TableAttributeArgs(name="pk", type="S"),
                aws.dynamodb.TableAttributeArgs(name="sk", type="S"),
                aws.dynamodb.TableAttributeArgs(name="open", type="S"),
                aws.dynamodb.TableAttributeArgs(name="startedAt", type="N"),
                aws.dynamodb.TableAttributeArgs(name="listed", type="S"),
            ],
            local_secondary_indexes=[
                aws.dynamodb.TableLocalSecondaryIndexArgs(name=LISTED_INDEX, range_key="listed", projection_type="ALL")
            ],
            global_secondary_indexes=[
                aws.dynamodb.TableGlobalSecondaryIndexArgs(
                    name=OPEN_INDEX,
                    key_schemas=[
                        aws.dynamodb.TableGlobalSecondaryIndexKeySchemaArgs(attribute_name="open", key_type="HASH"),
                        aws.dynamodb.TableGlobalSecondaryIndexKeySchemaArgs(
                            attribute_name="startedAt", key_type="RANGE"
                        ),
                    ],
                    projection_type="KEYS_ONLY",
                )
            ],
            ttl=aws.dynamodb.TableTtlArgs(attribute_name="expiresAt", enabled=True),
            # Said even when they are off: DynamoDB leaves on what is no longer mentioned.
            deletion_protection_enabled=protection.get("deletion_protection", False),
            point_in_time_recovery=aws.dynamodb.TablePointInTimeRecoveryArgs(
                enabled=args.get("point_in_time_recovery", False)
            ),
            opts=holding_data(self, protection),
        )


def _environment(args: dict[str, Any]) -> Mapping[str, str]:
    environment: dict[str, str] = {Variable.MODEL_ID: args["model"]}
    if args["guardrail_id"]:
        environment |= {
            Variable.GUARDRAIL_ID: args["guardrail_id"],
            Variable.GUARDRAIL_VERSION: args["guardrail_version"],
        }
    return environment


def _statements(args: dict[str, Any]) -> Sequence[Statement]:
    region, account_id = args["region"], args["account_id"]
    arns = model_arns(args["model"], region=region, account_id=account_id, model_regions=args["model_regions"])
    # The action of ConverseStream: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html
    statements: list[Statement] = [{"actions": ["bedrock:InvokeModelWithResponseStream"], "resources": arns}]
    if args["guardrail_id"]:
        guardrail = f"arn:aws:bedrock:{region}:{account_id}:guardrail/{args['guardrail_id']}"
        statements.append({"actions": ["bedrock:ApplyGuardrail"], "resources": [guardrail]})
    return statements
