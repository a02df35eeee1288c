"""Numbers that two sides must have alike: the code that keeps them, and the program or the clients that rely on them.

A number that one module alone knows stays there, and so does how long something is kept.
"""

from typing import Final

START_WITHIN_SECONDS: Final = 60
"""A stream that no worker has begun after this is not worth beginning; Lambda drops its event at the same age."""
DEADLINE_MARGIN_SECONDS: Final = 3.0
"""What is kept of a function's time to book its stream and deliver the end: a stream ends so long before it."""
KEEP_ALIVE_SECONDS: Final = 15.0
"""After so much silence of the model a client gets a sign of life: CloudFront and other proxies give up after 30 s.

https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/DownloadDistValuesOrigin.html#DownloadDistValuesOriginResponseTimeout
"""
MAX_PART_BYTES: Final = 100 * 1024
"""A part is at most this long as serialised UTF-8: it fits in one frame or publish of every transport."""
MAX_REQUEST_BYTES: Final = 512 * 1024
"""The body of an HTTP request. API Gateway and AppSync have limits of their own."""
MAX_MESSAGE_BYTES: Final = 300 * 1024
"""One message, as JSON in UTF-8: an item of the table holds 400 KB.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html#limits-items
"""
MODEL_ATTEMPTS: Final = 4
"""How often the model is asked in all, while it refuses for load."""
PAGE_ENTRIES: Final = 50
"""Chats, or invitations, in a page of a list: so many fit into one frame of a WebSocket (128 KB), whatever their
titles."""
INVITATIONS_AN_HOUR: Final = 30
"""Invitations that a user sends in an hour, to all users and chats together."""
TICKET_SECONDS: Final = 30
"""How long a ticket is good: the time from getting it to opening the socket, on a bad line."""
CONNECTION_SECONDS: Final = 2 * 3600
"""API Gateway closes a WebSocket connection of this age
(https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html)."""
SECRET_MAX_AGE_SECONDS: Final = 300
"""How long a function keeps the value of a secret: one that is busy all day then asks for a third of a cent."""
