"""AWS Secrets Manager: secrets without a value; moto keeps them, and the values that somebody writes.

https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.errors import ResourceRefused
from sandbox.resources.handler import Cloud, Created, Handler, PhysicalName, Request, Standing, all_tags

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

MAX_NAME = 512
RECOVERY_DAYS = (7, 30)


def _put_secret(cloud: Cloud, request: Request) -> Created:
    inputs = request.inputs
    name, description = inputs.text("name"), inputs.optional_text("description") or ""
    days = inputs.integer("recoveryWindowInDays", RECOVERY_DAYS[1], between=(0, RECOVERY_DAYS[1]))
    if 0 < days < RECOVERY_DAYS[0]:
        raise ResourceRefused(
            f"recoveryWindowInDays is {days}, allowed is 0 or {RECOVERY_DAYS[0]} to {RECOVERY_DAYS[1]}",
            property="recoveryWindowInDays",
        )
    tags = all_tags(request)
    secrets = cloud.backend.secretsmanager()
    if request.id:
        secrets.update_secret(SecretId=request.id, Description=description)
        arn = request.id
    else:
        try:
            arn = secrets.create_secret(Name=name, Description=description)["ARN"]
        except secrets.exceptions.ResourceExistsException:
            raise ResourceRefused(f"ResourceExistsException: the secret {name} already exists") from None
    return Created(arn, {"arn": arn, "tagsAll": tags})


@dataclass(frozen=True)
class PlaceOfSecret:
    """A secret that moto keeps, by its ARN."""

    secrets: "SecretsManagerClient"
    arn: str

    def holds(self) -> bool:
        """Whether it is there, with a value or without."""
        try:
            self.secrets.describe_secret(SecretId=self.arn)
        except self.secrets.exceptions.ResourceNotFoundException:
            return False
        return True

    def clear(self) -> None:
        """Delete it at once: no sandbox lives as long as a recovery window."""
        self.secrets.delete_secret(SecretId=self.arn, ForceDeleteWithoutRecovery=True)


def _place_of_secret(cloud: Cloud, standing: Standing) -> PlaceOfSecret:
    return PlaceOfSecret(cloud.backend.secretsmanager(), standing.id)


HANDLERS = (
    Handler(
        "aws:secretsmanager/secret:Secret",
        _put_secret,
        PhysicalName("name", MAX_NAME),
        place=_place_of_secret,
        # https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_UpdateSecret.html
        replaces=("name",),
        computed=("arn",),
        tagged=True,
    ),
)
