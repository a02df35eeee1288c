"""`docs/sandbox-and-aws.md` keeps step with the code: what the sandbox refuses or ignores of its own has a row there.

A refusal of something that AWS would accept says that it is the sandbox's: "the sandbox …" or "emulated". Each such
message is listed here with the words of its row, so that a new one fails until the page has a row for it.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest

from sandbox.resources.handler import Handler
from sandbox.resources.registry import HANDLERS
from tests.docs.pages import ROOT, page

SANDBOX = ROOT / "sandbox"
RESOURCES = sorted((SANDBOX / "resources").glob("*.py"))
BESIDE_AWS = ("page", "bootstrap.py")
"""What of `sandbox/` installs, or serves the page: it does not stand for AWS."""
OWN = re.compile(r"\b(?:the|this) sandbox\b|\bemulate", re.IGNORECASE)

REFUSALS = {
    # words of the message: words of the row
    "does not emulate …: use USER_SRP_AUTH": "`USER_AUTH` and `CUSTOM_AUTH` are refused",
    "does not emulate the challenge": "all but `PASSWORD_VERIFIER` and `NEW_PASSWORD_REQUIRED`",
    "does not emulate …, and sends no codes": "whatever else needs a code is refused",
    "The sandbox does not emulate ….": "second factors, passkeys, remembered devices",
    "serves Lambda's Invoke, ListVersionsByFunction, GetAlias and UpdateAlias": "Lambda's other APIs are refused",
    "without log tail and client context": "a log tail, a client context",
    "moves an alias to a version as a whole": "`UpdateAlias` to a version as a whole",
    "provisions concurrency for aliases alone": "for aliases alone",
    "does not know the invocation type": "`DryRun`",
    "has no AWS WAF": "`functionUrlWebAclArn` and `appSyncWebAclArn` stop the start",
    "serves Bedrock's ConverseStream alone": "`ConverseStream` only",
    "cannot tell which action of": "whose action can be told",
    "does not run PartiQL": "PartiQL is refused",
    "the trust policy's Principal is": "trusts services, and users of an identity pool",
    "gives credentials to signed-in users alone": "to signed-in users alone",
    "has a policy variable": "policy variables stop the deployment",
    "does not emulate data sources of type": "`type` is `NONE` or `AWS_LAMBDA`",
    "the sandbox emulates Invoke": "`BatchInvoke` is refused",
    "does not emulate it; use Invoke": "`BatchInvoke` is refused",
    "does not emulate it; it has": "utilities of `util`, `extensions`, `runtime`",
    "only '…' is emulated": "another module or an alias",
    "reads an existing resource": "existing resources",
    "the sandbox's account starts empty, without a": "`identityStack`, `userPoolId` and `streamsTable`",
    "the sandbox is a provider of the package": "resource types",
    "is …, which the sandbox does not do": "components of another package",
    "names resources in Pulumi's default way": "`pulumi:autonaming`",
    "imports an ESC environment": "ESC environments",
    "is encrypted and the sandbox has no key": "encrypted configuration",
    "knows functions as destinations": "destinations are functions only",
    "delivers to functions alone": "destinations are functions only",
    "the sandbox cannot send it a request": "without it a streaming URL",
    "has a function URL that streams and no Web Adapter": "without it a streaming URL",
    "the sandbox fires rules at a rate alone": "`cron(…)`",
    "the sandbox knows topics as actions alone": "actions are topics only",
    "the sandbox knows no alarm on anomalies": "an alarm on anomalies stops the deployment",
    "the sandbox takes an expression with its metrics": "One expression over metrics",
    "the sandbox takes alarms on one expression": "One expression over metrics",
    "a dashboard … already": "a second dashboard of one name",
    "which the sandbox does not send": "an `eventPattern`",
    "the sandbox does not overwrite it": "a second rule of one name",
    "the sandbox invokes functions alone": "targets are functions only",
    "the sandbox takes one HASH and one RANGE": "one `HASH` and one `RANGE` at most",
    "invokes it by its URL only": "it is invoked by its URL only",
    "has layers that the sandbox cannot run": "the Web Adapter's layer only",
    "does not emulate; emulated are": "any other `AWS_LWA_…` stops",
    "names no port for its server": "`AWS_LWA_PORT` or `PORT` has to be set",
    "autoDeploy is true": "`autoDeploy`",
    "awsRegion is …, but this sandbox": "account 000000000000 and one region",
    "region is …, but this sandbox": "another `region` of a resource",
    "allowedAccountIds is": "an `allowedAccountIds` without it",
    "is set, but the sandbox has one account": "a profile, keys and roles to assume stop the deployment",
    "the sandbox runs APPSYNC_JS": "pipelines and mapping templates",
    "code is not a FileArchive": "`code` is a `FileArchive` of a .zip",
    "does not have the function": "the only look-up",
    "not emulated by the sandbox": "misspelt, or not emulated",
    "the sandbox has no domain names": "no name leads to a laptop",
    "the sandbox has no edge locations": "no name leads to a laptop",
    "the sandbox serves the web page itself": "`page: true` stops the start",
    "has no resource handler for this type": "any other stops the deployment and names the file",
}
UNSPOKEN = {
    # the same for refusals that do not say whose they are
    "in a policy statement is not understood by": "`Condition`, `NotAction`, `NotResource`",
    "the trust policy's Action is": "`sts:AssumeRole` or `sts:AssumeRoleWithWebIdentity`",
    "Default provider for '…' disabled": "explicit providers only",
    "a value with signature": "assets and archives",
    "dataTraceEnabled writes tokens": "`dataTraceEnabled`",
    "this form of import": "another module or an alias",
    "The query is deeper than": "at most 75 levels",
    "The route selection expression %r": "any other expression answers each handshake with 500",
    "The identity source %r": "an identity source other than",
}
NO_REFUSALS = (
    "The sandbox failed, see its log",
    "the sandbox failed: …",
    "the sandbox's resource handler failed",
    "…: the sandbox failed, see sandbox.log",
    "The sandbox stops.",
    "the controlKey of the sandbox's state file",
    "This answer comes from the sandbox's emulated model",
)
AS_ON_AWS = {
    "appsync.defaultAction",
    "appsync.name",
    "appsync.runtimeVersion",
    "alarms.comparisonOperator",
    "alarms.treatMissingData",
    "cognito.autoVerifiedAttributes",
    "cognito.deletionProtection",
    "cognito.explicitAuthFlows",
    "cognito.preventUserExistenceErrors",
    "cognito.userPoolTier",
    "cognito.usernameAttributes",
    "dynamodb.projectionType",
    "dynamodb.type",
    "lambda_.architectures",
    "lambda_.mode",
    "lambda_access.allowMethods",
    "lambda_access.authorizationType",
    "lambda_access.functionUrlAuthType",
    "lambda_access.invokeMode",
}
"""Properties of which a handler allows what AWS allows; `architectures` may name either, and nothing depends on it."""


@dataclass(frozen=True)
class Text:
    """A string in the code, docstrings left out; `…` stands for what is filled in."""

    place: str
    words: str


def texts_of(source: str, name: str) -> Iterator[Text]:
    """The strings of one module."""
    tree = ast.parse(source)
    skipped: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr):
            skipped.add(node.value)
        elif isinstance(node, ast.JoinedStr):
            skipped.update(node.values)
    for node in ast.walk(tree):
        if node not in skipped and isinstance(node, ast.JoinedStr | ast.Constant):
            parts = node.values if isinstance(node, ast.JoinedStr) else [node]
            values = [part.value if isinstance(part, ast.Constant) else "…" for part in parts]
            yield Text(f"{name}:{node.lineno}", "".join(value for value in values if isinstance(value, str)))


@cache
def texts() -> tuple[Text, ...]:
    """All strings of the code that stands for AWS."""
    files = [path for path in sorted(SANDBOX.rglob("*.py")) if path.relative_to(SANDBOX).parts[0] not in BESIDE_AWS]
    return tuple(text for path in files for text in texts_of(path.read_text(), path.relative_to(ROOT).as_posix()))


def without_row(found: tuple[Text, ...]) -> list[Text]:
    """The sandbox's own refusals that nothing here leads to a row."""
    known = (*REFUSALS, *UNSPOKEN, *NO_REFUSALS)
    return [text for text in found if OWN.search(text.words) and not any(words in text.words for words in known)]


