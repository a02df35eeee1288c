"""The emulated model: its pace, and the calls that it was made."""

from dataclasses import replace

from starlette.routing import Route

from sandbox.aws.bedrock import ModelEmulator
from sandbox.control.guard import Document, Guard
from sandbox.forms import Form


def pace_route(guard: Guard, model: ModelEmulator) -> Route:
    """`PUT /model`."""

    async def set_pace(form: Form) -> Document:
        pace = model.pace
        wanted = replace(
            pace,
            first_token_ms=form.number("firstTokenMs", pace.first_token_ms),
            tokens_per_second=form.number("tokensPerSecond", pace.tokens_per_second, above=0),
        )
        form.end()
        model.pace = wanted
        return {"firstTokenMs": model.pace.first_token_ms, "tokensPerSecond": model.pace.tokens_per_second}

    return guard.route("PUT", "/model", set_pace)


def calls_route(guard: Guard, model: ModelEmulator) -> Route:
    """`GET /model/calls` of all calls, or of those that `{"containing"}` this text."""

    async def calls(form: Form) -> Document:
        containing = form.text("containing", "")
        form.end()
        return {"calls": [call.document() for call in model.calls if call.was_asked(containing)]}

    return guard.route("GET", "/model/calls", calls)
