"""Trust in the certificate of a sandbox that speaks TLS."""

import os

from sandbox.state import State
from streamways.clients.addresses import TRUST_VARIABLE


def trust(running: State) -> None:
    """From now on this process, and what it starts, trusts that sandbox, if it speaks TLS, and nobody else."""
    if running.ca_file is not None:
        os.environ[TRUST_VARIABLE] = running.ca_file
