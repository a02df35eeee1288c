"""Commands trust the certificate of a sandbox that speaks TLS."""

import os

import pytest

from sandbox import state
from sandbox.iam.credentials import Keys
from streamways.clients.addresses import TRUST_VARIABLE
from streamways.target import stack


@pytest.mark.parametrize("ca_file", [None, "/somewhere/authority.pem"])
def test_the_sandbox_that_a_command_speaks_to_is_trusted(ca_file: str | None, monkeypatch: pytest.MonkeyPatch):
    found = state.State(
        1, 9100, "https://127.0.0.1:9100", "key", "now", "us-east-1", {}, Keys("a", "b", "c"), (), ca_file
    )
    monkeypatch.setattr(state, "running", lambda _: [found])
    monkeypatch.setenv(TRUST_VARIABLE, "before")
    assert stack.running_sandbox(None) == found
    assert os.environ[TRUST_VARIABLE] == (ca_file or "before")
