"""Chats belong to a notebook, and a notebook to a workspace: only the members of the workspace may ask about it."""

from collections.abc import Mapping

from shared.errors import Forbidden, InvalidRequest, NotFound

NOTEBOOKS: Mapping[str, str] = {"nb-roadmap": "ws-product", "nb-salaries": "ws-people"}
MEMBERS: Mapping[str, frozenset[str]] = {"ws-product": frozenset({"ada", "grace"}), "ws-people": frozenset({"grace"})}


def authorize(user: str, body: Mapping[str, object]) -> None:
    notebook = body.get("notebookId")
    if not isinstance(notebook, str):
        raise InvalidRequest("`notebookId` must be the id of a notebook.")
    workspace = NOTEBOOKS.get(notebook)  # yours: a lookup in your own table
    if workspace is None:
        raise NotFound(f"You have no notebook {notebook!r:.70}.")
    if user not in MEMBERS[workspace]:
        raise Forbidden("You are no member of the workspace of this notebook.")
    # The chat's id begins with that of its notebook, so a chat cannot be opened under another one.
    if not str(body["id"]).startswith(f"{notebook}_"):
        raise NotFound("There is no such chat in this notebook.")
