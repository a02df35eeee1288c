"""What Lambda itself writes to the log of an invocation.

https://docs.aws.amazon.com/lambda/latest/dg/python-logging.html
"""

import math
import time
from datetime import UTC, datetime

from sandbox.functions.environment import Environment
from sandbox.functions.errors import FunctionFailed


class Report:
    """The lines of one invocation: START when it is made, END and REPORT when it is written."""

    def __init__(self, environment: Environment, request_id: str) -> None:
        self.failure: FunctionFailed | None = None
        self._environment = environment
        self._request_id = request_id
        self._began = time.monotonic()
        self._duration_ms = 0.0
        self._peak: int | None = None
        environment.log.write(f"START RequestId: {request_id} Version: {environment.function.version}")

    def measure(self) -> None:
        """Take the figures, while the process is there."""
        self._duration_ms = (time.monotonic() - self._began) * 1000
        if self._environment.started:
            self._peak = self._environment.process.peak_memory_megabytes()

    def write(self) -> None:
        """Write the END and REPORT lines. The INIT phase is billed too (since 2025-08-01)."""
        log, environment = self._environment.log, self._environment
        init_ms, environment.init_ms = environment.init_ms, None
        failure = None if self.failure is None or self.failure.reusable else self.failure
        if failure is not None and failure.status == "timeout":
            now = datetime.now(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00")
            seconds = environment.function.timeout_seconds
            log.write(f"{now}Z {self._request_id} Task timed out after {seconds:.2f} seconds")
        log.write(f"END RequestId: {self._request_id}")
        fields = [
            f"REPORT RequestId: {self._request_id}",
            f"Duration: {self._duration_ms:.2f} ms",
            f"Billed Duration: {math.ceil(self._duration_ms + (init_ms or 0))} ms",
            f"Memory Size: {environment.function.memory_megabytes} MB",
        ]
        if self._peak is not None:
            fields.append(f"Max Memory Used: {self._peak} MB")
        if init_ms is not None:
            fields.append(f"Init Duration: {init_ms:.2f} ms")
        if failure is not None:
            fields.append(f"Status: {failure.status}")
            if failure.status == "error":
                fields.append(f"Error Type: {failure.document.get('errorType')}")
        log.write("\t".join(fields))
