"""What a real engine is told when something is wrong: one line, and nothing is half-made."""

import json
import socket
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf import json_format
from google.protobuf.empty_pb2 import Empty
from google.protobuf.struct_pb2 import Struct

from sandbox.engine.protocol import plugin_pb2, provider_pb2, provider_pb2_grpc
from sandbox.errors import ResourceRefused
from sandbox.provider.servicer import Provider
from sandbox.resources.handler import Cloud
from sandbox.world import World
from tests.sandbox.resources.account import REGION, NoBackend, trust

FUNCTION = "aws:lambda/function:Function"
LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
ROLE = "aws:iam/role:Role"
SETTINGS = {"region": REGION, "defaultTags": '{"tags": {"stack": "dev"}}', "version": "7.51.1"}
SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET = "1b47061264138c4ac30d75fd1eb44270"
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"

Values = Mapping[str, Any]


def urn(type_token: str, name: str, stack: str = "dev") -> str:
    return f"urn:pulumi:{stack}::demo::{type_token}::{name}"


def struct(values: Values) -> Struct:
    return json_format.ParseDict(dict(values), Struct())


class Engine:
    """One connection of an engine that deploys `stack`."""

    def __init__(self, port: int, stack: str = "dev") -> None:
        self.stack = stack
        # A pool of its own: channels to one address share a connection otherwise, and so would be one engine.
        self._channel = grpc.insecure_channel(f"127.0.0.1:{port}", options=[("grpc.use_local_subchannel_pool", 1)])
        self.stub = provider_pb2_grpc.ResourceProviderStub(self._channel)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.stub.Handshake(
            provider_pb2.ProviderHandshakeRequest(engine_address=f"127.0.0.1:{self.listener.getsockname()[1]}")
        )

    def configure(self, settings: Values = SETTINGS) -> None:
        self.stub.Configure(
            provider_pb2.ConfigureRequest(urn=urn("pulumi:providers:aws", "own", self.stack), args=struct(settings))
        )

    def check(self, type_token: str, name: str, news: Values, olds: Values | None = None, **more: Any) -> Any:
        return self.stub.Check(
            provider_pb2.CheckRequest(
                urn=urn(type_token, name, self.stack),
                news=struct(news),
                olds=struct(olds or {}),
                **({"randomSeed": b"seed"} | more),
            )
        )

    def create(self, type_token: str, name: str, news: Values, *, preview: bool = False) -> Any:
        inputs = self.check(type_token, name, news).inputs
        return self.stub.Create(
            provider_pb2.CreateRequest(urn=urn(type_token, name, self.stack), properties=inputs, preview=preview)
        )

    def die(self) -> None:
        """As a process that is killed: nobody is told."""
        self.listener.close()
        self._channel.close()


class Account:
    """A provider on a real gRPC server; `refusal` is what the sandbox cannot serve of what was made."""

    def __init__(self) -> None:
        self.world = World(REGION, "http://127.0.0.1:9100")
        self.rests = 0
        self.refusal = ""
        self._engines: list[Engine] = []
        self._threads = ThreadPoolExecutor(4)
        self._server = grpc.server(self._threads)
        provider = Provider(Cloud(self.world, NoBackend(), Path()), self._settle, self._rest)
        provider_pb2_grpc.add_ResourceProviderServicer_to_server(provider, self._server)
        self._port = self._server.add_insecure_port("127.0.0.1:0")
        self._server.start()

    def engine(self, stack: str = "dev") -> Engine:
        engine = Engine(self._port, stack)
        self._engines.append(engine)
        return engine

    def close(self) -> None:
        for engine in self._engines:
            engine.die()
        self._server.stop(None).wait()
        self._threads.shutdown()

    def _settle(self, _type_token: str, _physical_id: str) -> None:
        if self.refusal:
            raise ResourceRefused(self.refusal)

    def _rest(self) -> None:
        self.rests += 1


