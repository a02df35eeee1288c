"""What waiting for the model costs: Lambda bills it, and other computers bill it otherwise or share it.

A function that streams an answer hardly works. Each bill here is for computing alone: gateways, the table and the
model are left out, because they stay.
"""

from collections.abc import Mapping
from typing import Final

from shared.contract.architectures import function_url
from streamways.clients.client import Architecture
from streamways.costs.answer import GENERATING, Answer, answer_lines
from streamways.costs.assumptions import HOURS_OF_A_MONTH, Size, Workload
from streamways.costs.lines import Line
from streamways.costs.month import SECONDS_OF_A_MONTH, SECONDS_PER_HOUR
from streamways.costs.prices import Priced, Prices

PROCESSOR_SECONDS: Final[Mapping[Architecture, float]] = {"function-url": 0.48, "websocket": 0.58, "appsync": 0.42}
"""How long the function that generates works on an answer of 300 tokens at 60 tokens a second. *Emulated*: printed by
`streamways bench waiting` on 2026-11-22, on a busy machine with 2 cores."""
TASKS: Final = 2
"""Tasks of a service in containers: one in each of two availability zones, larger for more answers."""
TASK_CPU: Final = 0.25
"""Processor of the smallest task. https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html"""
TASK_GIGABYTES_PER_CPU: Final = 2.0
"""Memory of a task: the least for its processor."""
BUSY_SHARE: Final = 0.5
"""How much of their processor tasks may use."""
FIXED: Final = 5.0
"""How many times the mean load of a month tasks of a fixed size have to stand."""
SCALED: Final = 1.5
"""The same of tasks that are scaled with the load of the hour."""
SHARED_BY: Final = 10
"""Answers at the same time in one instance of a platform that bills active CPU."""
FLUID_GIGABYTES: Final = 2.0
"""Memory of such an instance."""
AGENT_GIGABYTES: Final = 0.25
"""Memory that a session of AgentCore Runtime takes at its peak."""
AGENT_IDLE_SECONDS: Final = 60.0
"""How long a session stays after its answer: the shortest that can be set; the default is 15 minutes.
https://docs.aws.amazon.com/bedrock-agentcore-control/latest/APIReference/API_LifecycleConfiguration.html"""


def waiting_share(architecture: Architecture, workload: Workload) -> float:
    """The share of its time in which the function that generates waits. An answer works with its tokens."""
    return 1 - worked(architecture, workload) / workload.seconds


def worked(architecture: Architecture, workload: Workload) -> float:
    """Processor seconds of an answer, in proportion to its tokens."""
    return PROCESSOR_SECONDS[architecture] * workload.output_tokens / Workload().output_tokens


def generating(architecture: Architecture, workload: Workload, prices: Prices) -> list[Line]:
    """The line of Lambda's bill that waiting is part of."""
    lines = answer_lines(Answer.assumed(architecture, workload), prices)
    return [line for line in lines if line.what == GENERATING]


def containers(size: Size, workload: Workload, *, headroom: float) -> list[Line]:
    """A month of a service on Fargate behind a load balancer. One task streams many answers at the same time."""
    working = size.answers / SECONDS_OF_A_MONTH * worked(function_url.NAME, workload)
    processors = max(TASKS * TASK_CPU, working * headroom / BUSY_SHARE)
    return [
        Line("Fargate: processors", processors * HOURS_OF_A_MONTH, Priced.CONTAINER_CPU),
        Line("Fargate: memory", processors * TASK_GIGABYTES_PER_CPU * HOURS_OF_A_MONTH, Priced.CONTAINER_MEMORY),
        Line("load balancer", HOURS_OF_A_MONTH, Priced.BALANCER),
        Line("load balancer: capacity", HOURS_OF_A_MONTH, Priced.BALANCER_UNIT),
        Line("public addresses", 2 * TASKS * HOURS_OF_A_MONTH, Priced.ADDRESS),
    ]


def active_cpu(workload: Workload, *, shared_by: int) -> list[Line]:
    """One answer on a platform that bills the processor while it works. So many answers share the memory of an
    instance."""
    memory = FLUID_GIGABYTES * workload.seconds / shared_by / SECONDS_PER_HOUR
    return [
        Line("processor at work", worked(function_url.NAME, workload) / SECONDS_PER_HOUR, Priced.FLUID_CPU),
        Line("memory", memory, Priced.FLUID_MEMORY),
        Line("invocation", 1, Priced.FLUID_REQUEST),
    ]


def agent_session(workload: Workload) -> list[Line]:
    """One answer in a session of its own on AgentCore Runtime, which keeps its memory until the session ends."""
    seconds = workload.seconds + AGENT_IDLE_SECONDS
    return [
        Line("processor at work", worked(function_url.NAME, workload) / SECONDS_PER_HOUR, Priced.AGENT_CPU),
        Line("memory", AGENT_GIGABYTES * seconds / SECONDS_PER_HOUR, Priced.AGENT_MEMORY),
    ]
