"""The server's side of the Secure Remote Password protocol, as Amazon Cognito speaks it with its clients.

The group is that of RFC 5054 with 3,072 bits (https://www.rfc-editor.org/rfc/rfc5054#appendix-A). What is hashed is
Cognito's own: numbers as Java writes them, the pool's name in front of the user's, a key of 16 bytes by HKDF, and one
signature by the client, over a block that the server gave it and the client's time. AWS documents none of this; it is
what `amazon-cognito-identity-js` computes. https://github.com/aws-amplify/amplify-js
"""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

PRIME = int(
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DDEF9519B3CD3A431B"
    "302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7EDEE386BFB5A899FA5AE9F24117C4B1FE6"
    "49286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F83655D23DCA3AD961C62F356208552BB9ED529077096966D"
    "670C354E4ABC9804F1746C08CA18217C32905E462E36CE3BE39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF695581718"
    "3995497CEA956AE515D2261898FA051015728E5A8AAAC42DAD33170D04507A33A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7D"
    "B3970F85A6E1E4C7ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864D87602733EC86A64521F2B18177B200C"
    "BBE117577A615D6C770988C0BAD946E208E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF",
    16,
)
GENERATOR = 2
KEY_INFO = b"Caldera Derived Key"
KEY_BYTES = 16
SECRET_BYTES = 128
"""Of the server's ephemeral secret: as many as the clients take for theirs."""
MAX_PUBLIC_DIGITS = 1024
"""Hexadecimal digits of a client's public value that are read; a value below the prime has 768, and may be padded."""
TIMESTAMP = "%a %b {day} %H:%M:%S UTC %Y"
_HEX = re.compile(r"[0-9a-fA-F]+")


class NotAPublicValue(ValueError):
    """What a client sent as its public value is no number, or one that would fix the key whatever the password."""


@dataclass(frozen=True)
class Exchange:
    """One sign-in, from the server's public value to the client's proof."""

    identity: bytes
    """The pool's name and the user's, as the client hashes and signs them."""
    client_public: int
    server_public: int
    secret: int
    verifier: int

    def is_proven(self, secret_block: bytes, timestamp: str, signature: bytes) -> bool:
        """Whether whoever signed this block and time knew the password."""
        expected = hmac.digest(self._key(), self.identity + secret_block + timestamp.encode(), "sha256")
        return hmac.compare_digest(signature, expected)

    def _key(self) -> bytes:
        scrambler = _hashed(_bytes(self.client_public) + _bytes(self.server_public))
        shared = pow(self.client_public * pow(self.verifier, scrambler, PRIME), self.secret, PRIME)
        return HKDF(SHA256(), KEY_BYTES, _bytes(scrambler), KEY_INFO).derive(_bytes(shared))


def exchange(pool_name: str, username: str, password: str, salt: int, client_public: int) -> Exchange:
    """Begin a sign-in of this user of a pool; `pool_name` is what follows the region in the pool's id."""
    identity = f"{pool_name}{username}".encode()
    credentials = hashlib.sha256(identity + b":" + password.encode()).digest()
    verifier = pow(GENERATOR, _hashed(_bytes(salt) + credentials), PRIME)
    secret = int.from_bytes(secrets.token_bytes(SECRET_BYTES))
    server_public = (_MULTIPLIER * verifier + pow(GENERATOR, secret, PRIME)) % PRIME
    return Exchange(identity, client_public, server_public, secret, verifier)


def public_value(text: str) -> int:
    """A client's `SRP_A`. Raises NotAPublicValue."""
    if len(text) > MAX_PUBLIC_DIGITS or _HEX.fullmatch(text) is None:
        raise NotAPublicValue("SRP_A is not a hexadecimal number")
    value = int(text, 16)
    if not 0 < value < PRIME:
        raise NotAPublicValue("SRP_A is not between 0 and the prime of the group")
    return value


def time_of(timestamp: str) -> datetime | None:
    """When a client says that it signed, `Tue Sep 5 14:23:05 UTC 2017`; None for any other form.

    A day of two digits that begins with 0 is another form: Cognito writes the time anew before it checks the signature.
    """
    try:
        found = datetime.strptime(timestamp, TIMESTAMP.format(day="%d")).replace(tzinfo=UTC)
    except ValueError:
        return None
    return found if timestamp == found.strftime(TIMESTAMP.format(day=found.day)) else None


def _bytes(number: int) -> bytes:
    """As Java's BigInteger has it: a byte of zero in front where the first bit would mean a negative number."""
    return number.to_bytes(number.bit_length() // 8 + 1)


def _hashed(value: bytes) -> int:
    return int.from_bytes(hashlib.sha256(value).digest())


_MULTIPLIER = _hashed(_bytes(PRIME) + _bytes(GENERATOR))