@pytest.fixture
def account() -> Iterator[Account]:
    account = Account()
    yield account
    account.close()


@pytest.fixture
def engine(account: Account) -> Engine:
    engine = account.engine()
    engine.configure()
    return engine


@contextmanager
def refused(match: str, code: grpc.StatusCode = grpc.StatusCode.INVALID_ARGUMENT) -> Iterator[None]:
    with pytest.raises(grpc.RpcError, match=match) as refusal:
        yield
    assert refusal.value.code() == code  # pyright: ignore[reportAttributeAccessIssue]
    assert "\n" not in refusal.value.details()  # pyright: ignore[reportAttributeAccessIssue]


def test_an_unknown_type_is_refused_with_the_file_to_add_it_in(engine: Engine) -> None:
    with refused(r"aws:sqs/queue:Queue 'jobs': .*sandbox/resources/sqs\.py"):
        engine.check("aws:sqs/queue:Queue", "jobs", {})


def test_a_provider_of_another_package_is_refused(engine: Engine) -> None:
    with refused("a provider of the package 'aws' and not of 'random'"):
        engine.stub.CheckConfig(provider_pb2.CheckRequest(urn=urn("pulumi:providers:random", "r"), news=struct({})))
    with refused("not of 'random'"):
        engine.check("random:index/randomId:RandomId", "id", {})
    with refused("not of 'random'"):
        engine.stub.Invoke(provider_pb2.InvokeRequest(tok="random:index/f:f"))


@pytest.mark.parametrize(
    ("settings", "property_name", "reason"),
    [
        ({**SETTINGS, "region": "eu-west-1"}, "region", "region is 'eu-west-1', but this sandbox is 'us-east-1' alone"),
        ({**SETTINGS, "profile": "production"}, "profile", "profile is set, but the sandbox has one account"),
        ({"version": "7"}, "region", "region is required"),
        ({**SETTINGS, "endpoints": "[]"}, "endpoints", "endpoints: misspelt, or not emulated"),
    ],
)
def test_settings_of_another_account_fail_the_check(
    account: Account, settings: Values, property_name: str, reason: str
) -> None:
    request = provider_pb2.CheckRequest(urn=urn("pulumi:providers:aws", "own"), news=struct(settings))
    (failure,) = account.engine().stub.CheckConfig(request).failures
    assert failure.property == property_name
    assert reason in failure.reason


def test_a_provider_that_was_not_configured_checks_nothing(account: Account) -> None:
    with refused("the engine has to call Configure first"):
        account.engine().check(LOG_GROUP, "logs", {})


def test_a_failed_check_names_the_input(engine: Engine) -> None:
    (failure,) = engine.check(ROLE, "a" * 60, {"assumeRolePolicy": "{}"}).failures
    assert (failure.property, "allowed are 64" in failure.reason) == ("name", True)
    (failure,) = engine.check(LOG_GROUP, "logs", {"region": "eu-west-1"}).failures
    assert failure.property == "region"


def test_the_engines_own_names_are_taken(engine: Engine) -> None:
    naming = provider_pb2.CheckRequest.AutonamingOptions
    proposed = engine.check(LOG_GROUP, "logs", {}, autonaming=naming(proposed_name="ours"))
    assert proposed.inputs["name"] == "ours"
    (failure,) = engine.check(LOG_GROUP, "logs", {}, autonaming=naming(mode=naming.DISABLE)).failures
    assert failure.property == "name"


def test_a_name_comes_from_the_engines_seed_and_stays(engine: Engine) -> None:
    first, second = (engine.check(LOG_GROUP, "logs", {}, randomSeed=seed).inputs for seed in (b"a", b"b"))
    assert first["name"] != second["name"]
    kept = engine.check(LOG_GROUP, "logs", {}, olds=json_format.MessageToDict(first), randomSeed=b"b").inputs
    assert kept["name"] == first["name"]


