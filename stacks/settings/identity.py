"""Whose users a stack serves: those of a pool of its own, of another stack's pool, of a pool that is there already, or
of a foreign issuer. What contradicts itself is found before anything is made.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Self
from urllib.parse import SplitResult, urlsplit

from shared.contract.architectures import appsync
from stacks.appsync_users import CLIENT_CLAIMS
from stacks.settings.reader import ConfigReader

# https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_UserPoolClientType.html
MOST_CALLBACK_URLS = 100
LONGEST_CALLBACK_URL = 1024
# All client ids are in one environment variable; a function has 4 KB for all of its own:
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
MOST_CLIENT_CHARACTERS = 1_000

_STACK = re.compile(r"([\w.-]+/[\w.-]+/[\w.-]+)?")
_POOL = re.compile(r"([a-z]{2}(-[a-z]+)+-[0-9]_[0-9A-Za-z]{1,46})?")
_CLIENT = re.compile(r"[\w+]{0,128}")
_CLAIM = re.compile(r"[^\s,=]{0,256}")
_USE = re.compile(r"([^\s=]{1,256}=[^\s]{1,256})?")
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_SOURCES = ("identityStack", "userPoolId", "tokenIssuer")
_OF_AN_ISSUER = ("tokenJwksUrl", "tokenClientIds", "tokenUse", "tokenTierClaim")


@dataclass(frozen=True)
class ForeignIssuer:
    """An OIDC issuer whose tokens are taken. The descriptions of its fields are in Pulumi.yaml."""

    url: str
    jwks_url: str
    client_claim: str
    client_ids: tuple[str, ...]
    token_use: str | None
    """`claim=value`; None where its tokens say nothing of their use."""
    tier_claim: str | None


@dataclass(frozen=True)
class IdentitySettings:
    """At most one of `stack`, `user_pool_id` and `issuer` is set; with none of them the stack makes a pool."""

    stack: str | None
    """`organization/project/stack`."""
    user_pool_id: str | None
    user_pool_client_id: str | None
    """Set only with `user_pool_id`."""
    self_sign_up: bool
    cognito_endpoint: str | None
    """Without a trailing slash; None for AWS's own."""
    callback_urls: tuple[str, ...]
    issuer: ForeignIssuer | None

    @classmethod
    def read(cls, reader: ConfigReader, region: str) -> Self:
        """Take the keys from `reader`; what is wrong, or contradicts another setting, is noted there."""
        given = [key for key in _SOURCES if reader.optional_text(key)]
        for other in given[1:]:
            reader.refuse(other, reader.optional_text(other), f"{given[0]} names users already; keep one of the two")
        _check_beside(reader, given)
        name = "an organization, a project and a stack, like organization/streamways/dev"
        return cls(
            stack=reader.matching("identityStack", _STACK, name) or None,
            user_pool_id=_user_pool(reader, region),
            user_pool_client_id=reader.matching("userPoolClientId", _CLIENT, "the id of an app client") or None,
            self_sign_up=reader.boolean("selfSignUp"),
            cognito_endpoint=read_endpoint(reader, "cognitoEndpoint"),
            callback_urls=_callback_urls(reader),
            issuer=_issuer(reader),
        )

    def check_architectures(self, reader: ConfigReader, architectures: Collection[str]) -> None:
        """Note a client claim that AppSync, if the stack has it, does not look at."""
        claim = self.issuer.client_claim if self.issuer else ""
        if appsync.NAME in architectures and claim and claim not in CLIENT_CLAIMS:
            remedy = f"AppSync looks for the client in {' and '.join(CLIENT_CLAIMS)} alone; take one of them, or"
            reader.refuse("tokenClientClaim", claim, f"{remedy} name architectures without {appsync.NAME}")


def _check_beside(reader: ConfigReader, given: list[str]) -> None:
    """What is said beside the source of the users, and does not go with it."""

    def refuse(key: str, remedy: str) -> None:
        reader.refuse(key, reader.optional_text(key), remedy)

    source = given[0] if given else None
    if given and reader.optional_text("selfSignUp") == "true":
        refuse("selfSignUp", f"it is of a pool that the stack makes, and {source} names another; set it to false")
    if source == "identityStack" and reader.optional_text("cognitoEndpoint"):
        refuse("cognitoEndpoint", "the stack that identityStack names says where its pool is reached; leave it empty")
    if source == "tokenIssuer" and reader.optional_text("cognitoEndpoint"):
        refuse("cognitoEndpoint", "a stack with tokenIssuer has no user pool; leave it empty")
    if "userPoolId" not in given and reader.optional_text("userPoolClientId"):
        remedies = {
            "identityStack": "a stack that shares a pool makes a client of its own; leave it empty",
            "tokenIssuer": "the clients of an issuer go into tokenClientIds; leave it empty",
        }
        refuse("userPoolClientId", remedies.get(source or "", "an app client is of a user pool; set userPoolId too"))
    if "tokenIssuer" not in given:
        for key in _OF_AN_ISSUER:
            if reader.optional_text(key) not in ("", "[]"):
                refuse(key, "it is about the tokens of a foreign issuer; set tokenIssuer too")


