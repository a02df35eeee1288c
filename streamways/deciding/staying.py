"""What a `useChat` app keeps and gains when its route leaves the platform that it runs on."""

from typing import Final

from shared.contract.architectures import function_url
from streamways.costs.assumptions import SIZES, Idle, Size, Workload
from streamways.costs.lines import total
from streamways.costs.month import month_lines
from streamways.costs.prices import Prices
from streamways.costs.tables.amounts import usd
from streamways.costs.waiting import SHARED_BY, active_cpu, generating
from streamways.pages import table

APP: Final = Size(users=0, answers=20_000, busy_hours=SIZES["a product"].busy_hours)
"""The answers of the brief. Its users are those of an issuer of its own, so Cognito bills none."""

RESUME: Final = "https://ai-sdk.dev/docs/ai-sdk-ui/chatbot-resume-streams"


def staying(prices: Prices) -> str:
    """Both sides, with the *calculated* cost of the month."""
    usual = Workload()
    platform = [total(active_cpu(usual, shared_by=shared), prices) * APP.answers for shared in (SHARED_BY, 1)]
    waiting = total(generating(function_url.NAME, usual, prices), prices) * APP.answers
    month = total(month_lines(function_url.NAME, APP, usual, Idle(), prices), prices)
    return table(
        ["", "stay on Vercel", "move the route to the function URL"],
        [
            [
                "stop",
                f"a hang-up can end the call of the model; with [resume]({RESUME}) a stop needs an endpoint of its own",
                "[`cancellingFetch`](clients.md#function-url) sends it, and it ends the model call",
            ],
            [
                "resume after a reload",
                f"[yours to build]({RESUME}), with Redis",
                "[built in](protocol.md#resuming), for 24 hours by cursor",
            ],
            ["history", "yours", "[in the table](protocol.md#chats); the client sends the new message alone"],
            ["limits of a user", "yours to build", "[requests, answers at once, length](throttling.md), by tier"],
            [
                "sign-in with Auth0",
                "as it is",
                "[as it is](configuration.md#whose-users): its access tokens are checked",
            ],
            ["tools", "those of the AI SDK", "**not here yet**"],
            [
                "providers",
                "those of the AI SDK",
                "[Bedrock](configuration.md#choosing-a-model); **others not here yet**",
            ],
            ["system prompt", "yours", "**not here yet**"],
            ["language of the route", "TypeScript", "Python"],
            [
                "page",
                "on Vercel",
                "may stay there: name its origin in [`corsOrigins`](configuration.md#configuration-keys)",
            ],
            [
                f"computing for {APP.answers:,} answers, in USD",
                f"{usd(platform[0])} to {usd(platform[1])}, by how many share an instance; the plan comes on top",
                usd(waiting),
            ],
            ["that month with table, logs, metrics and data, in USD", "what you use today", usd(month)],
        ],
    )
