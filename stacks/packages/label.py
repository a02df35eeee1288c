"""What a package says of itself, in the comment of its zip: by it the sandbox finds sources and dependencies.

So the sandbox runs the packages of any project that builds them with this code, and knows the names of none.
https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT, 4.4.26: a comment has at most 65,535 bytes.
"""

import json
import zipfile
from dataclasses import asdict
from pathlib import Path
from typing import cast

from shared.contract.architecture import Package
from stacks.errors import PackageError


def label(package: Package) -> bytes:
    """The comment of the package's zip."""
    return json.dumps(asdict(package), sort_keys=True).encode()


def package_of(path: Path) -> Package:
    """The package that `stacks.packages.build` wrote to `path`. Raises `PackageError` for any other file."""
    try:
        with zipfile.ZipFile(path) as archive:
            fields = cast("dict[str, str]", json.loads(archive.comment))
        return Package(**fields)
    except (OSError, zipfile.BadZipFile, ValueError, TypeError):
        raise PackageError(
            f"{path.name} is not a package that stacks.packages.build has made: its zip does not say what it was made "
            f"from. Build it with stacks.packages.build."
        ) from None