def test_each_stack_has_the_tags_of_its_own_provider(account: Account, engine: Engine) -> None:
    other = account.engine("pr-7")
    other.configure({**SETTINGS, "defaultTags": '{"tags": {"stack": "pr-7"}}'})
    for one, stack in ((engine, "dev"), (other, "pr-7")):
        inputs = one.check(LOG_GROUP, "logs", {"tags": {"owner": "me"}}).inputs
        assert json_format.MessageToDict(inputs)["tagsAll"] == {"owner": "me", "stack": stack}


def test_a_second_engine_on_the_same_stack_is_refused_until_the_first_has_ended(
    account: Account, engine: Engine
) -> None:
    second = account.engine()
    with refused("another engine, at .*, deploys the stack 'dev' at this moment: wait until it has ended"):
        second.configure()
    engine.stub.Cancel(Empty())
    second.configure()
    assert second.check(LOG_GROUP, "logs", {}).inputs["name"]


def test_an_engine_that_was_killed_holds_nobody_up(account: Account, engine: Engine) -> None:
    engine.die()
    account.engine().configure()


def test_what_a_killed_engine_had_made_is_a_conflict_where_the_name_is_given(account: Account, engine: Engine) -> None:
    engine.create(LOG_GROUP, "logs", {"name": "/own", "retentionInDays": 7})
    engine.die()
    again = account.engine()
    again.configure()
    with refused("ResourceAlreadyExistsException: the log group '/own' exists already"):
        again.create(LOG_GROUP, "logs", {"name": "/own", "retentionInDays": 14})
    assert account.world.log_groups == {"/own": 7}


@pytest.mark.parametrize("news", [{"retentionInDays": 8}, {"retentionInDay": 7}])
def test_a_refused_creation_leaves_nothing(account: Account, engine: Engine, news: Values) -> None:
    with refused(f"{LOG_GROUP} 'logs': retentionInDay"):
        engine.create(LOG_GROUP, "logs", news)
    assert account.world.log_groups == {}


def test_what_the_sandbox_cannot_serve_is_taken_back(account: Account, engine: Engine) -> None:
    account.refusal = "no such layer"
    with refused("no such layer"):
        engine.create(LOG_GROUP, "logs", {})
    assert account.world.log_groups == {}
    account.refusal = ""
    inputs = {"name": "/own", "retentionInDays": 7}
    engine.create(LOG_GROUP, "logs", inputs)
    account.refusal = "no such layer"
    old = engine.check(LOG_GROUP, "logs", inputs).inputs
    new = engine.check(LOG_GROUP, "logs", {**inputs, "retentionInDays": 14}).inputs
    with refused("no such layer"):
        engine.stub.Update(
            provider_pb2.UpdateRequest(id="/own", urn=urn(LOG_GROUP, "logs"), old_inputs=old, olds=old, news=new)
        )
    assert account.world.log_groups == {"/own": 7}


def test_what_is_gone_is_deleted_without_a_word_and_not_updated(account: Account, engine: Engine) -> None:
    created = engine.create(LOG_GROUP, "logs", {"name": "/own"})
    inputs = engine.check(LOG_GROUP, "logs", {"name": "/own"}).inputs
    account.world.log_groups.clear()
    read = provider_pb2.ReadRequest(id="/own", urn=urn(LOG_GROUP, "logs"), inputs=inputs, properties=created.properties)
    assert engine.stub.Read(read).id == ""
    with refused("there is no /own any more: run `pulumi refresh`"):
        engine.stub.Update(
            provider_pb2.UpdateRequest(id="/own", urn=urn(LOG_GROUP, "logs"), old_inputs=inputs, news=inputs)
        )
    engine.stub.Delete(provider_pb2.DeleteRequest(id="/own", urn=urn(LOG_GROUP, "logs"), old_inputs=inputs))


def test_an_import_is_refused(engine: Engine) -> None:
    with refused("reads an existing resource"):
        engine.stub.Read(provider_pb2.ReadRequest(id="/theirs", urn=urn(LOG_GROUP, "logs")))


