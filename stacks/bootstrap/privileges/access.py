"""The form of a row: actions, what they are for, and what keeps them within one stack."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final, Literal

ALL: Final = "*"

Verb = Literal["create", "read", "update", "delete", "tag"]


class Scope(Enum):
    """What keeps an action within one stack."""

    NAME = "the resource's name, which begins with project and stack"
    BOUNDED = "its name, and the permissions boundary that the role has"
    TAG = "its tags project and stack"
    POOL = "the same tags, or those of the stack whose user pool is shared"
    NEW = "the tags that it is made with"
    UNTAGGED = "the tags that it gets, and that it had none of a stack before"
    RECORDS = "nothing but the type of a record: addresses alone"
    ANY = "nothing: IAM knows no narrower resource for the action"
    GLOBAL = "nothing, of a service without regions"


@dataclass(frozen=True)
class Access:
    """Actions of one service on resources of one kind, by what they are for; several are set apart by a space."""

    resource: str
    """An ARN pattern. `{own}` stands for what the names of a stack's resources begin with, ended by a wildcard;
    `{stack}` for project and stack alone."""
    scope: Scope
    service: str
    """The prefix of the actions."""
    create: str = ""
    read: str = ""
    update: str = ""
    delete: str = ""
    tag: str = ""
    passed_to: str = ""
    """The service that gets the role; of `iam:PassRole`."""

    def actions(self, verbs: Collection[Verb]) -> frozenset[str]:
        """The actions that are for one of these, in full."""
        names: Mapping[Verb, str] = {
            "create": self.create,
            "read": self.read,
            "update": self.update,
            "delete": self.delete,
            "tag": self.tag,
        }
        return frozenset(f"{self.service}:{name}" for verb in verbs for name in names[verb].split())
