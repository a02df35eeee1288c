"""What an address says about how to reach it."""

import ipaddress
import os
import ssl
from functools import cache
from urllib.parse import urlsplit

TRUST_VARIABLE = "SSL_CERT_FILE"
"""Names the file of the authorities to trust, to OpenSSL and so to Python's `ssl` and to curl
(https://docs.openssl.org/master/man3/SSL_CTX_load_verify_locations/)."""


def is_loopback(url: str) -> bool:
    """Whether the address is on this machine: no proxy of the caller's environment may stand between."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def trusted() -> ssl.SSLContext:
    """The certificates that the system trusts, or those of `SSL_CERT_FILE`: a sandbox may have made its own."""
    return _context(os.environ.get(TRUST_VARIABLE))


def host_with_port(url: str) -> str:
    """The `Host` that a request to this address carries."""
    return urlsplit(url).netloc


@cache
def _context(_authorities: str | None) -> ssl.SSLContext:
    """Made once for each value of the variable: reading the system's certificates takes a while."""
    return ssl.create_default_context()
