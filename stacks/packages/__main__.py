"""`python -m stacks.packages` (`make build`): build every package, one line for each: name, size, file."""

import sys

from stacks.errors import PackageError
from stacks.packages import PACKAGES, build

BYTES_PER_MEGABYTE = 1_000_000


def main() -> int:
    """0 when all packages are there; 1 with the reason on stderr."""
    try:
        for name in PACKAGES:
            path = build(name)
            print(f"{name:<22}{path.stat().st_size / BYTES_PER_MEGABYTE:>6.2f} MB  {path.name}", flush=True)
    except PackageError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
