"""What a function writes to its log: Powertools' JSON lines and the embedded metrics."""

import io
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest


class Logs:
    """Everything that was written so far."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self.stream = io.StringIO()
        self._capsys = capsys

    @property
    def text(self) -> str:
        """As it went to stdout and stderr, in no order between loggers and others."""
        printed = self._capsys.readouterr()
        self.stream.write(printed.out + printed.err)
        return self.stream.getvalue()

    def lines(self, message: str) -> list[dict[str, Any]]:
        """The log lines with this message."""
        return [line for line in self._objects() if line.get("message") == message]

    def metrics(self) -> list[dict[str, Any]]:
        """The records in CloudWatch's embedded metric format."""
        return [line for line in self._objects() if "_aws" in line]

    def _objects(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.splitlines()]


@pytest.fixture
def logs(capsys: pytest.CaptureFixture[str]) -> Iterator[Logs]:
    """Catches stdout, also that of loggers that were made with the stdout of an earlier time."""
    caught = Logs(capsys)
    with _loggers_write_to(caught.stream):
        yield caught


@contextmanager
def _loggers_write_to(stream: io.StringIO) -> Iterator[None]:
    loggers = [each for each in logging.root.manager.loggerDict.values() if isinstance(each, logging.Logger)]
    handlers = {id(handler): handler for each in loggers for handler in each.handlers}
    streams = [each for each in handlers.values() if type(each) is logging.StreamHandler]
    before = [handler.setStream(stream) for handler in streams]
    yield
    for handler, old in zip(streams, before, strict=True):
        handler.setStream(old)
