"""What an address says about how to reach it."""

import ipaddress
from urllib.parse import urlsplit


def is_loopback(url: str) -> bool:
    """Whether the address is on this machine: no proxy of the caller's environment may stand between."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def host_with_port(url: str) -> str:
    """The `Host` that a request to this address carries."""
    return urlsplit(url).netloc
