"""What the page about deploying tells a stranger to type works, as far as it can be tried without an account.

The commands of the page run in a real shell. `pulumi`, `aws` and the rest are stand-ins that write down how they were
called and what they were given; that is held against the program's settings and against AWS's own service models.
"""

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore import xform_name
from botocore.validate import ParamValidator

from stacks.settings.stack import Settings
from tests.docs.pages import PAGES, Page, page
from tests.program.recording import defaults

PAGE = page("docs/deploying.md")
PASSWORD = """ Tr1cky, "quoted" 'and' back\\slashed $HOME `x` é%s """
OUTPUTS = {"region": "us-east-1", "userPoolId": "us-east-1_AbCdEfGhI", "userPoolClientId": "3n4b5urk1ft4fl3mg5e62d9ado"}
CLI_OPTIONS = {"query", "output", "region", "profile"}
"""Options of the AWS CLI itself: https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-options.html

`--cli-input-json` is left out: it reads its file twice, and the second time a pipe is empty
(https://github.com/aws/aws-cli/issues/5982)."""
AWS = re.compile(r"(?:^|\s|\$\()aws ((?!sso\b)[a-z-]+) ([a-z-]+)([^|)]*)")

STAND_IN = """#!{python}
import json, os, sys
name, arguments = os.path.basename(sys.argv[0]), sys.argv[1:]
given = sys.stdin.read() if "file:///dev/stdin" in arguments else None
with open({calls!r}, "a") as calls:
    print(json.dumps([name, arguments, given, dict(os.environ)]), file=calls)
if name == "python3" and arguments[0] == "-c":
    os.execv(sys.executable, [sys.executable, *arguments])
if arguments[:2] == ["stack", "output"]:
    print({outputs!r}.get(arguments[2], "{{}}"))
if "AuthenticationResult.AccessToken" in arguments:
    print("a-token")
"""


@dataclass(frozen=True)
class Call:
    """How a command of the page was called."""

    name: str
    arguments: list[str]
    given: str | None
    """What it read from its standard input, if it was told to."""
    environment: dict[str, str]


def block(words: str) -> str:
    """The block of shell commands on the page with these words in it."""
    (found,) = (body for body in PAGE.code("bash") if words in body)
    return found


