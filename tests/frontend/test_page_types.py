"""The page's sources, checked by the TypeScript compiler: its bundler takes the types away unread."""

import subprocess

from stacks.packages.page import PAGE, build, packages_folder
from tests.support.node import NODE, ROOT


def test_the_page_is_typed_strictly() -> None:
    build(ROOT)
    packages = packages_folder(ROOT)
    compiler = packages / "node_modules/typescript/bin/tsc"
    ran = subprocess.run([NODE, compiler, "-p", packages / PAGE], capture_output=True, text=True, check=False)
    assert ran.stdout == ""
