"""A zip whose bytes depend on nothing but names, modes and contents."""

import os
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

EPOCH = (1990, 1, 1, 0, 0, 0)
"""Pulumi's own archives carry this date too."""
REGULAR = 0o100644
EXECUTABLE = 0o100755
"""The Web Adapter executes `run.sh`; an archive that Pulumi makes of a folder loses the bit (pulumi/pulumi#3593)."""
UNIX = 3


def mode(name: str) -> int:
    """The file mode of an entry: scripts are executable, everything else is not, whatever the checkout says."""
    return EXECUTABLE if name.endswith(".sh") else REGULAR


def write_zip(path: Path, files: Mapping[str, Path], comment: bytes) -> None:
    """Write `files` (archive name → source) to `path` at once: readers see the whole file or none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, scratch = tempfile.mkstemp(prefix=f".{path.stem}-", suffix=".tmp", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as stream, zipfile.ZipFile(stream, "w") as archive:
            archive.comment = comment
            for name in sorted(files):
                entry = zipfile.ZipInfo(name, date_time=EPOCH)
                entry.create_system = UNIX
                entry.external_attr = mode(name) << 16
                entry.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(entry, files[name].read_bytes())
        Path(scratch).chmod(0o644)
        Path(scratch).replace(path)
    finally:
        Path(scratch).unlink(missing_ok=True)
