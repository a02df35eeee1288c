"""The settings of access: whose pages may call a stack, and whether the function URL takes signed requests alone."""

from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from stacks.settings.environments import Environment
from stacks.settings.reader import ConfigReader

FUNCTION_URL_AUTH: Final = ("NONE", "AWS_IAM")
# https://docs.aws.amazon.com/lambda/latest/api/API_Cors.html
MOST_CORS_ORIGINS = 100
# Joined by commas, in the environment of the WebSocket API's authorizer, which has 4 KB for all its variables:
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
MOST_ORIGIN_CHARACTERS = 3_000


@dataclass(frozen=True)
class AccessSettings:
    """Who may reach the addresses of a stack, before any token is looked at."""

    cors_origins: tuple[str, ...]
    function_url_auth: str

    @classmethod
    def read(cls, reader: ConfigReader, environment: Environment, page: bool) -> "AccessSettings":
        """Take the keys of access from `reader`; what is wrong is noted there. A `page` is an origin too."""
        return cls(
            cors_origins=_cors_origins(reader, environment, MOST_CORS_ORIGINS - page),
            function_url_auth=reader.choice("functionUrlAuth", FUNCTION_URL_AUTH),
        )


def _cors_origins(reader: ConfigReader, environment: Environment, most: int) -> tuple[str, ...]:
    key = "corsOrigins"
    origins = reader.texts(key)
    if origins is None:
        return ()
    for origin in origins:
        if "*" in origin:
            reader.refuse(key, origins, "a wildcard would let any site call the function; name each origin")
        elif not _is_origin(origin):
            reader.refuse(
                key, origins, f"{origin!r} is no origin; write scheme and host, like https://chat.example.com"
            )
        elif not environment.takes_local_origins and (why := _why_local(origin)):
            refused = f"{origin!r} is {why}, which the environment {environment.name} refuses"
            reader.refuse(key, origins, f"{refused}; name your site's, and this one for a preview alone")
    if len(origins) > most:
        reader.refuse(key, origins, f"name at most {most} origins")
    if (characters := len(",".join(origins))) > MOST_ORIGIN_CHARACTERS:
        reader.refuse(key, origins, f"they have {characters:,} characters; at most {MOST_ORIGIN_CHARACTERS:,} fit")
    return origins


def _why_local(origin: str) -> str:
    """What is wrong with an origin whose pages anybody else may have written; empty for a site with TLS."""
    parts = urlsplit(origin)
    host = parts.hostname or ""
    if host == "localhost" or host.endswith(".localhost") or _is_loopback(host):
        return "a page on the machine of whoever opens it"
    return "a page without TLS" if parts.scheme != "https" else ""


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _is_origin(text: str) -> bool:
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return False
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return (
        parts.scheme in ("http", "https")
        and bool(host)
        and text == f"{parts.scheme}://{host}{f':{port}' if port is not None else ''}"
    )
