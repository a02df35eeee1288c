"""Before functions start: which of them could not work here, and which are worth starting before they are needed."""

from collections.abc import Callable, Iterator

from sandbox.errors import ResourceRefused
from sandbox.functions.pool import Pool
from sandbox.world import Function, FunctionUrl, World

_LAMBDA_ARN = "arn:aws:lambda:"


def verify(world: World, pool_of: Callable[[Function], Pool]) -> None:
    """Refuse what AWS would run and the sandbox does not. Raises `ResourceRefused`."""
    for function in world.functions.values():
        for arn in _destinations(function):
            if not arn.startswith(_LAMBDA_ARN):
                raise ResourceRefused(
                    f"Function {function.name} sends the results of its events to {arn}; the sandbox knows functions "
                    f"as destinations ({_LAMBDA_ARN}…) and no other service. See sandbox/functions/events.py."
                )
    for url in world.function_urls.values():
        _verify_url(url, pool_of(world.callee(url.function_arn).function))


def _destinations(function: Function) -> Iterator[str]:
    """The ARNs to which the results of a function's events go, by whatever name it is called."""
    for named in (function, *function.versions.values(), *function.aliases.values()):
        yield from (arn for arn in (named.event_invoke.on_failure, named.event_invoke.on_success) if arn)


def _verify_url(url: FunctionUrl, pool: Pool) -> None:
    if url.invoke_mode == "RESPONSE_STREAM" and pool.adapter is None:
        raise ResourceRefused(
            f"{pool.function.name} has a function URL that streams and no Web Adapter, without which Python does not "
            f"stream: the sandbox serves such a URL in the mode BUFFERED. See sandbox/functions/web_adapter.py."
        )


def awaited(world: World) -> set[str]:
    """The functions that a client waits for, or that stream to one, by name.

    They are all but those that only clear up after others: what a schedule starts, or a failed event.
    """
    scheduled = {arn for schedule in world.schedules.values() for arn in schedule.targets.values()}
    told = {arn for function in world.functions.values() for arn in _destinations(function)}
    return world.functions.keys() - {
        arn.removeprefix(world.function_arn("")).partition(":")[0] for arn in scheduled | told
    }
