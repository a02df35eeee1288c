"""`streamways.json`: where a project came from, and what each of its files was when it was copied."""

import hashlib
import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self, cast
from urllib.parse import urlsplit

from streamways.errors import CommandError

FILE = "streamways.json"


@dataclass(frozen=True)
class Origin:
    """The state of this repository that a project was copied from."""

    repository: str | None
    """URL of the remote `origin`, without credentials; None when there is none, or only a path."""
    commit: str | None
    modified: bool
    """Whether files that travelled had changes that no commit holds."""
    version: str


@dataclass(frozen=True)
class Provenance:
    """What a project remembers of its origin."""

    origin: Origin
    architecture: str
    package: str
    files: Mapping[str, tuple[str | None, str]]
    """Path in the project → path in this repository (None for what was written for the project) and SHA-256."""

    def to_json(self) -> str:
        """As `read` reads it."""
        origin = self.origin
        document = {
            "repository": origin.repository,
            "commit": origin.commit,
            "modified": origin.modified,
            "version": origin.version,
            "architecture": self.architecture,
            "package": self.package,
            "files": {path: {"from": source, "sha256": digest} for path, (source, digest) in self.files.items()},
        }
        return json.dumps(document, indent=2) + "\n"

    @classmethod
    def read(cls, folder: Path) -> Self:
        """That of the project in `folder`. Raises CommandError."""
        path = folder / FILE
        try:
            document = json.loads(path.read_text(encoding="utf-8"))
            origin = Origin(*(document[name] for name in ("repository", "commit", "modified", "version")))
            entries = cast("dict[str, dict[str, str]]", document["files"])
            files = {name: (entry["from"], entry["sha256"]) for name, entry in entries.items()}
            return cls(origin, str(document["architecture"]), str(document["package"]), files)
        except OSError as error:
            raise CommandError(
                f"{path}: {error.strerror}; name the folder of a project that streamways copy has written"
            ) from error
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise CommandError(
                f"{path} is not what streamways copy has written; take it out of the project's history"
            ) from error


def sha256(content: bytes) -> str:
    """Of a file's content, in hex."""
    return hashlib.sha256(content).hexdigest()


def origin_of(root: Path, sources: list[str], version: str) -> Origin:
    """The state of the checkout at `root`, of which `sources` travel."""
    remote = _git(root, "config", "--get", "remote.origin.url")
    changed = _git(root, "status", "--porcelain", "--", *sources)
    return Origin(public_url(remote), _git(root, "rev-parse", "HEAD") or None, bool(changed), version)


def public_url(remote: str) -> str | None:
    """A URL without credentials. A path of this machine says nothing elsewhere."""
    parts = urlsplit(remote)
    if parts.scheme not in ("https", "http", "ssh", "git") or not parts.hostname:
        return None
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{parts.hostname}{port}{parts.path}"


def _git(root: Path, *arguments: str) -> str:
    """What git says; empty without git, outside of a repository, or when there is nothing to say."""
    try:
        run = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return ""
    return run.stdout.strip() if run.returncode == 0 else ""
