"""The settings of domain names: one for each architecture and for the page, with the certificate that covers it."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final, Self

from shared.contract.architectures import appsync, function_url, websocket
from stacks.arguments import Domain
from stacks.settings.access import AccessSettings
from stacks.settings.page import PAGE_KEY
from stacks.settings.reader import ConfigReader

GLOBAL_REGION: Final = "us-east-1"
"""Where CloudFront takes certificates from, and AppSync, whose domain names stand on CloudFront.

https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cnames-and-https-requirements.html
https://docs.aws.amazon.com/appsync/latest/devguide/custom-domain-name.html
"""
ZONE_KEY: Final = "hostedZoneId"
LONGEST_NAME: Final = 253
"""https://docs.aws.amazon.com/appsync/latest/APIReference/API_CreateDomainName.html"""
_LABEL = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_NAME = re.compile(rf"({_LABEL}\.)+[a-z]([a-z0-9-]{{0,61}}[a-z0-9])?")
_CERTIFICATE = re.compile(r"arn:aws:acm:(?P<region>[a-z0-9-]+):[0-9]{12}:certificate/[A-Za-z0-9-]+")
# https://docs.aws.amazon.com/Route53/latest/APIReference/API_GetHostedZone.html
_ZONE = re.compile(r"Z[A-Z0-9]{1,31}")


@dataclass(frozen=True)
class _Address:
    """What can have a domain name: the keys of its settings, where its certificate has to be, and what it is of."""

    architecture: str | None
    """None for the page."""
    prefix: str
    """What both keys begin with."""
    why_region: str
    region: str | None = None
    """None for the stack's own."""

    @property
    def name_key(self) -> str:
        """The setting that has the name."""
        return f"{self.prefix}Domain"

    @property
    def certificate_key(self) -> str:
        """The setting that has the certificate."""
        return f"{self.prefix}CertificateArn"


_FUNCTION_URL: Final = _Address(function_url.NAME, "functionUrl", "CloudFront takes no other", GLOBAL_REGION)
_WEB_SOCKET: Final = _Address(websocket.NAME, "webSocket", "API Gateway takes those of the API's region")
_APP_SYNC: Final = _Address(appsync.NAME, "appSync", "AppSync takes no other", GLOBAL_REGION)
_PAGE: Final = _Address(None, PAGE_KEY, "CloudFront takes no other", GLOBAL_REGION)


@dataclass(frozen=True)
class DomainSettings:
    """The domain names; None for an address of AWS's own."""

    function_url: Domain | None
    web_socket: Domain | None
    app_sync: Domain | None
    page: Domain | None

    @classmethod
    def read(
        cls, reader: ConfigReader, region: str, architectures: Sequence[str], access: AccessSettings, page: bool
    ) -> Self:
        """Take the keys from `reader`; what is wrong is noted there."""
        held = {*architectures, *([None] if page else [])}
        zone_id = _zone(reader)
        taken: set[str] = set()

        def domain_of(address: _Address) -> Domain | None:
            domain = _domain(reader, address, region, held)
            if domain is None:
                return None
            name = str(domain["name"])
            if name in taken:
                reader.refuse(address.name_key, name, "another address has this name; give each its own")
            taken.add(name)
            return {**domain, "zone_id": zone_id} if zone_id else domain

        settings = cls(domain_of(_FUNCTION_URL), domain_of(_WEB_SOCKET), domain_of(_APP_SYNC), domain_of(_PAGE))
        if zone_id and not taken:
            reader.refuse(ZONE_KEY, zone_id, "no domain is set that would get a record in it; set one, or take it out")
        if settings.function_url and access.function_url_auth == "AWS_IAM":
            reader.refuse(
                _FUNCTION_URL.name_key,
                settings.function_url["name"],
                "CloudFront would have to sign for functionUrlAuth AWS_IAM, and Lambda then refuses each POST that "
                "comes without the hash of its body; set functionUrlAuth to NONE",
            )
        return settings


def _zone(reader: ConfigReader) -> str:
    zone_id = reader.text(ZONE_KEY)
    if zone_id and not _ZONE.fullmatch(zone_id):
        reader.refuse(ZONE_KEY, zone_id, "set it to the id of a hosted zone alone, like Z0123456789ABCDEFGHIJ")
        return ""
    return zone_id


def _domain(reader: ConfigReader, address: _Address, region: str, held: Collection[str | None]) -> Domain | None:
    name_key, certificate_key = address.name_key, address.certificate_key
    name, certificate = reader.text(name_key), reader.text(certificate_key)
    if not name:
        if certificate:
            reader.refuse(certificate_key, certificate, f"it is for {name_key}, which is not set; set both or neither")
        return None
    if why := _why_no_name(name):
        reader.refuse(name_key, name, f"{why}; set it to a host name in lower case, like chat.example.com")
    elif address.architecture not in held:
        of = address.architecture
        remedy = f"architectures has no {of}; add it" if of else f"{PAGE_KEY} is not on; set it to true"
        reader.refuse(name_key, name, f"{remedy}, or take the domain out")
    wanted = address.region or region
    match = _CERTIFICATE.fullmatch(certificate)
    if not match:
        shape = f"arn:aws:acm:{wanted}:ACCOUNT:certificate/ID"
        reader.refuse(certificate_key, certificate, f"{name_key} needs a certificate of ACM; set it to {shape}")
    elif wanted and match["region"] != wanted:
        where = f"it is in {match['region']}, and has to be in {wanted}"
        reader.refuse(certificate_key, certificate, f"{where}: {address.why_region}; request one there")
    return {"name": name, "certificate_arn": certificate}


def _why_no_name(text: str) -> str:
    """What keeps a text from being the name of one host; empty for a name."""
    if "*" in text:
        return "a wildcard names no address"
    if "://" in text or "/" in text or ":" in text:
        return "that is an address and no name"
    return "" if _NAME.fullmatch(text) and len(text) <= LONGEST_NAME else "that is no name of a host"
