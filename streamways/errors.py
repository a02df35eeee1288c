"""What a command may fail with. The text is one line that names the next step; `app.run` prints it.

CommandError      exit code 1: it did not work
└── Misuse        exit code 2: it was called wrongly
"""


class CommandError(Exception):
    """It did not work."""

    exit_code = 1


class Misuse(CommandError):
    """It was called wrongly."""

    exit_code = 2
