"""The settings of web ACLs: rules of AWS WAF before the two addresses that take them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

from shared.contract.architectures import appsync
from stacks.settings.domains import GLOBAL_REGION, DomainSettings
from stacks.settings.reader import ConfigReader

FUNCTION_URL_KEY: Final = "functionUrlWebAclArn"
APP_SYNC_KEY: Final = "appSyncWebAclArn"
# https://docs.aws.amazon.com/waf/latest/APIReference/API_WebACL.html
_WEB_ACL = re.compile(
    r"arn:aws:wafv2:(?P<region>[a-z0-9-]+):[0-9]{12}:(?P<scope>global|regional)/webacl/[A-Za-z0-9_-]{1,128}/[0-9a-f-]{36}"
)


@dataclass(frozen=True)
class WebAclSettings:
    """ARNs of the web ACLs; None where there is none."""

    function_url: str | None
    """Of the distribution in front of the function URL."""
    app_sync: str | None

    @classmethod
    def read(cls, reader: ConfigReader, region: str, architectures: Sequence[str], domains: DomainSettings) -> Self:
        """Take the keys from `reader`; what is wrong is noted there."""
        function_url = _web_acl(reader, FUNCTION_URL_KEY, "global", GLOBAL_REGION)
        app_sync = _web_acl(reader, APP_SYNC_KEY, "regional", region)
        if function_url and domains.function_url is None:
            why = "it attaches to CloudFront, which comes with functionUrlDomain; set that too, or take the web ACL out"
            reader.refuse(FUNCTION_URL_KEY, function_url, why)
        if app_sync and appsync.NAME not in architectures:
            why = f"architectures has no {appsync.NAME}; add it, or take the web ACL out"
            reader.refuse(APP_SYNC_KEY, app_sync, why)
        return cls(function_url, app_sync)


def _web_acl(reader: ConfigReader, key: str, scope: str, region: str) -> str | None:
    arn = reader.text(key)
    if not arn:
        return None
    match = _WEB_ACL.fullmatch(arn)
    if not match or match["scope"] != scope or (region and match["region"] != region):
        shape = f"arn:aws:wafv2:{region}:ACCOUNT:{scope}/webacl/NAME/ID"
        reader.refuse(key, arn, f"it takes a {scope} web ACL of AWS WAF in {region} alone; set it to {shape}")
        return None
    return arn
