"""The server's side of SRP against the client's side of pycognito, and what a client may send."""

import base64
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycognito.aws_srp import AWSSRP

from sandbox.aws import srp
from tests.sandbox.aws.identity import proof

POOL = "eu-central-1_Example"
BLOCK = b"a block of the server's"
TIME = "Tue Sep 5 14:23:05 UTC 2017"

texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30)
salts = st.integers(min_value=1, max_value=2**128 - 1)


def proven(username: str, password: str, claimed: str, salt: int) -> bool:
    """Whether a client that claims to know `claimed` proves to the server that it knows `password`."""
    client = AWSSRP(username, claimed, POOL, "client", client=object())
    exchange = srp.exchange("Example", username, password, salt, srp.public_value(f"{client.large_a_value:x}"))
    parameters = {
        "USERNAME": username,
        "USER_ID_FOR_SRP": username,
        "SALT": f"{salt:x}",
        "SRP_B": f"{exchange.server_public:x}",
        "SECRET_BLOCK": base64.b64encode(BLOCK).decode(),
    }
    answer = proof(client, parameters, TIME)
    return exchange.is_proven(BLOCK, TIME, base64.b64decode(answer["PASSWORD_CLAIM_SIGNATURE"]))


@settings(max_examples=15, deadline=None)
@given(texts, texts, salts)
def test_who_knows_the_password_proves_it(username: str, password: str, salt: int) -> None:
    assert proven(username, password, password, salt)


@settings(max_examples=10, deadline=None)
@given(texts, texts, texts, salts)
def test_who_does_not_know_the_password_proves_nothing(username: str, password: str, other: str, salt: int) -> None:
    assert proven(username, password, other, salt) == (password == other)


@pytest.mark.parametrize("salt", [1, 0x7F, 0x80, 0xFF, 0xABC, 2**127, 2**128 - 1])
def test_a_salt_of_any_length_is_padded_as_clients_pad_it(salt: int) -> None:
    assert proven("ada", "correct", "correct", salt)


def test_a_proof_holds_for_its_block_and_its_time_alone() -> None:
    client = AWSSRP("ada", "correct", POOL, "client", client=object())
    exchange = srp.exchange("Example", "ada", "correct", 7, client.large_a_value)
    key = client.get_password_authentication_key("ada", "correct", exchange.server_public, "7")
    signature = base64.b64decode(
        proof(
            client,
            {
                "USERNAME": "ada",
                "USER_ID_FOR_SRP": "ada",
                "SALT": "7",
                "SRP_B": f"{exchange.server_public:x}",
                "SECRET_BLOCK": base64.b64encode(BLOCK).decode(),
            },
            TIME,
        )["PASSWORD_CLAIM_SIGNATURE"]
    )
    assert len(key) == srp.KEY_BYTES
    assert exchange.is_proven(BLOCK, TIME, signature)
    assert not exchange.is_proven(BLOCK + b"x", TIME, signature)
    assert not exchange.is_proven(BLOCK, "Tue Sep 5 14:23:06 UTC 2017", signature)
    assert not exchange.is_proven(BLOCK, TIME, signature[:-1])
    assert not exchange.is_proven(BLOCK, TIME, b"")


def test_each_exchange_has_a_public_value_of_its_own() -> None:
    assert len({srp.exchange("Example", "ada", "correct", 7, 5).server_public for _ in range(3)}) == 3


PRIME = f"{srp.PRIME:x}"


@pytest.mark.parametrize("text", ["0", "000", PRIME, f"{srp.PRIME * 2:x}", f"{srp.PRIME + 1:x}"])
def test_a_public_value_that_would_fix_the_key_is_refused(text: str) -> None:
    with pytest.raises(srp.NotAPublicValue, match="between 0 and the prime"):
        srp.public_value(text)


@pytest.mark.parametrize("text", ["", "-5", "0x5", "5_5", " 5", "5\n", "xyz", "٣", "f" * 10_000_000])
def test_a_public_value_that_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(srp.NotAPublicValue, match="not a hexadecimal number"):
        srp.public_value(text)


def test_a_public_value_may_be_padded_and_in_capitals() -> None:
    assert srp.public_value("00AbC") == 0xABC
    assert srp.public_value(f"{srp.PRIME - 1:X}") == srp.PRIME - 1


def test_a_time_is_read_as_the_clients_write_it() -> None:
    assert srp.time_of(TIME) == datetime(2017, 9, 5, 14, 23, 5, tzinfo=UTC)
    now = datetime.now(UTC).replace(microsecond=0)
    assert srp.time_of(AWSSRP.get_cognito_formatted_timestamp(now)) == now


@pytest.mark.parametrize(
    "text",
    [
        "Tue Sep 05 14:23:05 UTC 2017",
        "Mon Sep 5 14:23:05 UTC 2017",
        "Tue Sep 5 14:23:05 GMT 2017",
        "2017-09-05T14:23:05Z",
        "tue sep 5 14:23:05 utc 2017",
        f"{TIME} ",
        "Tue Sep 5 14:23:05 UTC 20177",
        "\ud800",
        "",
    ],
)
def test_any_other_form_of_a_time_is_none(text: str) -> None:
    assert srp.time_of(text) is None
