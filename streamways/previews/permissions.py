"""What an IAM resource allows, in lines that may be shown to everybody who reads a pull request.

A line is made only of what looks like an action, an ARN, a principal or a condition's key. Anything else (an unknown, a
secret, a value in a condition) is not shown, and account ids are masked: a comment is no place for what a program was
given.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, cast

HIDDEN: Final = "(not shown)"
LATER: Final = "known only after the update"
UNKNOWN: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""What Pulumi writes for a value that a preview cannot know.

https://github.com/pulumi/pulumi/blob/master/sdk/go/common/resource/plugin/rpc.go
"""

_ACTION = re.compile(r"\*|[a-z][a-z0-9-]{0,62}:[A-Za-z0-9*?]{1,64}")
_ARN = re.compile(r"\*|arn:[a-z-]*:[a-z0-9-]*:[a-z0-9-]*:(?:\d{12}|aws|\*)?:[\w/.:*?+=@,$-]{1,300}", re.ASCII)
_PRINCIPAL = re.compile(r"\*|[a-z0-9.-]{1,100}\.(?:amazonaws\.com|amazon\.com)|\d{12}")
_CONDITION = re.compile(r"[A-Za-z:/-]{1,64}")
_ACCOUNT = re.compile(r"(?<!\d)\d{12}(?!\d)")

Inputs = Mapping[str, Any]


def permissions_of(type: str, inputs: Inputs) -> tuple[str, ...]:
    """What a resource of this type allows, a line each, each once. Nothing for a resource outside IAM."""
    if type == "aws:lambda/permission:Permission":
        return (_of_function(inputs),)
    if not type.startswith("aws:iam/"):
        return ()
    lines: list[str] = []
    for name, value in sorted(inputs.items()):
        if name in ("policy", "assumeRolePolicy"):
            lines += _of_document(value)
        elif name in ("policyArn", "permissionsBoundary"):
            lines.append(f"{name} {_shown(_ARN, value)}")
        elif name == "managedPolicyArns":
            lines += [f"policyArn {_shown(_ARN, each)}" for each in _list(value)]
        elif name == "inlinePolicies":
            lines += [line for each in _list(value) for line in _of_document(_mapping(each).get("policy"))]
    return tuple(dict.fromkeys(lines)) or (f"a resource of type {_shown(_TYPE, type)}",)


_TYPE = re.compile(r"[A-Za-z:/]{1,100}")


def _of_function(inputs: Inputs) -> str:
    line = f"Allow {_shown(_ACTION, inputs.get('action'))} to {_shown(_PRINCIPAL, inputs.get('principal'))}"
    conditions = [name for name in ("sourceArn", "sourceAccount", "functionUrlAuthType") if name in inputs]
    return f"{line}, if {' and '.join(conditions)}" if conditions else line


def _of_document(text: object) -> Iterator[str]:
    if text == UNKNOWN:
        yield LATER
        return
    try:
        statements = _mapping(json.loads(text) if isinstance(text, str) else text)["Statement"]
    except (ValueError, KeyError):
        yield HIDDEN
        return
    for statement in _list(statements):
        yield from _of_statement(_mapping(statement))


def _of_statement(statement: Mapping[str, Any]) -> Iterator[str]:
    """A line for each action on each resource: so a document that grows by one shows that one."""
    effect = statement.get("Effect") if statement.get("Effect") in ("Allow", "Deny") else HIDDEN
    who = "".join(_principals(statement))
    tests = _mapping(statement.get("Condition")).values()
    keys = [_shown(_CONDITION, key) for each in tests for key in _mapping(each)]
    when = f", if {' and '.join(keys)}" if keys else ""
    for action in _either(statement, "Action", _ACTION):
        if "Resource" not in statement and "NotResource" not in statement:
            yield f"{effect} {action}{who}{when}"
        for resource in _either(statement, "Resource", _ARN):
            yield f"{effect} {action} on {resource}{who}{when}"


def _either(statement: Mapping[str, Any], name: str, shape: re.Pattern[str]) -> Iterator[str]:
    yield from (_shown(shape, each) for each in _list(statement.get(name, ())))
    yield from (f"all but {_shown(shape, each)}" for each in _list(statement.get(f"Not{name}", ())))


def _principals(statement: Mapping[str, Any]) -> Iterator[str]:
    for name in ("Principal", "NotPrincipal"):
        if name not in statement:
            continue
        given = statement[name]
        found = _mapping(given).values() or [given]
        shown = [_shown(_PRINCIPAL, each, _ARN) for group in found for each in _list(group)]
        yield f" {'to' if name == 'Principal' else 'to all but'} {', '.join(shown)}"


def _shown(shape: re.Pattern[str], value: object, other: re.Pattern[str] | None = None) -> str:
    if not isinstance(value, str) or not (shape.fullmatch(value) or (other and other.fullmatch(value))):
        return HIDDEN
    return _ACCOUNT.sub("ACCOUNT", value)


def _list(value: object) -> list[Any]:
    return list(cast("list[Any]", value)) if isinstance(value, list | tuple) else [value]


def _mapping(value: object) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", value) if isinstance(value, Mapping) else {}
