"""Real Pulumi programs, unmodified, in a process of their own against the monitor."""

import asyncio
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent

import pytest

from sandbox.engine.changes import Changes
from sandbox.engine.deployment import deploy
from sandbox.engine.launch import Job, ProgramProcess
from sandbox.engine.project import configure, load
from sandbox.engine.resource import Deployment, Resource
from sandbox.errors import DeploymentFailed, ServiceFailed
from tests.sandbox.engine.monitoring import monitoring
from tests.sandbox.resources.account import Account, trust

PULUMI_YAML = """
name: demo
runtime: python
main: program/
config:
  aws:region: {value: us-east-1}
  pulumi:disable-default-providers: {value: [aws]}
  greeting: {type: string, default: hello}
"""


class Workshop:
    """A project in an empty folder, and the account that it is deployed to."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.messages: list[str] = []
        self.log = folder / "program.log"
        (folder / "program").mkdir()
        (folder / "Pulumi.yaml").write_text(PULUMI_YAML)
        self.account = Account(folder / "program")
        self.settled: list[str] = []
        """The names of types after whose changes something was to follow, as they came."""
        self.refusal = ""

    async def deploy(self, source: str, config: Mapping[str, str] | None = None) -> Deployment:
        """Into the account as it is; what an earlier program made is not this one's."""
        return await self._deploy(source, config or {}, {})

    async def deploy_again(self, source: str) -> Deployment:
        """The same program after an edit."""
        deployment = await self._deploy(source, {}, self._deployed.resources)
        self.changes.complete(deployment.resources)
        return deployment

    async def _deploy(self, source: str, config: Mapping[str, str], before: Mapping[str, Resource]) -> Deployment:
        (self.folder / "program" / "__main__.py").write_text(dedent(source))
        project = load(self.folder)
        settings = configure(project, "dev", config)
        process = ProgramProcess(self.log)
        self.changes = Changes(self.account.cloud, before, self._settle)
        await process.start()
        try:
            self._deployed = await deploy(
                project, "dev", settings, self.changes, process, on_message=self.messages.append
            )
        finally:
            await process.stop()
        self.files = process.files()
        return self._deployed

    def _settle(self, type_token: str, _physical_id: str) -> None:
        self.settled.append(type_token.rpartition(":")[2])
        if self.settled[-1] == self.refusal:
            raise ServiceFailed("it cannot run here")

    async def failure(self, source: str) -> str:
        with pytest.raises(DeploymentFailed) as failure:
            await self.deploy(source)
        line = str(failure.value)
        assert "\n" not in line
        assert "Traceback" not in line
        return line.removeprefix("the program failed: ")


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    return Workshop(tmp_path)


PROGRAM = """
from pathlib import Path
import pulumi
import pulumi_aws as aws
from beside import greet

class Part(pulumi.ComponentResource):
    def __init__(self, name, opts):
        super().__init__("demo:index:Part", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        role = aws.iam.Role(f"{name}-role", assume_role_policy=TRUST, opts=child)
        self.function = aws.lambda_.Function(
            name,
            role=role.arn,
            handler="handler.handler",
            runtime="python3.13",
            code=pulumi.FileArchive("code.zip"),
            environment=aws.lambda_.FunctionEnvironmentArgs(variables={"KEY": pulumi.Output.secret("hush")}),
            opts=pulumi.ResourceOptions(parent=self, protect=True),
        )
        self.register_outputs({})

own = aws.Provider(
    "own",
    region=pulumi.Config("aws").require("region"),
    default_tags=aws.ProviderDefaultTagsArgs(tags={"stack": pulumi.get_stack()}),
)
part = Part("part", pulumi.ResourceOptions(providers=[own]))
account = aws.get_caller_identity_output(opts=pulumi.InvokeOutputOptions(provider=own)).account_id
pulumi.log.info(greet(pulumi.Config().require("greeting")))
pulumi.export("arn", part.function.arn)
pulumi.export("environment", part.function.environment.variables)
pulumi.export("tags", part.function.tags_all)
pulumi.export("account", account)
pulumi.export("here", str(Path.cwd()))
"""


