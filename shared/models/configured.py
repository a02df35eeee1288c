"""The model that a function's environment names."""

from shared.models.bedrock import BedrockModel
from shared.models.events import Model


def model_from_environment() -> Model:
    """The stack's model: see `BedrockModel.from_environment`."""
    return BedrockModel.from_environment()
