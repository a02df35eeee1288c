"""What AppSync itself runs of the GraphQL API: its schema and its resolvers, as `handlers/appsync/` has them."""

from collections.abc import Mapping
from pathlib import Path
from typing import TypedDict

FOLDER = Path(__file__).resolve().parents[1] / "handlers" / "appsync"


class AppSyncCode(TypedDict):
    """The arguments of `AppSyncStream` of the same names."""

    schema: str
    resolvers: Mapping[str, str]
    api_resolver: str


def appsync_code() -> AppSyncCode:
    """The texts of the files; `AppSyncStream` takes them as they are."""
    resolvers = FOLDER / "resolvers"
    return {
        "schema": (FOLDER / "schema.graphql").read_text(encoding="utf-8"),
        "resolvers": {path.stem: path.read_text(encoding="utf-8") for path in sorted(resolvers.glob("*.*.js"))},
        "api_resolver": (resolvers / "api.js").read_text(encoding="utf-8"),
    }
