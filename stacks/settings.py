"""The configuration of a stack, read in one place; components get values and never ask for configuration.

Defaults are in Pulumi.yaml. Every problem is found in one run, and said in one line each.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Self, cast
from urllib.parse import urlsplit

import pulumi
from pulumi.runtime.config import CONFIG, get_config_env, is_config_secret

from shared.contract.architectures import DESCRIPTORS
from shared.contract.limits import DEADLINE_MARGIN_SECONDS
from stacks.config_reader import ConfigReader
from stacks.errors import SettingsError
from stacks.model_setting import REGION, read_model, read_model_regions
from stacks.provider_settings import ProviderSettings

FUNCTION_URL_AUTH: Final = ("NONE", "AWS_IAM")

# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
LONGEST_TIMEOUT_SECONDS = 900
# A stream is ended before its function; before that it has to say something.
SHORTEST_TIMEOUT_SECONDS = int(DEADLINE_MARGIN_SECONDS) + 2
# In milliseconds; a reader takes longer pauses for a stall.
LONGEST_INTERVAL = 1_000
MEMORY_MEGABYTES = (128, 10_240)
# The most that a model on Bedrock puts out: https://docs.aws.amazon.com/bedrock/latest/userguide/models-supported.html
MOST_OUTPUT_TOKENS = 128_000
# https://docs.aws.amazon.com/lambda/latest/api/API_Cors.html
MOST_CORS_ORIGINS = 100
# Joined by commas, in the environment of the WebSocket API's authorizer, which has 4 KB for all its variables:
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
MOST_ORIGIN_CHARACTERS = 3_000
# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
LOG_RETENTION_DAYS = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545),
    *(731, 1096, 1827, 2192, 2557, 2922, 3288, 3653),
)
NOT_RESERVED = -1
"""`reservedConcurrency` of a function that draws from the account's pool, as pulumi-aws has it."""
MOST_RESERVED = 900
"""Lambda lets an account have 1,000 by default, and keeps 100 of them for the functions that reserve nothing.

https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html
"""
# An account's own, for all of its APIs in a region:
# https://docs.aws.amazon.com/apigateway/latest/developerguide/request-throttling.html
MOST_REQUESTS_PER_SECOND = 10_000
MOST_REQUESTS_AT_ONCE = 5_000

# https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_GuardrailStreamConfiguration.html
_GUARDRAIL_ID = re.compile(r"[a-z0-9]*")
_GUARDRAIL_VERSION = re.compile(r"([1-9][0-9]{0,7}|DRAFT)?")
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True)
class Settings:
    """Everything that a stack can be told, checked. Fields are the keys of Pulumi.yaml, described there."""

    region: str
    provider: ProviderSettings
    """The keys of the namespace `aws`, the region among them."""
    architectures: tuple[str, ...]
    model: str
    model_regions: tuple[str, ...]
    """Where a geographic inference profile routes to; empty for any other model."""
    max_output_tokens: int
    timeout_seconds: int
    web_socket_interval_milliseconds: int
    app_sync_interval_milliseconds: int
    memory_megabytes: int
    log_retention_days: int
    cors_origins: tuple[str, ...]
    function_url_auth: str
    self_sign_up: bool
    cognito_endpoint: str | None
    """Without a trailing slash; None for AWS's own."""
    guardrail_id: str | None
    guardrail_version: str | None
    """Set exactly when `guardrail_id` is."""
    reserved_concurrency: int | None
    ticket_reserved_concurrency: int | None
    web_socket_requests_per_second: int
    web_socket_request_burst: int

    @classmethod
    def load(cls) -> Self:
        """The settings of the stack that runs. Raises `SettingsError`."""
        everything = cast("dict[str, str]", {**get_config_env(), **CONFIG.get()})

        def of(namespace: str) -> dict[str, str]:
            start = f"{namespace}:"
            return {key.removeprefix(start): value for key, value in everything.items() if key.startswith(start)}

        project = pulumi.get_project()
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
        region = aws.get("region", "")
        of_provider = ConfigReader("aws", aws, _without(secrets, "aws"))
        own = ConfigReader(project, values, _without(secrets, project))
        settings = cls(
            region=of_provider.matching("region", REGION, "a region of AWS's commercial partition, like us-east-1"),
            provider=ProviderSettings.read(of_provider),
            architectures=_architectures(own),
            model=read_model(own),
            model_regions=read_model_regions(own, values.get("model", ""), region),
            max_output_tokens=own.integer("maxOutputTokens", 1, MOST_OUTPUT_TOKENS),
            timeout_seconds=own.integer(
                "timeoutSeconds",
                SHORTEST_TIMEOUT_SECONDS,
                LONGEST_TIMEOUT_SECONDS,
                why=f"a stream is ended {DEADLINE_MARGIN_SECONDS:g} s before its function, and needs time to begin",
            ),
            web_socket_interval_milliseconds=own.integer("webSocketIntervalMilliseconds", 0, LONGEST_INTERVAL),
            app_sync_interval_milliseconds=own.integer("appSyncIntervalMilliseconds", 0, LONGEST_INTERVAL),
            memory_megabytes=own.integer("memoryMegabytes", *MEMORY_MEGABYTES),
            log_retention_days=own.integer_of("logRetentionDays", LOG_RETENTION_DAYS),
            cors_origins=_cors_origins(own),
            function_url_auth=own.choice("functionUrlAuth", FUNCTION_URL_AUTH),
            self_sign_up=own.boolean("selfSignUp"),
            cognito_endpoint=_cognito_endpoint(own),
            guardrail_id=own.matching("guardrailId", _GUARDRAIL_ID, "the guardrail's id, not its ARN") or None,
            guardrail_version=own.matching("guardrailVersion", _GUARDRAIL_VERSION, "a number or DRAFT") or None,
            reserved_concurrency=_reserved_concurrency(own, "reservedConcurrency"),
            ticket_reserved_concurrency=_reserved_concurrency(own, "ticketReservedConcurrency"),
            web_socket_requests_per_second=own.integer("webSocketRequestsPerSecond", 1, MOST_REQUESTS_PER_SECOND),
            web_socket_request_burst=own.integer("webSocketRequestBurst", 1, MOST_REQUESTS_AT_ONCE),
        )
        _check_guardrail(own, settings)
        _check_reservations(own, settings)
        of_provider.refuse_unknown()
        own.refuse_unknown()
        if problems := [*of_provider.problems, *own.problems]:
            raise SettingsError(problems)
        return settings


