"""An empty account for tests of resource handlers: what a program would register, without a program."""

import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sandbox.resources import registry
from sandbox.resources.handler import Backend, Cloud, Created
from sandbox.resources.values import Archive, Value
from sandbox.world import World

REGION = "us-east-1"
PROVIDER = "urn:pulumi:test::project::pulumi:providers:aws::aws"
SCHEMA = "type Query { viewer: ID! }"
RESOLVER = "export function request() { return { payload: null }; }\nexport function response() { return null; }\n"


class NoBackend:
    """For handlers that need no other program."""

    def cognito(self) -> Any:
        raise AssertionError("this handler is not to call Cognito")

    def dynamodb(self) -> Any:
        raise AssertionError("this handler is not to call DynamoDB")

    def secretsmanager(self) -> Any:
        raise AssertionError("this handler is not to call Secrets Manager")


def trust(service: str) -> str:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


class Account:
    """`account.create("aws:iam/role:Role", "worker", …)` with inputs by their wire names."""

    def __init__(self, folder: Path, backend: Backend | None = None) -> None:
        self.folder = folder
        self.world = World(REGION, "http://127.0.0.1:9100")
        self.cloud = Cloud(self.world, backend or NoBackend(), folder)
        self.cloud.default_tags[PROVIDER] = {"stack": "test"}

    def create(self, type_token: str, name: str, /, **inputs: Any) -> Created:
        urn = f"urn:pulumi:test::project::{type_token}::{name}"
        return registry.create(
            self.cloud, type_token=type_token, name=name, urn=urn, values=self.check(type_token, name, **inputs)
        )

    def check(
        self, type_token: str, name: str, /, old: Mapping[str, Value] | None = None, **inputs: Any
    ) -> dict[str, Value]:
        """The inputs with what the sandbox adds to them."""
        urn = f"urn:pulumi:test::project::{type_token}::{name}"
        return registry.check(
            self.cloud,
            type_token=type_token,
            values=inputs,
            provider=PROVIDER,
            old=old,
            automatic=lambda physical_name: physical_name.make(name, urn),
        )

    def role(self, name: str = "role", service: str = "lambda.amazonaws.com") -> str:
        """The ARN of a new role."""
        created = self.create("aws:iam/role:Role", name, assumeRolePolicy=trust(service))
        return str(created.outputs["arn"])

    def package(self, name: str = "code.zip") -> str:
        """The path of a zip in the program's folder, relative to it."""
        with zipfile.ZipFile(self.folder / name, "w") as file:
            file.writestr("handler.py", "def handler(event, context): ...\n")
        return name

    def function(self, name: str = "worker", /, **inputs: Any) -> Created:
        """A function with a role of its own."""
        defaults = {"handler": "handler.handler", "runtime": "python3.13", "code": Archive(self.package())}
        if "role" not in inputs:
            inputs["role"] = self.role(f"{name}-role")
        return self.create("aws:lambda/function:Function", name, **{**defaults, **inputs})
