"""The environment of every process of a sandbox: the caller's, without anything that leads to an AWS account."""

import os
from collections.abc import Mapping

NO_ACCOUNT = {
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
}
"""https://docs.aws.amazon.com/sdkref/latest/guide/environment-variables.html"""

_FOREIGN_PREFIXES = ("AWS_", "PULUMI_")
_FOREIGN = {"BOTO_CONFIG"}


def without_account(environment: Mapping[str, str]) -> dict[str, str]:
    """`environment` without `AWS_*`, `PULUMI_*` and boto's settings, with AWS's files and metadata service shut off.

    Credentials, profiles, regions, endpoints and configuration files of the caller are gone; a process that needs any
    of them gets the sandbox's own on top.
    """
    kept = {
        name: value
        for name, value in environment.items()
        if name not in _FOREIGN and not name.upper().startswith(_FOREIGN_PREFIXES)
    }
    return kept | NO_ACCOUNT


def leave_account() -> None:
    """Do the same to this process, before anything in it reads the environment."""
    kept = without_account(os.environ)
    os.environ.clear()
    os.environ.update(kept)
