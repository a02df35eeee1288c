"""The functions of pulumi-aws's root module, `aws:index`."""

from collections.abc import Mapping

from sandbox.resources.handler import Cloud, Function
from sandbox.resources.inputs import Inputs
from sandbox.resources.values import Value
from sandbox.world import ACCOUNT_ID


def _get_caller_identity(_cloud: Cloud, _inputs: Inputs) -> Mapping[str, Value]:
    """https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html"""
    return {
        "accountId": ACCOUNT_ID,
        "arn": f"arn:aws:iam::{ACCOUNT_ID}:root",
        "id": ACCOUNT_ID,
        "userId": ACCOUNT_ID,
    }


FUNCTIONS: Mapping[str, Function] = {"aws:index/getCallerIdentity:getCallerIdentity": _get_caller_identity}
