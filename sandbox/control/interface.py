"""The control interface of one sandbox, put together."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox.aws.bedrock import ModelEmulator
from sandbox.aws.demo_users import DemoUsers
from sandbox.control.faults import Subject, fault_routes
from sandbox.control.functions import Kill, function_routes
from sandbox.control.guard import PREFIX, Document, Guard, with_key
from sandbox.control.model import calls_route, pace_route
from sandbox.control.tokens import token_routes
from sandbox.forms import Form


@dataclass
class Control:
    """What `/_sandbox` speaks for. `users` is there once the program has a user pool."""

    key: str
    model: ModelEmulator
    request_stop: Callable[[], None]
    kill: Kill
    faults: Mapping[str, Subject] = field(default_factory=dict[str, Subject])
    """By address, for example `/connections/fault`; the model's are there by themselves."""
    ready: bool = False
    users: DemoUsers | None = None

    def routes(self) -> list[BaseRoute]:
        """The routes of an application that serves `{origin}/_sandbox`."""
        guard = with_key(self.key)
        subjects: Mapping[str, Subject] = {"/model/fault": self.model.faults, **self.faults}
        return [
            Route(f"{PREFIX}/health", self._health, methods=["GET"]),
            guard.route("POST", "/stop", self._stop, status=202),
            pace_route(guard, self.model),
            calls_route(guard, self.model),
            *token_routes(guard, lambda: self.users),
            *function_routes(guard, self.kill),
            *(route for path, subject in subjects.items() for route in fault_routes(guard, path, subject)),
        ]

    def usernames(self) -> list[str]:
        """Of the demo users."""
        return [user.username for user in self.users.all] if self.users else []

    def page_routes(self, guard: Guard) -> list[BaseRoute]:
        """Of these, what the buttons of the page need: it tells nothing of other users."""
        return [
            pace_route(guard, self.model),
            *function_routes(guard, self.kill),
            *fault_routes(guard, "/model/fault", self.model.faults),
        ]

    async def _health(self, _request: Request) -> Response:
        return JSONResponse({"ready": self.ready}, 200 if self.ready else 503)

    async def _stop(self, _form: Form) -> Document:
        self.request_stop()
        return {"stopping": True}
