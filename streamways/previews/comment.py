"""One comment on a pull request, found again and rewritten: it is never there twice for long."""

from typing import Final

from streamways.previews.github import Comment, Repository

MARKER: Final = "<!-- streamways: preview -->"
"""The first line of the comment; nobody sees it. Who pastes it into a comment of their own changes nothing: the author
counts, too."""
AUTHOR: Final = "github-actions[bot]"
"""Who writes with the token of a workflow."""


def write_comment(repository: Repository, number: int, text: str, *, author: str = AUTHOR) -> int:
    """Write the comment of a pull request; its id. Raises Doubt: no second one is made where one may be."""
    body = f"{MARKER}\n{text}"
    ours = _ours(repository, number, author)
    kept = next((each.id for each in ours if repository.update_comment(each.id, body)), None)
    if kept is None:
        made = repository.create_comment(number, body).id
        # A run beside this one may have made one, too. Both see both, and both keep the older one.
        ours = _ours(repository, number, author)
        kept = min([made, *(each.id for each in ours)])
        if kept != made:
            repository.update_comment(kept, body)
            repository.delete_comment(made)
    for other in ours:
        if other.id != kept:
            repository.delete_comment(other.id)
    return kept


def _ours(repository: Repository, number: int, author: str) -> list[Comment]:
    comments = repository.comments(number)
    ours = [each for each in comments if each.author == author and each.body.startswith(MARKER)]
    return sorted(ours, key=lambda each: each.id)
