"""`python -m streamways.copy.recording PROGRAM`: what the roles of a Pulumi program may do, as JSON.

A list of `{"name", "handler"?, "statements": [[action, [resource, …], [partition, …]], …]}`. The program runs against
Pulumi's mocks: nothing is deployed, and no package is built.
"""

import json
import runpy
import sys
import threading
from pathlib import Path
from typing import Any, cast

from pulumi.runtime import mocks

import stacks.packages
from stacks.iam import FOR_ALL_VALUES, LEADING_KEYS

REGION = "us-east-1"
ACCOUNT_ID = "123456789012"
ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"
FUNCTION = "aws:lambda/function:Function"
ALIAS = "aws:lambda/alias:Alias"
PLACES = {
    FUNCTION: "lambda:{region}:{account}:function:{name}",
    ALIAS: "lambda:{region}:{account}:function:{name}",
    "aws:appsync/graphQLApi:GraphQLApi": "appsync:{region}:{account}:apis/{name}",
    "aws:cloudwatch/logGroup:LogGroup": "logs:{region}:{account}:log-group:{name}",
    "aws:dynamodb/table:Table": "dynamodb:{region}:{account}:table/{name}",
    "aws:apigatewayv2/api:Api": "execute-api:{region}:{account}:{name}",
}
"""Type → its ARN. https://docs.aws.amazon.com/service-authorization/latest/reference/reference.html"""
ELSE = "{type}:{region}:{account}:{name}"


class Recorder(mocks.Mocks):
    """Answers each resource with its inputs, an id and an ARN, and keeps what is asked about."""

    def __init__(self) -> None:
        self.inputs: dict[str, dict[str, dict[str, Any]]] = {}
        """Type → name → inputs."""
        self._lock = threading.Lock()

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        inputs = cast("dict[str, Any]", args.inputs)  # pyright: ignore[reportUnknownMemberType]  (Pulumi says `dict`)
        with self._lock:
            self.inputs.setdefault(args.typ, {})[args.name] = inputs
        service = args.typ.partition(":")[2].partition("/")[0]
        name = f"{inputs['functionName']}:{inputs['name']}" if args.typ == ALIAS else args.name
        where = {"region": REGION, "account": ACCOUNT_ID, "name": name, "type": service}
        arn = "arn:aws:" + PLACES.get(args.typ, ELSE).format(**where)
        addresses = {"apiEndpoint": "wss://example.com", "functionUrl": "https://example.com/", "executionArn": arn}
        uris = {"GRAPHQL": "https://example.com/graphql", "REALTIME": "wss://example.com/graphql"}
        return args.name, {"name": args.name, "arn": arn, "invokeArn": arn, "uris": uris, **addresses, **inputs}

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]]]:  # noqa: ARG002
        """The caller's identity is the one thing that a program looks up."""
        return {"accountId": ACCOUNT_ID, "arn": f"arn:aws:iam::{ACCOUNT_ID}:root", "id": ACCOUNT_ID, "userId": "u"}, []

    def roles(self) -> list[dict[str, Any]]:
        """Each policy of a role, under the name of its function where it has one."""
        return [self._role(name, json.loads(each["policy"])) for name, each in sorted(self._of(ROLE_POLICY).items())]

    def _role(self, policy: str, document: dict[str, Any]) -> dict[str, Any]:
        name = policy.removesuffix("-policy")
        function = self._of(FUNCTION).get(name)
        statements = [
            [action, each["Resource"], each.get("Condition", {}).get(FOR_ALL_VALUES, {}).get(LEADING_KEYS, [])]
            for each in document["Statement"]
            for action in each["Action"]
        ]
        return {"name": name, "statements": statements, **({"handler": function["handler"]} if function else {})}

    def _of(self, type_: str) -> dict[str, dict[str, Any]]:
        return self.inputs.get(type_, {})


def _unbuilt(name: str) -> Path:
    return Path(f"{name}.zip")


def main(program: str) -> None:
    recorder = Recorder()
    stacks.packages.build = _unbuilt
    mocks.set_mocks(recorder, project="example", stack="example", preview=False)

    @mocks.test  # pyright: ignore[reportUnknownMemberType]  (Pulumi does not say what it wraps)
    def run() -> None:
        runpy.run_path(program, run_name="__main__")

    run()
    print(json.dumps(recorder.roles()))


if __name__ == "__main__":
    main(sys.argv[1])