def _user_pool(reader: ConfigReader, region: str) -> str | None:
    key = "userPoolId"
    pool = reader.matching(key, _POOL, "the id of a user pool, like us-east-1_AbCdEfGhI")
    if _POOL.fullmatch(pool) and pool and pool.partition("_")[0] != region:
        reader.refuse(key, pool, f"this pool is in another region than the stack, which is in {region}")
    return pool or None


def read_endpoint(reader: ConfigReader, key: str) -> str | None:
    """An https URL without a trailing slash; None for AWS's own address."""
    endpoint = _https_url(reader, key)
    if endpoint.endswith("/"):
        reader.refuse(key, endpoint, "take the slash at its end away")
    return endpoint or None


def _callback_urls(reader: ConfigReader) -> tuple[str, ...]:
    key = "callbackUrls"
    urls = reader.texts(key) or ()
    for url in urls:
        if not _is_callback(url):
            remedy = "write an https URL without a fragment (http only on this machine), or a scheme of your app's own"
            reader.refuse(key, urls, f"{url!r} is no callback URL; {remedy}")
    if len(urls) > MOST_CALLBACK_URLS:
        reader.refuse(key, urls, f"an app client has at most {MOST_CALLBACK_URLS}")
    for other in ("userPoolClientId", "tokenIssuer"):
        if urls and reader.optional_text(other):
            reader.refuse(key, urls, f"they are of an app client that the stack makes, and with {other} it makes none")
    return urls


def _is_callback(url: str) -> bool:
    """https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-app-idp-settings.html"""
    parts = _parts(url)
    if parts is None or not parts.scheme or "#" in url or "*" in url or len(url) > LONGEST_CALLBACK_URL:
        return False
    return bool(parts.netloc) and (parts.scheme != "http" or parts.hostname in _LOOPBACK)


def _issuer(reader: ConfigReader) -> ForeignIssuer | None:
    url, jwks_url = (_https_url(reader, key) for key in ("tokenIssuer", "tokenJwksUrl"))
    clients = reader.texts("tokenClientIds")
    claim = reader.matching("tokenClientClaim", _CLAIM, "the name of a claim, like aud or azp")
    use = reader.matching("tokenUse", _USE, "a claim and what it must say, like token_use=access, or leave it empty")
    tier = reader.matching("tokenTierClaim", _CLAIM, "the name of a claim, or leave it empty")
    if not url:
        return None
    if not jwks_url:
        reader.refuse("tokenJwksUrl", jwks_url, "name the jwks_uri of the issuer's /.well-known/openid-configuration")
    if not claim:
        reader.refuse("tokenClientClaim", claim, "name the claim that says for which client a token is, like aud")
    if clients == ():
        reader.refuse("tokenClientIds", clients, "without them the tokens of every application of the issuer are good")
    for client in clients or ():
        if not client or "," in client or client.isspace():
            reader.refuse("tokenClientIds", clients, f"{client!r} is no client id; it is a text without commas")
    if (characters := len(",".join(clients or ()))) > MOST_CLIENT_CHARACTERS:
        remedy = f"they have {characters:,} characters; at most {MOST_CLIENT_CHARACTERS:,} fit"
        reader.refuse("tokenClientIds", clients, remedy)
    return ForeignIssuer(url, jwks_url, claim, clients or (), use or None, tier or None)


def _https_url(reader: ConfigReader, key: str) -> str:
    url = reader.text(key)
    parts = _parts(url)
    secure = parts and (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK))
    if url and (not secure or not parts or not parts.hostname or parts.query or parts.fragment or parts.username):
        reader.refuse(key, url, "set it to an https URL without a query (http only on this machine)")
    return url


def _parts(url: str) -> SplitResult | None:
    try:
        return urlsplit(url)
    except ValueError:
        return None