async def test_a_program_with_components_secrets_and_packages_is_deployed(workshop: Workshop) -> None:
    workshop.account.package("code.zip")
    (workshop.folder / "program" / "beside.py").write_text("def greet(word): return f'{word} from the program'\n")
    source = PROGRAM.replace("TRUST", repr(trust("lambda.amazonaws.com")))
    deployment = await workshop.deploy(source, {"greeting": "good day"})

    (function,) = workshop.account.world.functions.values()
    assert function.environment == {"KEY": "hush"}
    assert deployment.outputs == {
        "arn": function.arn,
        "environment": {"KEY": "hush"},
        "tags": {"stack": "dev"},
        "account": "000000000000",
        "here": str((workshop.folder / "program").resolve()),
    }
    assert deployment.secret_outputs == {"environment"}
    assert workshop.messages == ["good day from the program"]
    registered = {resource.name: resource for resource in deployment.resources.values()}
    assert registered["part-role"].parent.endswith("demo:index:Part::part")
    functions = [resource for resource in deployment.resources.values() if resource.type.endswith(":Function")]
    assert [resource.urn.split("::")[2] for resource in functions] == ["demo:index:Part$aws:lambda/function:Function"]
    assert functions[0].protect
    assert functions[0].secrets == {"environment"}
    assert functions[0].dependencies == {registered["part-role"].urn}


async def test_an_unknown_resource_type_is_one_line_that_names_the_file_to_add_it_in(workshop: Workshop) -> None:
    line = await workshop.failure(
        """
        import pulumi
        import pulumi_aws as aws
        own = aws.Provider("own", region="us-east-1")
        aws.iam.InstanceProfile("p", opts=pulumi.ResourceOptions(provider=own))
        """
    )
    assert line == (
        "aws:iam/instanceProfile:InstanceProfile 'p': the sandbox has no resource handler for this type: "
        "add one to sandbox/resources/iam.py"
    )
    assert "Traceback" in workshop.log.read_text()


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ('raise LookupError("\\n".join(["two", "lines"]))', "LookupError: two lines (__main__.py, line 1)"),
        ("import pulumi; pulumi.Config().require('no')", "Missing required configuration variable 'demo:no'"),
        ("def broken(:", "SyntaxError: invalid syntax (__main__.py, line 1)"),
    ],
)
async def test_a_program_that_fails_says_so_in_one_line(workshop: Workshop, source: str, line: str) -> None:
    assert (await workshop.failure(source)).startswith(line)
    assert "Traceback" in workshop.log.read_text()


async def test_an_error_class_of_the_programs_own_speaks_for_itself(workshop: Workshop) -> None:
    source = 'class SettingsError(Exception): ...\nraise SettingsError("architectures is empty:\\n name one")'
    assert await workshop.failure(source) == "architectures is empty: name one"


async def test_a_program_that_ends_without_a_word_is_pointed_at_by_its_log(workshop: Workshop) -> None:
    with pytest.raises(DeploymentFailed, match=r"exit code 3; see .*program\.log"):
        await workshop.deploy("import os; os._exit(3)")


