"""What a stack says about alarms: whether it has them, and whom they reach."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

from stacks.settings.environments import Environment
from stacks.settings.reader import ConfigReader

_EMAIL = re.compile(r"[^@\s,;<>]+@[^@\s,;<>]+\.[^@\s,;<>.]+")


@dataclass(frozen=True)
class MonitoringSettings:
    """The keys `alarms`, `alarmEmails` and `alarmWebhooks`."""

    alarms: bool
    """Whether there are alarms and a dashboard; the environment's, unless it is set."""
    emails: tuple[str, ...]
    webhooks: tuple[str, ...]

    @classmethod
    def read(cls, reader: ConfigReader, environment: Environment) -> Self:
        """Take the keys from `reader`; what is wrong is noted there."""
        return cls(
            alarms=reader.boolean_or("alarms", environment.alarms),
            emails=_addresses(reader, "alarmEmails", _is_email, "an e-mail address, like oncall@example.com"),
            webhooks=_addresses(reader, "alarmWebhooks", _is_webhook, "an https:// URL without user and password"),
        )

    @property
    def reaches_nobody(self) -> bool:
        """Whether alarms go off that nobody is told of."""
        return self.alarms and not self.emails and not self.webhooks


def _addresses(reader: ConfigReader, key: str, good: Callable[[str], bool], allowed: str) -> tuple[str, ...]:
    given: Sequence[str] = reader.texts(key) or ()
    for number, address in enumerate(given):
        if not good(address):
            reader.refuse(f"{key}[{number}]", address, f"set it to {allowed}")
    return tuple(given)


def _is_email(text: str) -> bool:
    return _EMAIL.fullmatch(text) is not None


def _is_webhook(text: str) -> bool:
    """SNS delivers to http too; whoever listens then reads every alarm."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    clean = not re.search(r"\s", text) and parts.username is None and not parts.fragment
    return parts.scheme == "https" and bool(parts.hostname) and clean
