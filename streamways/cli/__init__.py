"""The command line: `streamways`.

`app` holds the commands as the user sees them; each does its work in a module of its own, imported when it is called,
so that `--help` answers at once.
"""
