"""Before functions start: which of them could not work here, and which are worth starting before they are needed."""

from collections.abc import Mapping

from sandbox.errors import ResourceRefused
from sandbox.functions.pool import Pool
from sandbox.world import FunctionUrl, World

_LAMBDA_ARN = "arn:aws:lambda:"


def verify(world: World, pools: Mapping[str, Pool]) -> None:
    """Refuse what AWS would run and the sandbox does not. Raises `ResourceRefused`."""
    for function in world.functions.values():
        for arn in (function.event_invoke.on_failure, function.event_invoke.on_success):
            if arn is not None and not arn.startswith(_LAMBDA_ARN):
                raise ResourceRefused(
                    f"Function {function.name} sends the results of its events to {arn}; the sandbox knows functions "
                    f"as destinations ({_LAMBDA_ARN}…) and no other service. See sandbox/functions/events.py."
                )
    for url in world.function_urls.values():
        _verify_url(url, pools[url.function_name])


def _verify_url(url: FunctionUrl, pool: Pool) -> None:
    if url.invoke_mode == "RESPONSE_STREAM" and pool.adapter is None:
        raise ResourceRefused(
            f"{url.function_name} has a function URL that streams and no Web Adapter, without which Python does not "
            f"stream: the sandbox serves such a URL in the mode BUFFERED. See sandbox/functions/web_adapter.py."
        )


def awaited(world: World) -> set[str]:
    """The functions that a client waits for, or that stream to one, by name.

    They are all but those that only clear up after others: what a schedule starts, or a failed event.
    """
    scheduled = {arn for schedule in world.schedules.values() for arn in schedule.targets.values()}
    told = {function.event_invoke.on_failure for function in world.functions.values()}
    return {name for name, function in world.functions.items() if function.arn not in scheduled | told}
