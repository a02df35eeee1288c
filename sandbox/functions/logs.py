"""What functions write, as CloudWatch Logs would hold it: one JSON-lines file for each log group.

A line is `{"timestamp": <epoch ms>, "function": <name>, "message": <text>}`. As on AWS nothing is written when the log
group does not exist or the function's role may not write to it.
"""

import json
import logging
import secrets
import time
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from sandbox.iam.policies import role_allows
from sandbox.world import ACCOUNT_ID, Function, World

_log = logging.getLogger(__name__)

_NEEDED_ACTIONS = ("logs:CreateLogStream", "logs:PutLogEvents")


class FunctionLogs:
    """The log groups of one sandbox, as files in `directory`."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        directory.mkdir(parents=True, exist_ok=True)

    def path(self, group: str) -> Path:
        """The file of a log group (`/aws/lambda/x` → `%2Faws%2Flambda%2Fx.jsonl`); absent until it is written to."""
        return self._directory / f"{quote(group, safe='')}.jsonl"

    def write(self, group: str, function: str, message: str) -> None:
        """Append one event, stamped now."""
        event = {"timestamp": time.time_ns() // 1_000_000, "function": function, "message": message}
        with self.path(group).open("a", encoding="utf-8") as file:
            file.write(json.dumps(event, ensure_ascii=False) + "\n")


class LogStream:
    """The log stream of one environment: where its process and Lambda itself write."""

    def __init__(self, logs: FunctionLogs, world: World, function: Function) -> None:
        self.name = f"{datetime.now(UTC):%Y/%m/%d}/[{function.version}]{secrets.token_hex(16)}"
        self._logs = logs
        self._function = function
        self._open = self._may_write(world)

    def write(self, message: str) -> None:
        """Write one event. What the runtime client joined with carriage returns becomes lines again, as on AWS."""
        if self._open:
            self._logs.write(self._function.log_group, self._function.name, message.replace("\r", "\n"))

    def _may_write(self, world: World) -> bool:
        group, name = self._function.log_group, self._function.name
        if group not in world.log_groups:
            _log.warning("%s writes no log: its log group %s does not exist.", name, group)
            return False
        stream = f"arn:aws:logs:{world.region}:{ACCOUNT_ID}:log-group:{group}:log-stream:{self.name}"
        for action in _NEEDED_ACTIONS:
            if not role_allows(world, self._function.role_arn, action, stream):
                _log.warning("%s writes no log: its role %s may not %s.", name, self._function.role_arn, action)
                return False
        return True
