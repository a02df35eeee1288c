"""Where AWS's own pages say that models and inference profiles can be called, for those of the price file.

A dated copy for refusing at deploy what would otherwise fail at the first prompt; a model that is not listed is not
judged. From the model cards, 2026:
https://docs.aws.amazon.com/bedrock/latest/userguide/models-region-compatibility.html
"""

from collections.abc import Mapping
from typing import Final

_US = ("us-east-1", "us-east-2", "us-west-2")
_EU = ("eu-central-1", "eu-north-1", "eu-west-1", "eu-west-3")
_GPT_OSS = (
    *("us-east-1", "us-east-2", "us-west-2", "sa-east-1"),
    *("eu-central-1", "eu-north-1", "eu-south-1", "eu-west-1", "eu-west-2"),
    *("ap-northeast-1", "ap-south-1", "ap-southeast-2", "ap-southeast-3", "ap-southeast-4"),
)

CALLED_IN: Final[Mapping[str, tuple[str, ...]]] = {
    "amazon.nova-micro-v1:0": ("us-east-1", "eu-west-2", "ap-southeast-2"),
    "amazon.nova-lite-v1:0": (
        *("us-east-1", "eu-north-1", "eu-west-2", "me-central-1"),
        *("ap-northeast-1", "ap-southeast-2", "ap-southeast-3"),
    ),
    "amazon.nova-pro-v1:0": ("us-east-1", "eu-west-2", "ap-southeast-2", "ap-southeast-3", "me-central-1"),
    "amazon.nova-2-lite-v1:0": (),
    "global.amazon.nova-2-lite-v1:0": (
        *("us-east-1", "us-east-2", "us-west-1", "us-west-2", "ca-central-1", "ca-west-1"),
        *("eu-central-1", "eu-north-1", "eu-south-1", "eu-south-2", "eu-west-1", "eu-west-2", "eu-west-3"),
        *("ap-east-2", "ap-northeast-1", "ap-northeast-2", "ap-south-1", "ap-southeast-1", "ap-southeast-2"),
        *("ap-southeast-3", "ap-southeast-4", "ap-southeast-5", "ap-southeast-6", "ap-southeast-7"),
        *("il-central-1", "me-central-1"),
    ),
    "openai.gpt-oss-20b-1:0": _GPT_OSS,
    "openai.gpt-oss-120b-1:0": _GPT_OSS,
}
"""Foundation model or global profile → the regions in which its id is called."""


def _from(sources: tuple[str, ...], *more: str) -> dict[str, tuple[str, ...]]:
    """Each of `sources` routes to all of them; each of `more` to itself as well."""
    return dict.fromkeys(sources, sources) | {region: tuple(sorted((*sources, region))) for region in more}


_NOVA_EU = {
    **_from(_EU, "eu-south-1", "eu-south-2"),
    "il-central-1": (*_EU[:2], "eu-south-1", *_EU[2:], "il-central-1"),
}

ROUTES: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    "us.amazon.nova-micro-v1:0": _from(_US),
    "us.amazon.nova-lite-v1:0": _from(_US, "us-west-1"),
    "us.amazon.nova-pro-v1:0": _from(_US, "us-west-1"),
    "us.amazon.nova-2-lite-v1:0": _from(_US, "us-west-1", "ca-central-1", "ca-west-1"),
    "eu.amazon.nova-micro-v1:0": _NOVA_EU,
    "eu.amazon.nova-lite-v1:0": _NOVA_EU,
    "eu.amazon.nova-pro-v1:0": _NOVA_EU,
    "eu.amazon.nova-2-lite-v1:0": _from((*_EU[:2], "eu-south-1", "eu-south-2", *_EU[2:])),
    "jp.amazon.nova-2-lite-v1:0": {"ap-northeast-1": ("ap-northeast-1", "ap-northeast-3")},
}
"""Geographic profile → region that it is called from → regions that it routes to from there."""
