"""An AppSync API's own domain name, for requests and subscriptions.

https://docs.aws.amazon.com/appsync/latest/devguide/custom-domain-name.html
"""

import pulumi
import pulumi_aws as aws

from stacks.arguments import Domain
from stacks.domain_records import alias_records

GRAPHQL_PATH = "/graphql"
REALTIME_PATH = "/graphql/realtime"


def appsync_domain(
    name: str, domain: Domain, api: aws.appsync.GraphQLApi, opts: pulumi.ResourceOptions
) -> pulumi.Output[str]:
    """Let clients reach `api` at the domain's name; returns the host that a record has to name."""
    own = aws.appsync.DomainName(
        f"{name}-domain", domain_name=domain["name"], certificate_arn=domain["certificate_arn"], opts=opts
    )
    aws.appsync.DomainNameApiAssociation(f"{name}-mapping", api_id=api.id, domain_name=own.domain_name, opts=opts)
    alias_records(
        f"{name}-record",
        domain,
        target=own.appsync_domain_name,
        target_zone_id=own.hosted_zone_id,
        types=("A",),
        opts=opts,
    )
    return own.appsync_domain_name
