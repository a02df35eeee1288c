"""Before functions start: which of them could not work here, and which are worth starting before they are needed."""

from collections.abc import Iterator

from sandbox.errors import ResourceRefused
from sandbox.functions.web_adapter import AdapterSettings
from sandbox.world import Function, World

_LAMBDA_ARN = "arn:aws:lambda:"


def verify_function(world: World, function: Function) -> None:
    """Refuse what AWS would run and the sandbox does not. Raises `ResourceRefused`."""
    for arn in _destinations(function):
        if not arn.startswith(_LAMBDA_ARN):
            raise ResourceRefused(
                f"Function {function.name} sends the results of its events to {arn}; the sandbox knows functions "
                f"as destinations ({_LAMBDA_ARN}…) and no other service. See sandbox/functions/events.py."
            )
    AdapterSettings.of(function, world.region)
    for url in tuple(world.function_urls.values()):
        if url.invoke_mode == "RESPONSE_STREAM" and world.function_name(url.function_arn) == function.name:
            _verify_stream(world, url.function_arn)


def awaited(world: World) -> set[str]:
    """The functions that a client waits for, or that stream to one, by name.

    They are all but those that only clear up after others: what a schedule starts, or a failed event.
    """
    functions = dict(world.functions)
    scheduled = {arn for schedule in tuple(world.schedules.values()) for arn in tuple(schedule.targets.values())}
    told = {arn for function in functions.values() for arn in _destinations(function)}
    return functions.keys() - {world.function_name(arn) for arn in scheduled | told}


def _destinations(function: Function) -> Iterator[str]:
    """The ARNs to which the results of a function's events go, by whatever name it is called."""
    for named in (function, *tuple(function.versions.values()), *tuple(function.aliases.values())):
        yield from (arn for arn in (named.event_invoke.on_failure, named.event_invoke.on_success) if arn)


def _verify_stream(world: World, called: str) -> None:
    try:
        function = world.callee(called).function
    except KeyError:  # the alias of the URL is gone, and nothing is behind it
        return
    if AdapterSettings.of(function, world.region) is None:
        raise ResourceRefused(
            f"{function.name} has a function URL that streams and no Web Adapter, without which Python does not "
            f"stream: the sandbox serves such a URL in the mode BUFFERED. See sandbox/functions/web_adapter.py."
        )