def _without(keys: Sequence[str], namespace: str) -> list[str]:
    return [key.removeprefix(f"{namespace}:") for key in keys if key.startswith(f"{namespace}:")]


def _architectures(reader: ConfigReader) -> tuple[str, ...]:
    allowed = ", ".join(DESCRIPTORS)
    chosen = reader.texts("architectures")
    for name in chosen or ():
        if name not in DESCRIPTORS:
            reader.refuse("architectures", chosen, f"{name!r} is no architecture; name one or more of {allowed}")
    if chosen == ():
        reader.refuse("architectures", chosen, f"a stack holds at least one; name one or more of {allowed}")
    return chosen or ()


def _cors_origins(reader: ConfigReader) -> tuple[str, ...]:
    key = "corsOrigins"
    origins = reader.texts(key)
    if origins is None:
        return ()
    for origin in origins:
        if "*" in origin:
            reader.refuse(key, origins, "a wildcard would let any site call the function; name each origin")
        elif not _is_origin(origin):
            reader.refuse(
                key, origins, f"{origin!r} is no origin; write scheme and host, like https://chat.example.com"
            )
    if len(origins) > MOST_CORS_ORIGINS:
        reader.refuse(key, origins, f"name at most {MOST_CORS_ORIGINS} origins")
    if (characters := len(",".join(origins))) > MOST_ORIGIN_CHARACTERS:
        reader.refuse(key, origins, f"they have {characters:,} characters; at most {MOST_ORIGIN_CHARACTERS:,} fit")
    return origins


def _is_origin(text: str) -> bool:
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return False
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return (
        parts.scheme in ("http", "https")
        and bool(host)
        and text == f"{parts.scheme}://{host}{f':{port}' if port is not None else ''}"
    )


def _cognito_endpoint(reader: ConfigReader) -> str | None:
    key = "cognitoEndpoint"
    endpoint = reader.text(key)
    if not endpoint:
        return None
    try:
        parts = urlsplit(endpoint)
    except ValueError:
        parts = urlsplit("")
    secure = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
    if not secure or not parts.hostname or parts.query or parts.fragment or endpoint.endswith("/"):
        reader.refuse(key, endpoint, "set it to an https URL without a trailing slash (http only on this machine)")
    return endpoint


def _reserved_concurrency(reader: ConfigReader, key: str) -> int | None:
    why = "Lambda keeps 100 of an account's 1,000 back; with a higher quota raise MOST_RESERVED in stacks/settings.py"
    number = reader.integer(key, NOT_RESERVED, MOST_RESERVED, why=why)
    return None if number == NOT_RESERVED else number


def _check_reservations(reader: ConfigReader, settings: Settings) -> None:
    streams, tickets = settings.reserved_concurrency or 0, settings.ticket_reserved_concurrency or 0
    if max(streams, tickets) <= MOST_RESERVED < streams + tickets:
        both = f"with reservedConcurrency it is {streams + tickets}, and {MOST_RESERVED} is the most"
        reader.refuse("ticketReservedConcurrency", tickets, both)


def _check_guardrail(reader: ConfigReader, settings: Settings) -> None:
    if settings.guardrail_id and not settings.guardrail_version:
        reader.refuse("guardrailVersion", "", f"guardrail {settings.guardrail_id} needs one; set a number or DRAFT")
    if settings.guardrail_version and not settings.guardrail_id:
        reader.refuse("guardrailId", "", f"version {settings.guardrail_version} is of no guardrail; set its id too")
