"""Domain names, web ACLs, and the secret between CloudFront and a function URL. No preview has any of these.
The distribution is a row of the page.

CloudFront and Route 53 have no regions: none is in their ARNs.
"""

from collections.abc import Mapping
from typing import Final

from stacks.bootstrap.privileges.access import ALL, Access, Scope

_API_GATEWAY_DOMAIN: Final = Access(
    "arn:aws:apigateway:{region}::/domainnames/*",
    Scope.TAG,
    "apigateway",
    create="POST TagResource",
    read="GET",
    update="PATCH PUT",
    delete="DELETE",
)
# The provider gives no tags to domain names of AppSync.
_APPSYNC_DOMAIN: Final = "arn:aws:appsync:{region}:{account}:domainnames/*"
_CLOUDFRONT_FUNCTION: Final = "arn:aws:cloudfront::{account}:function/{own}"

ROWS: Final[Mapping[str, tuple[Access, ...]]] = {
    "aws:apigatewayv2/apiMapping:ApiMapping": (_API_GATEWAY_DOMAIN,),
    "aws:apigatewayv2/domainName:DomainName": (
        Access("arn:aws:apigateway:{region}::/domainnames", Scope.NEW, "apigateway", create="POST TagResource"),
        Access("arn:aws:apigateway:{region}::/tags/*", Scope.UNTAGGED, "apigateway", tag="POST PUT"),
        _API_GATEWAY_DOMAIN,
    ),
    "aws:appsync/domainName:DomainName": (
        Access(
            _APPSYNC_DOMAIN,
            Scope.ANY,
            "appsync",
            create="CreateDomainName",
            read="GetDomainName",
            update="UpdateDomainName",
            delete="DeleteDomainName",
        ),
    ),
    "aws:appsync/domainNameApiAssociation:DomainNameApiAssociation": (
        Access(
            _APPSYNC_DOMAIN,
            Scope.ANY,
            "appsync",
            create="AssociateApi",
            read="GetApiAssociation",
            delete="DisassociateApi",
        ),
    ),
    "aws:cloudfront/function:Function": (
        Access(ALL, Scope.GLOBAL, "cloudfront", create="CreateFunction"),
        Access(
            _CLOUDFRONT_FUNCTION,
            Scope.NAME,
            "cloudfront",
            create="PublishFunction",
            read="DescribeFunction GetFunction ListTagsForResource",
            update="UpdateFunction",
            delete="DeleteFunction",
            tag="TagResource UntagResource",
        ),
    ),
    "aws:cloudfront/keyValueStore:KeyValueStore": (
        Access(ALL, Scope.GLOBAL, "cloudfront", create="CreateKeyValueStore"),
        # Its ARN has an id. What is in a store takes actions of another service, which no deployer has.
        Access(
            "arn:aws:cloudfront::{account}:key-value-store/*",
            Scope.ANY,
            "cloudfront",
            read="DescribeKeyValueStore ListTagsForResource",
            update="UpdateKeyValueStore",
            delete="DeleteKeyValueStore",
            tag="TagResource UntagResource",
        ),
    ),
    "aws:route53/record:Record": (
        Access(
            "arn:aws:route53:::hostedzone/*",
            Scope.RECORDS,
            "route53",
            create="ChangeResourceRecordSets",
            delete="ChangeResourceRecordSets",
        ),
        Access("arn:aws:route53:::hostedzone/*", Scope.ANY, "route53", read="GetHostedZone ListResourceRecordSets"),
        Access("arn:aws:route53:::change/*", Scope.ANY, "route53", read="GetChange"),
    ),
    # Nobody reads a value to deploy: a person writes it.
    "aws:secretsmanager/secret:Secret": (
        Access(
            "arn:aws:secretsmanager:{region}:{account}:secret:{own}",
            Scope.NAME,
            "secretsmanager",
            create="CreateSecret",
            read="DescribeSecret GetResourcePolicy",
            update="UpdateSecret",
            delete="DeleteSecret",
            tag="TagResource UntagResource",
        ),
    ),
    # AWS WAF then asks for the change of the API itself, which a role may make to its own alone.
    "aws:wafv2/webAclAssociation:WebAclAssociation": (
        Access(
            ALL,
            Scope.ANY,
            "wafv2",
            create="AssociateWebACL",
            read="GetWebACL GetWebACLForResource",
            delete="DisassociateWebACL",
        ),
        Access(
            "arn:aws:appsync:{region}:{account}:apis/*",
            Scope.TAG,
            "appsync",
            create="SetWebACL",
            delete="SetWebACL",
        ),
    ),
}
