"""The settings of alarms: the environment decides unless the stack says so, and each address is one."""

import json

import pytest

from stacks.settings.environments import PREVIEW, PRODUCTION, Environment
from stacks.settings.monitoring import MonitoringSettings
from stacks.settings.reader import ConfigReader

NONE = {"alarms": "", "alarmEmails": "[]", "alarmWebhooks": "[]"}


def read(
    environment: Environment = PREVIEW, secret: tuple[str, ...] = (), **given: object
) -> tuple[MonitoringSettings, list[str]]:
    values = {key: value if isinstance(value, str) else json.dumps(value) for key, value in given.items()}
    reader = ConfigReader("streamways", {**NONE, **values}, secret)
    return MonitoringSettings.read(reader, environment), reader.problems


@pytest.mark.parametrize(
    ("environment", "alarms", "expected"),
    [(PRODUCTION, "", True), (PREVIEW, "", False), (PRODUCTION, "false", False), (PREVIEW, "true", True)],
)
def test_an_empty_setting_means_what_the_environment_says(
    environment: Environment, alarms: str, expected: bool
) -> None:
    settings, problems = read(environment, alarms=alarms)
    assert (settings.alarms, problems) == (expected, [])


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"alarms": "yes"}, 'alarms is "yes": set it to true or false, or leave it empty'),
        ({"alarmEmails": ["oncall"]}, 'alarmEmails[0] is "oncall": set it to an e-mail address'),
        ({"alarmEmails": ["a@example.com, b@example.com"]}, "alarmEmails[0] is"),
        ({"alarmEmails": "a@example.com"}, "set it to a list, item by item"),
        ({"alarmEmails": ["a@example.com", "a@example.com"]}, "name a@example.com once"),
        ({"alarmWebhooks": ["https://x.example", "http://x.example"]}, "alarmWebhooks[1] is"),
        ({"alarmWebhooks": ["https://user:key@x.example"]}, "without user and password"),
        ({"alarmWebhooks": ["https://x.example/a b"]}, "set it to an https:// URL"),
        ({"alarmWebhooks": ["https://["]}, "set it to an https:// URL"),
    ],
)
def test_a_wrong_value_is_one_line(given: dict[str, object], words: str) -> None:
    [problem] = read(**given)[1]
    assert words in problem
    assert "\n" not in problem


def test_a_secret_is_in_no_message() -> None:
    twice = ["https://x.example/s3cr3t"] * 2
    [problem] = read(secret=("alarmWebhooks",), alarmWebhooks=twice)[1]
    assert problem == "streamways:alarmWebhooks is (secret): name each once."


def test_alarms_without_an_address_reach_nobody() -> None:
    assert read(alarms="true")[0].reaches_nobody
    assert not read(alarms="true", alarmEmails=["a@example.com"])[0].reaches_nobody
    assert not read(alarms="false")[0].reaches_nobody
