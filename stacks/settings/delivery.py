"""The settings of delivery: how often text leaves, and how many frames of clients come in."""

from dataclasses import dataclass

from stacks.settings.reader import ConfigReader

# In milliseconds; a reader takes longer pauses for a stall.
LONGEST_INTERVAL = 1_000
# An account's own, for all of its APIs in a region:
# https://docs.aws.amazon.com/apigateway/latest/developerguide/request-throttling.html
MOST_REQUESTS_PER_SECOND = 10_000
MOST_REQUESTS_AT_ONCE = 5_000


@dataclass(frozen=True)
class DeliverySettings:
    """What a transport may be asked for in a time."""

    web_socket_interval_milliseconds: int
    app_sync_interval_milliseconds: int
    web_socket_requests_per_second: int
    web_socket_request_burst: int
    web_socket_access_logs: bool

    @classmethod
    def read(cls, reader: ConfigReader) -> "DeliverySettings":
        """Take the transports' keys from `reader`; what is wrong is noted there."""
        return cls(
            web_socket_interval_milliseconds=reader.integer("webSocketIntervalMilliseconds", 0, LONGEST_INTERVAL),
            app_sync_interval_milliseconds=reader.integer("appSyncIntervalMilliseconds", 0, LONGEST_INTERVAL),
            web_socket_requests_per_second=reader.integer("webSocketRequestsPerSecond", 1, MOST_REQUESTS_PER_SECOND),
            web_socket_request_burst=reader.integer("webSocketRequestBurst", 1, MOST_REQUESTS_AT_ONCE),
            web_socket_access_logs=reader.boolean("webSocketAccessLogs"),
        )
