"""The cases of the suite, in the order in which they are told."""

from collections.abc import Sequence

from streamways.conformance.case import Case
from streamways.conformance.cases import (
    aborting,
    cancelling,
    chats,
    continuing,
    credentials,
    deadlines,
    delivering,
    dying,
    faults,
    following,
    histories,
    limits,
    members,
    rating,
    resuming,
    sockets,
    starting,
    streaming,
)

SUBJECTS = (
    streaming,
    credentials,
    resuming,
    aborting,
    cancelling,
    continuing,
    starting,
    histories,
    chats,
    members,
    rating,
    limits,
    sockets,
    deadlines,
    delivering,
    following,
    faults,
    dying,
)


def all_cases() -> Sequence[Case]:
    """Every case; their names are unique."""
    return [case for subject in SUBJECTS for case in subject.CASES]
