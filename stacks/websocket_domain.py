"""A WebSocket API's own domain name.

https://docs.aws.amazon.com/apigateway/latest/developerguide/websocket-api-custom-domain-names.html
"""

import pulumi
import pulumi_aws as aws

from stacks.arguments import Domain
from stacks.domain_records import alias_records

SECURITY_POLICY = "TLS_1_2"
"""The only one that API Gateway has for WebSocket APIs."""


def websocket_domain(
    name: str,
    domain: Domain,
    api: aws.apigatewayv2.Api,
    stage: aws.apigatewayv2.Stage,
    opts: pulumi.ResourceOptions,
) -> pulumi.Output[str]:
    """Let clients reach `stage` at `wss://` and the domain's name; returns the host that a record has to name.

    The API's own address stays: its functions send to connections there.
    """
    own = aws.apigatewayv2.DomainName(
        f"{name}-domain",
        domain_name=domain["name"],
        domain_name_configuration=aws.apigatewayv2.DomainNameDomainNameConfigurationArgs(
            certificate_arn=domain["certificate_arn"], endpoint_type="REGIONAL", security_policy=SECURITY_POLICY
        ),
        opts=opts,
    )
    aws.apigatewayv2.ApiMapping(
        f"{name}-mapping", api_id=api.id, domain_name=own.domain_name, stage=stage.name, opts=opts
    )
    target = own.domain_name_configuration.target_domain_name.apply(_known)
    zone_id = own.domain_name_configuration.hosted_zone_id.apply(_known)
    alias_records(f"{name}-record", domain, target=target, target_zone_id=zone_id, types=("A",), opts=opts)
    return target


def _known(text: str | None) -> str:
    assert text is not None, "API Gateway gives both when it has made the domain name"
    return text
