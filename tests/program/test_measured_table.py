"""The table that benchmarks make is the one that the program declares: its indexes are billed too."""

from streamways.bench import services
from streamways.bench.capacity.units import Index
from tests.program.conftest import Deploy


def test_the_table_of_a_benchmark_has_the_programs_keys_and_indexes(deploy: Deploy) -> None:
    (table,) = deploy().of("aws:dynamodb/table:Table")
    assert (table.inputs["hashKey"], table.inputs["rangeKey"]) == services.KEYS
    local = {
        index["name"]: Index(table.inputs["hashKey"], index["rangeKey"], index["projectionType"] == "ALL")
        for index in table.inputs["localSecondaryIndexes"]
    }
    globally = {
        index["name"]: Index(*(key["attributeName"] for key in index["keySchemas"]), index["projectionType"] == "ALL")
        for index in table.inputs["globalSecondaryIndexes"]
    }
    assert local | globally == services.INDEXES
