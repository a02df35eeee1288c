"""The configuration that a program gets in a sandbox: its stack's own, with what only the sandbox can say."""

import json
from collections.abc import Mapping
from typing import Final

from sandbox.engine.project import Config, Project, configure
from sandbox.errors import ProjectError
from shared.contract.policy import MOST_CONCURRENT_STREAMS
from shared.contract.tiers import Tier
from stacks.settings.environments import PREVIEW

DEVELOPMENT_SERVER = "http://localhost:5173"
"""Origin of the pages that Vite serves: they may call a sandbox, and nothing on AWS unless somebody says so."""
LIMITS: Final = {
    tier: {"requestsPerHour": 100_000, "concurrentStreams": MOST_CONCURRENT_STREAMS}
    for tier in (Tier.PRO, Tier.ENTERPRISE)
}
"""The users of these tiers measure and test: a suite starts more in a minute than a person in a day. The free user of a
sandbox is limited as on AWS."""
BEFORE_THE_STACK: Final = {"identityStack": "stack", "userPoolId": "user pool", "streamsTable": "table"}
"""Settings that name what is there before the program runs, and what that is."""
FOREIGN_ISSUER = "tokenIssuer"
"""The setting with which a program has no user pool."""


def configuration(
    project: Project, stack: str, given: Mapping[str, str], origin: str, page: str | None = None
) -> Config:
    """The configuration of `stack` with `given` on top, in a sandbox at `origin` whose page is at the origin `page`.

    That page and those of a development server may call it, its users pro and enterprise are hardly limited, and
    Cognito is the sandbox; a value of the caller's wins. Raises ProjectError, also for a setting that names what the
    sandbox's account cannot have.
    """
    here = {
        f"{project.name}:corsOrigins": json.dumps([DEVELOPMENT_SERVER, *([page] if page else [])]),
        f"{project.name}:environment": PREVIEW.name,
        f"{project.name}:limits": json.dumps(LIMITS),
    }
    config = configure(project, stack, given, here=here)
    for key, what in BEFORE_THE_STACK.items():
        if value := config.values.get(f"{project.name}:{key}"):
            raise ProjectError(
                f"{key} is {value!r}, but the sandbox's account starts empty, without a {what}: unset it (-c {key}=)"
            )
    if config.values.get(f"{project.name}:{FOREIGN_ISSUER}"):
        return config
    cognito = {
        f"{project.name}:cognitoEndpoint": f"{origin}/cognito",
        f"{project.name}:identityEndpoint": f"{origin}/cognito-identity",
    }
    return configure(project, stack, {**cognito, **given}, here=here)
