"""How much of Lambda's bill is waiting, and what other ways to wait cost."""

from dataclasses import replace

from shared.contract.architectures import function_url
from streamways.clients.client import ARCHITECTURES
from streamways.costs.assumptions import SIZES, Workload
from streamways.costs.lines import total
from streamways.costs.prices import Prices
from streamways.costs.tables.amounts import HEADS, MILLION, usd
from streamways.costs.waiting import (
    FIXED,
    SCALED,
    SHARED_BY,
    active_cpu,
    agent_session,
    containers,
    generating,
    waiting_share,
    worked,
)
from streamways.pages import table


def waiting_of_an_answer(prices: Prices) -> str:
    """Where the seconds of one answer go, and what they cost."""
    usual = Workload()
    billed = [total(generating(name, usual, prices), prices) * MILLION for name in ARCHITECTURES]
    shares = [waiting_share(name, usual) for name in ARCHITECTURES]
    return table(
        ["one answer", *HEADS],
        [
            ["seconds that Lambda bills", *(f"{usual.seconds:.1f}" for _ in ARCHITECTURES)],
            ["seconds of work", *(f"{worked(name, usual):.2f}" for name in ARCHITECTURES)],
            ["**share of waiting**", *(f"**{share:.0%}**".replace("%", " %") for share in shares)],
            ["generating, in millionths of a dollar", *(f"{amount:.1f}" for amount in billed)],
            ["of which waiting", *(f"{amount * share:.1f}" for amount, share in zip(billed, shares, strict=True))],
        ],
    )


def waiting_elsewhere(prices: Prices) -> str:
    """Computing alone for the answers of a month, by where it runs."""
    usual = Workload()
    each = {
        f"Lambda, {usual.memory_megabytes} MB, as deployed": _lambda(usual, prices),
        "Lambda, 256 MB": _lambda(replace(usual, memory_megabytes=256), prices),
        "active CPU, one answer an instance": total(active_cpu(usual, shared_by=1), prices),
        f"active CPU, {SHARED_BY} answers an instance": total(active_cpu(usual, shared_by=SHARED_BY), prices),
        "AgentCore Runtime, a session for each answer": total(agent_session(usual), prices),
    }
    rows = [
        [name, *(usd(amount * size.answers) for size in SIZES.values()), f"{amount * MILLION:.1f}"]
        for name, amount in each.items()
    ]
    for how, headroom in (("of a fixed size", FIXED), ("that scale with the hour", SCALED)):
        months = [total(containers(size, usual, headroom=headroom), prices) for size in SIZES.values()]
        rows.append([f"containers on Fargate {how}", *(usd(month) for month in months), "–"])
    return table(["computing for a month, in USD", *SIZES, "an answer, in millionths"], rows)


def _lambda(workload: Workload, prices: Prices) -> float:
    return total(generating(function_url.NAME, workload, prices), prices)
