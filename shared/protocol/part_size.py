"""How large a part may be, and what becomes of one that is larger."""

from collections.abc import Iterator

from shared.contract.limits import MAX_PART_BYTES
from shared.contract.parts import DELTAS, PartType
from shared.protocol.parts import Part, encode, tool_output_error

_MOST_BYTES_PER_CHARACTER = 6  # "\u0000" in JSON


def serialised_bytes(part: Part) -> int:
    """The length of a part as it travels, in UTF-8."""
    return len(encode(part).encode())


def fitting(part: Part, limit: int = MAX_PART_BYTES) -> Iterator[Part]:
    """A part that is too long as parts that are not: a delta becomes several, the output of a tool an error; no other
    part of ours can be so long."""
    if serialised_bytes(part) <= limit:
        yield part
    elif part["type"] in DELTAS:
        text = str(part["delta"])
        step = (limit - serialised_bytes({**part, "delta": ""})) // _MOST_BYTES_PER_CHARACTER
        for offset in range(0, len(text), step):
            yield {**part, "delta": text[offset : offset + step]}
    elif part["type"] == PartType.TOOL_OUTPUT_AVAILABLE:
        yield tool_output_error(str(part["toolCallId"]), f"The output of the tool has more than {limit} bytes.")
    else:
        raise ValueError(f"a part of the type {part['type']} has more than {limit} bytes")