@cache
def rows() -> tuple[str, ...]:
    """The rows of all tables of the page."""
    lines = page("docs/sandbox-and-aws.md").prose.splitlines()
    return tuple(line for line in lines if line.startswith("| ") and not line.startswith("| what |"))


def short(type_token: str) -> str:
    """`aws:lambda/function:Function` as the page has it: `aws:lambda:Function`."""
    return re.sub(r"/\w+", "", type_token)


def rows_of(module: Path) -> str:
    """The rows that name a resource type of a file in `sandbox/resources`."""
    handlers: tuple[Handler, ...] = getattr(import_module(f"sandbox.resources.{module.stem}"), "HANDLERS", ())
    return "\n".join(row for row in rows() if any(f"`{short(handler.type)}`" in row for handler in handlers))


def calls_in(module: Path) -> Iterator[ast.Call]:
    return (node for node in ast.walk(ast.parse(module.read_text())) if isinstance(node, ast.Call))


def literal(node: ast.expr) -> str:
    assert isinstance(node, ast.Constant)
    assert isinstance(node.value, str)
    return node.value


def test_every_refusal_of_the_sandboxs_own_is_known_here() -> None:
    assert not without_row(texts()), "add a row to docs/sandbox-and-aws.md, and the refusal with its words to REFUSALS"