async def test_nothing_of_the_callers_aws_or_pulumi_reaches_the_program(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = workshop.folder / "aws-config"
    config.write_text(
        "[profile production]\naws_access_key_id = AKIAREAL\naws_secret_access_key = real\nregion = eu-west-1\n"
    )
    for name, value in {
        "AWS_ACCESS_KEY_ID": "AKIAREAL",
        "AWS_SECRET_ACCESS_KEY": "real",
        "AWS_SESSION_TOKEN": "real",
        "AWS_PROFILE": "production",
        "AWS_CONFIG_FILE": str(config),
        "AWS_SHARED_CREDENTIALS_FILE": str(config),
        "AWS_ENDPOINT_URL": "https://example.com",
        "PULUMI_CONFIG": json.dumps({"demo:leaked": "yes"}),
        "PULUMI_ACCESS_TOKEN": "real",
        "KEPT": "yes",
        "http_proxy": "http://127.0.0.1:1",
        "https_proxy": "http://127.0.0.1:1",
    }.items():
        monkeypatch.setenv(name, value)
    deployment = await workshop.deploy(
        """
        import os, boto3, pulumi
        foreign = {k: v for k, v in os.environ.items() if k.startswith(("AWS_", "PULUMI_")) or k == "KEPT"}
        pulumi.export("environment", foreign)
        session = boto3.Session()
        pulumi.export("profiles", session.available_profiles)
        pulumi.export("credentials", session.get_credentials() is not None)
        pulumi.export("region", str(session.region_name))
        pulumi.export("leaked", str(pulumi.Config().get("leaked")))
        """
    )
    assert deployment.outputs == {
        "environment": {
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "KEPT": "yes",
        },
        "profiles": [],
        "credentials": False,
        "region": "None",
        "leaked": "None",
    }


async def test_a_program_that_is_cancelled_ends_with_everything_that_it_started(workshop: Workshop) -> None:
    connected, gone = asyncio.Event(), asyncio.Event()

    async def watch(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connected.set()
        await reader.read()
        gone.set()
        writer.close()

    server = await asyncio.start_server(watch, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    child = f"import socket; socket.create_connection(('127.0.0.1', {port})).recv(1)"
    source = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    deploying = asyncio.create_task(workshop.deploy(source))
    async with server, asyncio.timeout(20):
        await connected.wait()
        deploying.cancel()
        await asyncio.wait([deploying])
        await gone.wait()
    assert deploying.cancelled()


async def test_a_program_is_made_of_its_modules_and_of_what_it_reads(workshop: Workshop) -> None:
    program = workshop.folder / "program"
    texts = {
        "beside.py": "",
        "unused.py": "",
        "schema/types.graphql": "type Query { a: Int }",
        "functions/handler.py": "",
        ".cache/kept.txt": "kept",
    }
    for name, text in texts.items():
        (program / name).parent.mkdir(exist_ok=True)
        (program / name).write_text(text)
    (workshop.folder / "uv.lock").write_text("locked")
    await workshop.deploy(
        """
        from pathlib import Path
        import pulumi
        import beside
        for name in ("schema/types.graphql", "functions/handler.py", ".cache/kept.txt", "../uv.lock", "/etc/hosts"):
            Path(name).read_text()
        Path("schema/made.txt").write_text("made")
        Path("schema/made.txt").read_text()
        """
    )
    assert workshop.files == {program / name for name in ("__main__.py", "beside.py", "schema/types.graphql")}


async def test_a_program_ends_when_the_sandbox_is_gone(workshop: Workshop) -> None:
    source = workshop.folder / "program" / "__main__.py"
    source.write_text("import threading, pulumi; pulumi.log.info('running'); threading.Event().wait()")
    loop, running = asyncio.get_running_loop(), asyncio.Event()
    read, write = os.pipe()
    with monitoring(
        workshop.account, Deployment("demo", "dev"), lambda _: loop.call_soon_threadsafe(running.set)
    ) as address:
        command = (sys.executable, "-P", "-m", "sandbox.engine.program")
        process = await asyncio.create_subprocess_exec(*command, stdin=read)
        os.close(read)
        job = Job(
            "demo",
            "dev",
            str(workshop.folder),
            str(source.parent),
            address,
            {},
            (),
            str(workshop.folder / "files.json"),
        )
        os.write(write, job.to_line().encode())
        async with asyncio.timeout(20):
            await running.wait()
            os.close(write)
            assert await process.wait() == 1
