"""The local AWS: runs the unmodified Pulumi program, then serves what it asked for, and refuses what AWS refuses.

`server` assembles one sandbox; `engine` and `resources` take the program's resources into `world`; `iam`, `aws`,
`functions` and `edge` serve them.
"""
