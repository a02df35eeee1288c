"""What an update did to permissions, from documents in the two forms that the Pulumi CLI prints."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from streamways.previews.changes import Changes, read_changes
from streamways.previews.permissions import HIDDEN, LATER, UNKNOWN, permissions_of
from streamways.previews.text import Preview, read_addresses, text_of

POLICY = "aws:iam/rolePolicy:RolePolicy"
URN = f"urn:pulumi:pr-7::streamways::{POLICY}::worker"
TABLE = "arn:aws:dynamodb:us-east-1:123456789012:table/t"


def document(*actions: str, resource: object = TABLE, **more: object) -> str:
    return json.dumps({"Statement": [{"Effect": "Allow", "Action": list(actions), "Resource": resource, **more}]})


def event(op: str, old: str | None, new: str | None) -> dict[str, Any]:
    def state(policy: str | None) -> dict[str, Any] | None:
        return None if policy is None else {"type": POLICY, "inputs": {"policy": policy, "role": "r"}}

    return {
        "resOutputsEvent": {"metadata": {"op": op, "urn": URN, "type": POLICY, "old": state(old), "new": state(new)}}
    }


def read(tmp_path: Path, *rows: dict[str, Any]) -> Changes:
    file = tmp_path / "up.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    found = read_changes(file)
    assert found is not None
    return found


def shown(action: str) -> str:
    return f"Allow {action} on arn:aws:dynamodb:us-east-1:ACCOUNT:table/t"


def test_an_update_grants_what_is_new_and_revokes_what_is_gone(tmp_path: Path) -> None:
    old, new = document("dynamodb:GetItem", "dynamodb:Scan"), document("dynamodb:GetItem", "dynamodb:PutItem")
    found = read(tmp_path, event("update", old, new), {"summaryEvent": {"resourceChanges": {"update": 1}}})
    assert found.granted == {URN: (shown("dynamodb:PutItem"),)}
    assert found.revoked == {URN: (shown("dynamodb:Scan"),)}
    assert found.resources == {"update": 1}


def test_a_replacement_is_told_once(tmp_path: Path) -> None:
    old, new = document("dynamodb:GetItem"), document("dynamodb:PutItem")
    steps = [event("create-replacement", old, new), event("replace", old, new), event("delete-replaced", old, None)]
    found = read(tmp_path, *steps)
    assert (found.granted, found.revoked) == (
        {URN: (shown("dynamodb:PutItem"),)},
        {URN: (shown("dynamodb:GetItem"),)},
    )


@pytest.mark.parametrize("op", ["same", "refresh"])
def test_what_stays_as_it_was_is_not_told(op: str, tmp_path: Path) -> None:
    same = document("dynamodb:GetItem")
    found = read(tmp_path, event(op, same, same))
    assert (found.granted, found.revoked) == ({}, {})


def test_the_document_of_a_preview_tells_the_same(tmp_path: Path) -> None:
    digest = {
        "steps": [
            {"op": "create", "urn": URN, "newState": {"type": POLICY, "inputs": {"policy": UNKNOWN}}},
            {
                "op": "delete",
                "urn": f"{URN}-2",
                "oldState": {"type": POLICY, "inputs": {"policy": document("dynamodb:Scan")}},
            },
        ],
        "changeSummary": {"create": 1, "delete": 1},
    }
    file = tmp_path / "preview.json"
    file.write_text(json.dumps(digest, indent=4))
    found = read_changes(file)
    assert found is not None
    assert found.granted == {URN: (LATER,)}
    assert found.revoked == {f"{URN}-2": (shown("dynamodb:Scan"),)}


def test_a_document_that_was_cut_off_tells_what_it_has(tmp_path: Path) -> None:
    file = tmp_path / "up.jsonl"
    file.write_text(json.dumps(event("create", None, document("dynamodb:Scan"))) + '\n{"resOutputsEv')
    found = read_changes(file)
    assert found is not None
    assert found.granted == {URN: (shown("dynamodb:Scan"),)}


@pytest.mark.parametrize("text", ["", "no", "[]", "1", '{"resOutputsEvent": 1}', '{"steps": [1]}', "{}\nno\n{}"])
def test_another_file_tells_nothing_and_the_comment_says_so(text: str, tmp_path: Path) -> None:
    file = tmp_path / "up.jsonl"
    file.write_text(text)
    assert read_changes(file) is None
    assert "left no document" in text_of(Preview(7, "failed", changes=read_changes(file)))
    assert read_changes(tmp_path / "nowhere") is None


SECRETS = ["hunter2", "eyJhbGciOiJSUzI1NiJ9.e30.sig", "[secret]", "`whoami`", "a\n```\n@everyone", "<img src=x>"]


@pytest.mark.parametrize("secret", SECRETS)
def test_no_value_that_is_not_on_the_list_of_things_to_show_is_shown(secret: str, tmp_path: Path) -> None:
    policies = [
        secret,
        document(secret),
        document("s3:GetObject", resource=[secret, 7, None]),
        document("s3:GetObject", Principal={"AWS": secret}, Condition={"StringEquals": {"aws:SourceVpc": secret}}),
        document("s3:GetObject", Condition={"StringEquals": {secret: "x"}}),
        json.dumps({"Statement": [secret]}),
        json.dumps(
            {"Statement": {"Effect": secret, "NotAction": secret, "NotResource": secret, "NotPrincipal": secret}}
        ),
    ]
    rows = [event("create", None, policy) for policy in policies]
    # A name is shown if it looks like one: names are no secret, but they must not be markup.
    name = "worker" if re.fullmatch(r"[\w.-]+", secret) else secret
    for number, row in enumerate(rows):
        row["resOutputsEvent"]["metadata"]["urn"] = f"{URN}::{number}{name}"
    rows.append({"resOutputsEvent": {"metadata": {"op": "create", "urn": URN, "type": f"aws:iam/{secret}", "old": None,
        "new": {"inputs": {"policyArn": secret, "managedPolicyArns": [secret], "environment": secret}}}}})  # fmt: skip
    rows.append({"resOpFailedEvent": {"metadata": {"urn": f"a::{name}"}}})
    rows.append({"diagnosticEvent": {"severity": "error", "message": secret}})
    outputs = tmp_path / "outputs.json"
    outputs.write_text(json.dumps({"functionUrl": f"https://x/{name}", "webSocketUrl": secret, "password": secret}))
    text = text_of(Preview(7, "failed", head=None, addresses=read_addresses(outputs), changes=read(tmp_path, *rows)))
    assert secret not in text.replace("\n```\n\n</details>", "")
    assert HIDDEN in text


def test_account_ids_are_masked_and_wildcards_are_counted(tmp_path: Path) -> None:
    found = read(tmp_path, event("create", None, document("s3:GetObject", "s3:PutObject", resource=["*", TABLE])))
    text = text_of(Preview(7, "deployed", changes=found))
    assert "4 granted, 0 revoked, 2 of them on every resource" in text
    assert "123456789012" not in text


def test_who_may_assume_a_role_and_who_may_call_a_function_are_permissions() -> None:
    trust = {
        "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]
    }
    assert permissions_of("aws:iam/role:Role", {"assumeRolePolicy": json.dumps(trust)}) == (
        "Allow sts:AssumeRole to lambda.amazonaws.com",
    )
    given = {"action": "lambda:InvokeFunction", "principal": "events.amazonaws.com", "sourceArn": UNKNOWN}
    assert permissions_of("aws:lambda/permission:Permission", given) == (
        "Allow lambda:InvokeFunction to events.amazonaws.com, if sourceArn",
    )
    assert permissions_of("aws:lambda/function:Function", {"policy": document("s3:GetObject")}) == ()


def test_a_comment_stays_below_what_github_takes(tmp_path: Path) -> None:
    actions = [f"dynamodb:Action{number}" for number in range(1000)]
    long = f"{TABLE}/{'x' * 280}"
    text = text_of(
        Preview(7, "deployed", changes=read(tmp_path, event("create", None, document(*actions, resource=long))))
    )
    assert len(text) < 65_536
    assert "more lines" in text
