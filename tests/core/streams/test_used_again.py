"""An id of a stream that is used again after its day, while DynamoDB has not deleted yet what has expired."""

from shared.streams.records import KEPT_SECONDS
from tests.support.aws import Table
from tests.support.models import ScriptedModel, spoken
from tests.support.outboxes import text_of
from tests.support.runs import begun, booked, journaled
from tests.support.starts import OWNER, STREAM, running

FUNCTION_SECONDS = 900
"""https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""


def test_it_is_a_stream_of_its_own(table: Table) -> None:
    run = begun(ScriptedModel(*spoken("Hello ", "old ", "world")))
    run.detach()
    run.join()
    for item in table.items(f"stream#{OWNER}#{STREAM}"):
        table.change(item["pk"], item["sk"], expiresAt=1)
    assert journaled() == []
    run = begun(ScriptedModel(*spoken("Anew")), running(prompt="Once more?"))
    run.detach()
    run.join()
    assert text_of(journaled()) == "Anew"
    assert booked(table)["stopReason"] == "end_turn"


def test_an_id_is_taken_until_the_last_part_of_its_stream_has_expired(table: Table) -> None:
    running()
    record = table.stream(OWNER, STREAM)
    assert record is not None
    assert record["expiresAt"] - record["startedAt"] > KEPT_SECONDS + FUNCTION_SECONDS
