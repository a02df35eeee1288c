"""What can stop a sandbox. Each message is one line for a person: what was given, what is allowed, what to do.

SandboxError
├── PortsTaken            no free port in the range
├── ProjectError          Pulumi.yaml or a configuration value is not usable
├── DeploymentFailed      the program failed, or asked for something that is refused
├── ResourceRefused       a resource handler refuses an input, as AWS would at deploy time
│   └── UnsupportedPolicy an IAM document that the evaluator does not understand (sandbox.iam.policies)
└── ServiceFailed         a process of the sandbox (moto) did not come up
"""


class SandboxError(Exception):
    """Base of what the sandbox reports to its user in one line, without a traceback."""


class PortsTaken(SandboxError):
    """Every port that may be tried is in use."""


class ProjectError(SandboxError):
    """`Pulumi.yaml`, `Pulumi.<stack>.yaml` or a given configuration value cannot be used."""


class DeploymentFailed(SandboxError):
    """The program ended with an error; the traceback is in the sandbox's `program.log`."""


class ResourceRefused(SandboxError):
    """A resource cannot be made as asked: production refuses it, or the sandbox does not emulate it."""

    def __init__(self, message: str, *, property: str = "") -> None:
        """`property` is the input that is at fault, where it is one."""
        super().__init__(message)
        self.property = property


class ServiceFailed(SandboxError):
    """A process that the sandbox needs did not come up."""


def one_line(text: str) -> str:
    """`text` without line breaks, runs of white space made one blank."""
    return " ".join(text.split())
