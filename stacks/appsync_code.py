"""What AppSync itself runs of the GraphQL API: its schema and its resolvers, as `handlers/appsync/` has them.

The files are those for a Cognito user pool. For a foreign issuer two places of them read otherwise.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final, TypedDict

from stacks.arguments import TokenClaims

FOLDER = Path(__file__).resolve().parents[1] / "handlers" / "appsync"
USE: Final = "const TOKEN_USE = { claim: 'token_use', value: 'access' };\n"
"""What a resolver demands of every token, as a line of its own."""
DIRECTIVE: Final = "@aws_cognito_user_pools"
"""The schema's word for users; it names the authorization type."""


class AppSyncCode(TypedDict):
    """The arguments of `AppSyncStream` of the same names."""

    schema: str
    resolvers: Mapping[str, str]
    api_resolver: str


def appsync_code(claims: TokenClaims | None = None) -> AppSyncCode:
    """The texts of the files, for the users of a pool, or for those of a foreign issuer with these claims."""
    resolvers = FOLDER / "resolvers"
    schema = (FOLDER / "schema.graphql").read_text(encoding="utf-8")
    return {
        "schema": schema if claims is None else schema.replace(DIRECTIVE, "@aws_oidc"),
        "resolvers": {path.stem: _resolver(path, claims) for path in sorted(resolvers.glob("*.*.js"))},
        "api_resolver": _resolver(resolvers / "api.js", claims),
    }


def _resolver(path: Path, claims: TokenClaims | None) -> str:
    code = path.read_text(encoding="utf-8")
    return code if claims is None else code.replace(USE, f"const TOKEN_USE = {_use(claims)};\n")


def _use(claims: TokenClaims) -> str:
    """A literal of JavaScript; JSON is one."""
    claim, separator, value = claims.get("use", "").partition("=")
    return json.dumps({"claim": claim, "value": value} if separator else None)
