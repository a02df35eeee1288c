"""A function URL that stands behind CloudFront: a request that came another way is refused before it is read.

https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/add-origin-custom-headers.html
"""

import os
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from handlers.http.app import READINESS_PATH
from handlers.http.refusal import refusal
from shared.contract.environment import Variable
from shared.contract.transports import ORIGIN_SECRET_HEADER
from shared.errors import Forbidden, StreamwaysError

if TYPE_CHECKING:
    from shared.secrets.secret import Secret


class FromOrigin:
    """An app that only requests with the secret reach."""

    def __init__(self, app: ASGIApp, secret: "Secret") -> None:
        self._app = app
        self._secret = secret

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Lets the Web Adapter's readiness check pass, which comes from this machine and finds out nothing."""
        if scope["type"] == "http" and scope["path"] != READINESS_PATH:
            try:
                await run_in_threadpool(self._check, Request(scope).headers.getlist(ORIGIN_SECRET_HEADER))
            except StreamwaysError as error:
                await refusal(error)(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _check(self, given: list[str]) -> None:
        if len(given) != 1 or not given[0] or not self._secret.accepts(given[0]):
            raise Forbidden(
                "This address is not the one that clients use. Send requests to the deployment's own domain."
            )


def behind_its_origin(app: ASGIApp) -> ASGIApp:
    """The app as it is, unless `ORIGIN_SECRET_ARN` names a secret."""
    arn = os.environ.get(Variable.ORIGIN_SECRET_ARN)
    if arn is None:
        return app
    # What reads secrets is imported by those functions alone that have one: it would hold up every cold start.
    from shared.secrets.secret import Secret

    return FromOrigin(app, Secret.of(arn))
