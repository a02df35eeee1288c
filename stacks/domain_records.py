"""The records of a domain name in Route 53.

https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resource-record-sets-choosing-alias-non-alias.html
"""

from collections.abc import Sequence

import pulumi
import pulumi_aws as aws

from stacks.arguments import Domain


def alias_records(
    name: str,
    domain: Domain,
    *,
    target: pulumi.Input[str],
    target_zone_id: pulumi.Input[str],
    types: Sequence[str],
    opts: pulumi.ResourceOptions,
) -> None:
    """Alias records of these types (`A`, `AAAA`) from the domain to `target`; none for a domain without a zone."""
    zone_id = domain.get("zone_id")
    if zone_id is None:
        return
    for type_ in types:
        aws.route53.Record(
            f"{name}-{type_.lower()}",
            zone_id=zone_id,
            name=domain["name"],
            type=type_,
            aliases=[aws.route53.RecordAliasArgs(name=target, zone_id=target_zone_id, evaluate_target_health=False)],
            opts=opts,
        )