@pytest.mark.parametrize(("message", "row"), [*REFUSALS.items(), *UNSPOKEN.items()])
def test_a_refusal_has_a_row_on_the_page(message: str, row: str) -> None:
    assert any(message in text.words for text in texts()), "the code does not refuse this any more: is the row true?"
    assert any(row in line for line in rows())


def test_a_new_refusal_is_noticed() -> None:
    source = '"""The sandbox in a docstring."""\n\ndef f(x):\n    raise E(f"{x} is a queue, which the sandbox lacks")\n'
    assert without_row(tuple(texts_of(source, "new.py"))) == [Text("new.py:4", "… is a queue, which the sandbox lacks")]


@pytest.mark.parametrize("type_token", HANDLERS)
def test_every_resource_type_has_a_row(type_token: str) -> None:
    assert any(f"`{short(type_token)}`" in row for row in rows())


@pytest.mark.parametrize("module", RESOURCES, ids=lambda path: path.stem)
def test_every_property_that_is_ignored_stands_in_a_row_of_its_types(module: Path) -> None:
    calls = (call for call in calls_in(module) if getattr(call.func, "attr", "") == "without_effect")
    keys = [literal(key) for call in calls for key in call.args]
    assert not [key for key in keys if f"`{key}`" not in rows_of(module)]


@pytest.mark.parametrize("module", RESOURCES, ids=lambda path: path.stem)
def test_every_property_of_which_less_is_allowed_than_on_aws_stands_in_a_row_of_its_types(module: Path) -> None:
    limited = (call for call in calls_in(module) if any(keyword.arg == "allowed" for keyword in call.keywords))
    keys = {literal(call.args[0]) for call in limited if isinstance(call.args[0], ast.Constant)}
    assert not [key for key in keys if f"{module.stem}.{key}" not in AS_ON_AWS and f"`{key}`" not in rows_of(module)]


def test_each_row_says_what_here_and_on_aws_and_none_stands_twice() -> None:
    cells = [[cell.strip() for cell in row.strip("|").split(" | ")] for row in rows()]
    assert not [row for row in cells if len(row) != 3 or not all(row)]
    assert len({row[0] for row in cells}) == len(cells)
