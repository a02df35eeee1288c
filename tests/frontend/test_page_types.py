"""The page's sources, checked by the TypeScript compiler: its bundler takes the types away unread."""

import subprocess

from stacks.packages.page import PAGE, build, bundle_folder
from tests.support.node import NODE, ROOT


def test_the_page_is_typed_strictly() -> None:
    build(ROOT)
    [packages] = (one for one in bundle_folder(ROOT).parent.glob("packages-*") if (one / PAGE / "src").is_dir())
    compiler = packages / "node_modules/typescript/bin/tsc"
    ran = subprocess.run([NODE, compiler, "-p", packages / PAGE], capture_output=True, text=True, check=False)
    assert ran.stdout == ""
