"""The configuration of a stack, read in one place; components get values and never ask for configuration.

Each subject has a class and a reader of its own beside this module. Defaults are in Pulumi.yaml; those that depend on
the environment are in `environments`. Every problem is found in one run, and said in one line each.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self, cast

import pulumi
from pulumi.runtime.config import CONFIG, get_config_env, is_config_secret

from shared.contract.architectures import DESCRIPTORS
from stacks.errors import SettingsError
from stacks.settings.access import AccessSettings
from stacks.settings.boundary import read_boundary
from stacks.settings.credits import read_credits
from stacks.settings.data import DataSettings
from stacks.settings.delivery import DeliverySettings
from stacks.settings.domains import DomainSettings
from stacks.settings.environments import ENVIRONMENTS, PREVIEW, Environment
from stacks.settings.functions import FunctionSettings
from stacks.settings.identity import IdentitySettings
from stacks.settings.identity_pool import IdentityPoolSetting
from stacks.settings.limits import read_limits
from stacks.settings.model import REGION, ModelSettings
from stacks.settings.monitoring import MonitoringSettings
from stacks.settings.page import read_page
from stacks.settings.provider import ProviderSettings
from stacks.settings.reader import ConfigReader
from stacks.settings.table import ExistingTable, read_table
from stacks.settings.warm import check_warm
from stacks.settings.web_acls import WebAclSettings
from stacks.stack_names import AUTONAMING, check_stack_name


@dataclass(frozen=True)
class Settings:
    """Everything that a stack can be told, checked; `Pulumi.yaml` describes each key."""

    region: str
    provider: ProviderSettings
    """The keys of the namespace `aws`, the region among them."""
    environment: Environment
    architectures: tuple[str, ...]
    data: DataSettings
    model: ModelSettings
    functions: FunctionSettings
    delivery: DeliverySettings
    access: AccessSettings
    identity: IdentitySettings
    identity_pool: IdentityPoolSetting
    limits: str
    """What differs from the limits of the tiers, as JSON; empty where nothing does."""
    credits: str
    """How credits are counted, as JSON; empty where they are not."""
    table: ExistingTable | None
    """None for a table that the stack makes."""
    page: bool
    """Whether the stack serves the web page."""
    domains: DomainSettings
    web_acls: WebAclSettings
    monitoring: MonitoringSettings
    """The keys that begin with `alarm`."""
    permissions_boundary: str | None

    @classmethod
    def load(cls) -> Self:
        """The settings of the stack that runs. Raises `SettingsError`."""
        everything = cast("dict[str, str]", {**get_config_env(), **CONFIG.get()})

        def of(namespace: str) -> dict[str, str]:
            start = f"{namespace}:"
            return {key.removeprefix(start): value for key, value in everything.items() if key.startswith(start)}

        project = pulumi.get_project()
        if AUTONAMING in everything:
            check_stack_name(project, pulumi.get_stack())
        secrets = [key for key in everything if is_config_secret(key)]
        return cls.read(of(project), aws=of("aws"), project=project, secrets=secrets)

    @classmethod
    def read(
        cls,
        values: Mapping[str, str],
        *,
        aws: Mapping[str, str],
        project: str = "streamways",
        secrets: Sequence[str] = (),
    ) -> Self:
        """Check `values`, by key without the project, as Pulumi hands them over: text, with JSON for a list.

        `aws` are the provider's, by key without `aws:`; `secrets` are whole keys, whose values no message shows.
        Raises `SettingsError` with all problems.
        """
        of_provider = ConfigReader("aws", aws, _without(secrets, "aws"))
        own = ConfigReader(project, values, _without(secrets, project))
        region = of_provider.matching("region", REGION, "a region of AWS's commercial partition, like us-east-1")
        environment = _environment(own)
        architectures = _architectures(own)
        page = read_page(own)
        access = AccessSettings.read(own, environment, page)
        identity = IdentitySettings.read(own, region)
        model = ModelSettings.read(own, region)
        domains = DomainSettings.read(own, region, architectures, access, page)
        settings = cls(
            region=region,
            provider=ProviderSettings.read(of_provider),
            environment=environment,
            architectures=architectures,
            data=DataSettings.read(own, environment),
            model=model,
            functions=FunctionSettings.read(own, environment),
            delivery=DeliverySettings.read(own),
            access=access,
            identity=identity,
            identity_pool=IdentityPoolSetting.read(own, access, identity, architectures),
            limits=read_limits(own),
            credits=read_credits(own, model.id),
            table=read_table(own, region),
            page=page,
            domains=domains,
            web_acls=WebAclSettings.read(own, region, architectures, domains),
            monitoring=MonitoringSettings.read(own, environment),
            permissions_boundary=read_boundary(own),
        )
        settings.identity.check_architectures(own, settings.architectures)
        check_warm(own, settings.functions, settings.architectures)
        of_provider.refuse_unknown()
        own.refuse_unknown()
        if problems := [*of_provider.problems, *own.problems]:
            raise SettingsError(problems)
        return settings


def _without(keys: Sequence[str], namespace: str) -> list[str]:
    return [key.removeprefix(f"{namespace}:") for key in keys if key.startswith(f"{namespace}:")]


def _environment(reader: ConfigReader) -> Environment:
    """One that does not exist is noted, and stands for the one that refuses least: one mistake, one line."""
    return ENVIRONMENTS.get(reader.choice("environment", tuple(ENVIRONMENTS)), PREVIEW)


def _architectures(reader: ConfigReader) -> tuple[str, ...]:
    allowed = ", ".join(DESCRIPTORS)
    chosen = reader.texts("architectures")
    for name in chosen or ():
        if name not in DESCRIPTORS:
            reader.refuse("architectures", chosen, f"{name!r} is no architecture; name one or more of {allowed}")
    if chosen == ():
        reader.refuse("architectures", chosen, f"a stack holds at least one; name one or more of {allowed}")
    return chosen or ()
