"""Clients of the moto process, for the sandbox's own calls: resource handlers and demo users."""

import os
from threading import Lock
from typing import TYPE_CHECKING, cast

import botocore.session
from botocore.config import Config

from sandbox.aws.moto import START_SECONDS, Moto

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_secretsmanager import SecretsManagerClient

_NO_FILES = {
    "profile": (None, None, None, None),
    "config_file": (None, None, os.devnull, None),
    "credentials_file": (None, None, os.devnull, None),
}
"""Session variables of botocore that would otherwise follow the caller's environment to an account."""


class MotoClients:
    """One client for each service, made when it is first asked for; that waits until moto answers."""

    def __init__(self, moto: Moto, region: str) -> None:
        self._moto = moto
        self._region = region
        # One session: each would read botocore's list of all endpoints anew, and keep it.
        self._session = botocore.session.Session(session_vars=_NO_FILES)
        self._clients: dict[str, object] = {}
        self._lock = Lock()

    def prepare(self) -> None:
        """Make the clients ahead of the first call: reading botocore's service models takes a while."""
        self.cognito()
        self.dynamodb()

    def cognito(self) -> "CognitoIdentityProviderClient":
        """A client of Amazon Cognito user pools."""
        return cast("CognitoIdentityProviderClient", self._client("cognito-idp"))

    def dynamodb(self) -> "DynamoDBClient":
        """A client of DynamoDB."""
        return cast("DynamoDBClient", self._client("dynamodb"))

    def secretsmanager(self) -> "SecretsManagerClient":
        """A client of Secrets Manager."""
        return cast("SecretsManagerClient", self._client("secretsmanager"))

    def _client(self, service: str) -> object:
        with self._lock:
            if service not in self._clients:
                self._clients[service] = self._make(service)
            return self._clients[service]

    def _make(self, service: str) -> object:
        return self._session.create_client(
            service,
            endpoint_url=self._moto.url.result(START_SECONDS),
            region_name=self._region,
            aws_access_key_id="moto",
            aws_secret_access_key="moto",
            config=Config(retries={"total_max_attempts": 1}, proxies={}),
        )
