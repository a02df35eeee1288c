"""Who may take a role: jobs of one GitHub repository, in one of its environments.

A subject that names an environment names no branch, and a workflow of a pull request may name any environment. So the
environment has to be protected on GitHub where a pull request is not to reach it; the claim `ref` says it once more.
https://docs.github.com/en/actions/reference/security/oidc
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#condition-keys-wif
"""

from typing import Final

from stacks.bootstrap.documents import document

ISSUER: Final = "token.actions.githubusercontent.com"
AUDIENCE: Final = "sts.amazonaws.com"
"""What the action `aws-actions/configure-aws-credentials` asks GitHub for."""
PREVIEW_ENVIRONMENT: Final = "preview"
DESTROY_ENVIRONMENT: Final = "preview-destroy"
"""The GitHub environments of the workflows in `stacks/previews/github/`."""


def trust_of_jobs(provider_arn: str, repository: str, environment: str, branch: str | None = None) -> str:
    """The trust policy for jobs of `repository` in `environment`; with `branch` only those that run for it.

    The comparison is exact: there is no pattern that the name of another repository could match.
    """
    claims = {f"{ISSUER}:aud": AUDIENCE, f"{ISSUER}:sub": f"repo:{repository}:environment:{environment}"}
    if branch is not None:
        claims[f"{ISSUER}:ref"] = f"refs/heads/{branch}"
    statement = {
        "Effect": "Allow",
        "Principal": {"Federated": provider_arn},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringEquals": claims},
    }
    return document([statement])
