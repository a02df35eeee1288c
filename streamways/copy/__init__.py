"""`streamways copy`: one architecture leaves this repository as a project of its own.

`sources` says what travels, `rewriting` moves it below one package, `manifests`, `lock` and `permissions` write what
the project needs besides, `project` puts all of it together, `destination` writes it and `provenance` remembers it.
"""