def test_a_difference_without_old_inputs_is_called_unknown(engine: Engine) -> None:
    request = provider_pb2.DiffRequest(id="/own", urn=urn(LOG_GROUP, "logs"), news=struct({"name": "/own"}))
    assert engine.stub.Diff(request).changes == provider_pb2.DiffResponse.DIFF_UNKNOWN


def test_secrets_stay_secret_and_reach_the_handler_plain(account: Account, engine: Engine) -> None:
    secret = {SIGNATURE: SECRET, "value": trust("lambda.amazonaws.com")}
    created = engine.create(ROLE, "role", {"assumeRolePolicy": secret})
    assert json_format.MessageToDict(created.properties)["assumeRolePolicy"] == secret
    (role,) = account.world.roles.values()
    assert role.trust_policy == json.loads(trust("lambda.amazonaws.com"))


def test_an_update_that_is_only_foreseen_changes_nothing_and_knows_what_stays(account: Account, engine: Engine) -> None:
    created = engine.create(LOG_GROUP, "logs", {"name": "/own"})
    old = engine.check(LOG_GROUP, "logs", {"name": "/own"}).inputs
    new = engine.check(LOG_GROUP, "logs", {"name": "/own", "retentionInDays": 14}).inputs
    foreseen = engine.stub.Update(
        provider_pb2.UpdateRequest(
            id="/own", urn=urn(LOG_GROUP, "logs"), old_inputs=old, olds=created.properties, news=new, preview=True
        )
    )
    assert account.world.log_groups == {"/own": None}
    assert foreseen.properties["arn"] == created.properties["arn"]
    assert foreseen.properties["retentionInDays"] == 14


def test_a_foreseen_update_of_a_function_leaves_its_next_version_unknown(account: Account, engine: Engine) -> None:
    """So the preview shows that the alias moves."""
    old = engine.check(FUNCTION, "worker", {"name": "worker", "publish": True}).inputs
    new = engine.check(FUNCTION, "worker", {"name": "worker", "publish": True, "timeout": 9}).inputs
    request = provider_pb2.DiffRequest(id="worker", urn=urn(FUNCTION, "worker"), old_inputs=old, olds=old, news=new)
    assert "arn" in (stables := engine.stub.Diff(request).stables)
    assert "version" not in stables
    foreseen = engine.stub.Update(
        provider_pb2.UpdateRequest(
            id="worker", urn=urn(FUNCTION, "worker"), old_inputs=old, olds=struct({"arn": "a"}), news=new, preview=True
        )
    )
    assert (foreseen.properties["arn"], foreseen.properties["version"]) == ("a", UNKNOWN)
    assert account.world.functions == {}


def test_a_creation_that_is_only_foreseen_has_unknown_outputs(account: Account, engine: Engine) -> None:
    foreseen = engine.create(LOG_GROUP, "logs", {"retentionInDays": UNKNOWN}, preview=True)
    assert foreseen.id == ""
    assert foreseen.properties["arn"] == foreseen.properties["retentionInDays"] == UNKNOWN
    assert account.world.log_groups == {}


def test_the_end_of_an_engine_is_told(account: Account, engine: Engine) -> None:
    engine.stub.Cancel(Empty())
    assert account.rests == 1


def test_an_engine_of_an_older_protocol_attaches_by_its_address(account: Account) -> None:
    engine = account.engine()
    engine.stub.Attach(plugin_pb2.PluginAttach(address="127.0.0.1:1"))
    engine.configure()
    assert engine.stub.GetPluginInfo(Empty()).version.startswith("7.")
    answer = engine.stub.Invoke(provider_pb2.InvokeRequest(tok="aws:index/getCallerIdentity:getCallerIdentity"))
    assert json_format.MessageToDict(answer)["return"]["accountId"] == "000000000000"