@dataclass(frozen=True)
class Shell:
    """A folder with stand-ins for every command that the page calls."""

    folder: Path

    def prepare(self) -> None:
        commands, activate = self.folder / "bin", self.folder / ".venv" / "bin" / "activate"
        activate.parent.mkdir(parents=True)
        activate.touch()
        commands.mkdir()
        for name in ("aws", "make", "pulumi", "python3", "streamways"):
            text = STAND_IN.format(python=sys.executable, calls=str(self.folder / "calls"), outputs=OUTPUTS)
            (commands / name).write_text(text)
            (commands / name).chmod(0o755)

    def run(self, script: str, typed: str = "") -> str:
        """Run a script as a shell would that stops at the first failure; what it prints."""
        environment = {
            "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}",
            "HOME": str(self.folder),
            "LANG": "C.UTF-8",
        }
        done = subprocess.run(
            ["bash", "-eu", "-o", "pipefail", "-c", script],
            cwd=self.folder,
            env=environment,
            input=typed,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout + done.stderr

    def calls(self, name: str) -> list[Call]:
        lines = (self.folder / "calls").read_text().splitlines()
        return [call for call in (Call(*json.loads(line)) for line in lines) if call.name == name]


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    shell = Shell(tmp_path)
    shell.prepare()
    return shell


def signing_in() -> str:
    return block("read -rs") + block("admin-set-user-password") + block("admin-initiate-auth")


def request(service: str, operation: str, words: list[str], given: str | None) -> tuple[str, dict[str, Any]]:
    """Operation and parameters that the AWS CLI makes of its options; raises for what it would refuse."""
    model = botocore.session.get_session().get_service_model(service)
    name = next(each for each in model.operation_names if xform_name(each, "-") == operation)
    shape = model.operation_model(name).input_shape
    assert shape is not None
    members = {xform_name(member, "-"): member for member in shape.members}
    parameters: dict[str, Any] = {}
    while words:
        option = words.pop(0).removeprefix("--")
        if option in CLI_OPTIONS:
            words.pop(0)
            continue
        member = shape.members[members[option]]
        if member.type_name == "boolean":
            parameters[members[option]] = True
            continue
        value = words.pop(0)
        text = given if value == "file:///dev/stdin" else value
        assert text, f"there is nothing to read for --{option}"
        parameters[members[option]] = text if member.type_name == "string" else json.loads(text)
    problems = ParamValidator().validate(parameters, shape)
    assert not problems.has_errors(), problems.generate_report()
    return name, parameters


def test_the_commands_that_make_a_user_and_sign_it_in_are_what_aws_takes(shell: Shell) -> None:
    shell.run(signing_in(), f"{PASSWORD}\n")
    made = [request(*call.arguments[:2], call.arguments[2:], call.given) for call in shell.calls("aws")]
    pool, user = OUTPUTS["userPoolId"], "ada@example.com"

    assert dict(made) == {
        "AdminCreateUser": {"UserPoolId": pool, "Username": user, "MessageAction": "SUPPRESS"},
        "AdminAddUserToGroup": {"UserPoolId": pool, "Username": user, "GroupName": "pro"},
        "AdminSetUserPassword": {"UserPoolId": pool, "Username": user, "Password": PASSWORD, "Permanent": True},
        "AdminInitiateAuth": {
            "UserPoolId": pool,
            "ClientId": OUTPUTS["userPoolClientId"],
            "AuthFlow": "ADMIN_USER_PASSWORD_AUTH",
            "AuthParameters": {"USERNAME": user, "PASSWORD": PASSWORD},
        },
    }
    [race] = shell.calls("streamways")
    assert race.environment["STREAMWAYS_TOKEN"] == "a-token"


def test_the_password_is_in_no_list_of_processes_in_no_environment_and_not_on_the_screen(shell: Shell) -> None:
    printed = shell.run(signing_in(), f"{PASSWORD}\n")
    calls = [call for name in ("aws", "pulumi", "python3", "streamways") for call in shell.calls(name)]

    assert PASSWORD not in printed
    assert len(calls) >= 8
    for call in calls:
        assert not [word for word in call.arguments if PASSWORD in word or json.dumps(PASSWORD) in word], call.name
        assert not [name for name, value in call.environment.items() if PASSWORD in value], call.name


def test_the_users_are_made_in_the_account_and_the_region_of_the_stack(shell: Shell) -> None:
    shell.run(block("pulumi stack init dev") + signing_in(), f"{PASSWORD}\n")
    profiles = [call.arguments[-1] for call in shell.calls("pulumi") if "aws:profile" in call.arguments]
    for call in shell.calls("aws"):
        assert call.environment["AWS_REGION"] == OUTPUTS["region"]
        assert [call.environment["AWS_PROFILE"]] == profiles


def test_a_reader_who_pastes_a_block_pastes_nothing_into_the_password() -> None:
    # What follows on the next line of a paste is what `read` takes for typed.
    assert len(block("read -rs").splitlines()) == 1


def config_of(calls: Iterator[list[str]]) -> dict[str, str]:
    """A new stack's configuration after these arguments of `pulumi config set`, as the engine hands it to a program."""
    config: dict[str, Any] = dict(defaults())
    given: dict[str, Any] = {}
    for *options, key, value in calls:
        namespaced = key if ":" in key else f"streamways:{key}"
        if "--path" not in options:
            given[namespaced] = value
            continue
        top, *steps = [step for step in re.split(r"\.|\[|\]", namespaced) if step]
        place: Any = given
        for step, following in zip([top, *steps], steps, strict=False):
            place = _within(place, step, [] if following.isdigit() else {})
        # Texts that look like numbers become numbers, as the command line has it.
        _put(place, (steps or [top])[-1], int(value) if re.fullmatch(r"[1-9]\d*", value) else value)
    return config | {key: value if isinstance(value, str) else json.dumps(value) for key, value in given.items()}


def _within(place: Any, step: str, empty: Any) -> Any:
    if isinstance(place, list):
        return place[int(step)] if len(place) > int(step) else _put(place, step, empty)
    return place.setdefault(step, empty)


def _put(place: Any, step: str, value: Any) -> Any:
    if isinstance(place, list):
        assert int(step) == len(place), "items are added one after another"
        place.append(value)
    else:
        place[step] = value
    return value


def settings(config: dict[str, str]) -> Settings:
    def of(namespace: str) -> dict[str, str]:
        return {key.removeprefix(namespace): value for key, value in config.items() if key.startswith(namespace)}

    return Settings.read(of("streamways:"), aws=of("aws:"))


def test_the_page_deploys_with_settings_that_the_program_takes(shell: Shell) -> None:
    shell.run(block("pulumi stack init dev"))
    calls = [call.arguments for call in shell.calls("pulumi")]
    found = settings(config_of(arguments[2:] for arguments in calls if arguments[:2] == ["config", "set"]))

    assert [arguments[:2] for arguments in calls][-2:] == [["up"], ["stack", "output"]]
    assert (shell.folder / "outputs.json").exists()
    assert found.access.cors_origins == ("https://chat.example.com",)
    assert found.provider.arguments == {
        "region": "us-east-1",
        "profile": "chat-dev",
        "allowed_account_ids": ["123456789012"],
    }


def test_the_page_deploys_one_architecture_for_the_users_of_an_issuer_with_settings_that_the_program_takes(
    shell: Shell,
) -> None:
    shell.run(block("pulumi stack init dev") + block("tokenIssuer"))
    calls = [call.arguments for call in shell.calls("pulumi")]
    found = settings(config_of(arguments[2:] for arguments in calls if arguments[:2] == ["config", "set"]))

    assert found.architectures == ("function-url",)
    assert found.identity.issuer is not None
    assert found.identity.issuer.client_ids == ("https://chat.example.com/api",)


def test_a_token_of_an_issuer_that_was_pasted_reaches_the_command_that_asks(shell: Shell) -> None:
    shell.run(block("read -r -s STREAMWAYS_TOKEN") + block("streamways ask"), "a-token\n")
    [ask] = shell.calls("streamways")
    assert ask.environment["STREAMWAYS_TOKEN"] == "a-token"


def test_the_page_takes_the_protection_of_production_off_by_a_setting_that_counts(shell: Shell) -> None:
    shell.run(block("deletionProtection"))
    calls = [call.arguments for call in shell.calls("pulumi")]
    given = config_of(arguments[2:] for arguments in calls if arguments[:2] == ["config", "set"])

    assert [arguments[0] for arguments in calls] == ["config", "up", "destroy"]
    data = settings(given | {"streamways:environment": "production"}).data
    assert (data.deletion_protection, data.retain) == (False, True)


def test_every_setting_that_the_configuration_page_shows_is_taken() -> None:
    lines = "\n".join(page("docs/configuration.md").code("bash")).splitlines()
    shown = [shlex.split(line, comments=True)[3:] for line in lines if line.startswith("pulumi config set")]
    found = settings(config_of(iter(shown)))

    assert found.provider.tags == {"team": "chat"}
    assert found.provider.arguments["assume_roles"][0].role_arn == "arn:aws:iam::123456789012:role/deploy"


@pytest.mark.parametrize("source", [one for one in PAGES if one.code("bash")], ids=lambda one: one.name)
def test_every_block_of_shell_commands_can_be_parsed(source: Page) -> None:
    for body in source.code("bash"):
        done = subprocess.run(["bash", "-n"], input=body, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{done.stderr}{body}"


@pytest.mark.parametrize("source", PAGES, ids=lambda one: one.name)
def test_every_aws_command_exists_with_its_options(source: Page) -> None:
    session = botocore.session.get_session()
    for service, operation, options in (found for snippet in source.snippets for found in AWS.findall(snippet)):
        model = session.get_service_model(service)
        name = {xform_name(each, "-"): each for each in model.operation_names}.get(operation)
        assert name, f"{source.name}: aws {service} {operation}"
        shape = model.operation_model(name).input_shape
        assert shape is not None
        known = {xform_name(member, "-") for member in shape.members} | CLI_OPTIONS
        assert set(re.findall(r"--([a-z-]+)", options)) <= known, f"{source.name}: aws {service} {operation}{options}"


def test_an_idle_stack_costs_on_this_page_what_it_costs_on_the_cost_page() -> None:
    *_, together = page("docs/cost.md").table_after("What a stack costs while nobody uses it")
    assert f"about {float(together[-2].strip('*')):.2f} USD a month" in " ".join(PAGE.prose.split())
