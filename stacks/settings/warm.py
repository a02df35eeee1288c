"""The setting `warm`: how many environments are kept started of each function that an answer waits for.

These are the function of each architecture that takes a question, and its worker where it has one. Connecting and
tickets come before the question, and nobody waits for a reaper.
https://docs.aws.amazon.com/lambda/latest/dg/provisioned-concurrency.html
"""

from collections.abc import Sequence

from shared.contract.architectures import DESCRIPTORS, function_url
from stacks.settings.functions import MOST_RESERVED, FunctionSettings
from stacks.settings.reader import ConfigReader

KEY = "warm"


def check_warm(reader: ConfigReader, functions: FunctionSettings, architectures: Sequence[str]) -> None:
    """Refuse more than Lambda provisions: of one function, what it reserves; of all together, `MOST_RESERVED`.

    https://docs.aws.amazon.com/lambda/latest/api/API_PutProvisionedConcurrencyConfig.html
    """
    warm, reserved = functions.warm, functions.reserved_concurrency
    if not 0 < warm <= MOST_RESERVED:
        return
    known = [name for name in architectures if name in DESCRIPTORS]
    kept = sum(DESCRIPTORS[name].awaited_functions for name in known)
    if function_url.NAME not in known:
        reserved = None
    if reserved is not None:
        # What is provisioned is within what is reserved.
        kept -= function_url.DESCRIPTOR.awaited_functions
        if warm > reserved:
            reader.refuse(
                KEY, warm, f"lower it or raise reservedConcurrency, which is {reserved}: one is within the other"
            )
    together = warm * kept + (reserved or 0) + (functions.ticket_reserved_concurrency or 0)
    if together > MOST_RESERVED:
        reader.refuse(
            KEY, warm, f"{kept} functions and what is reserved make {together}, and {MOST_RESERVED} is the most"
        )
