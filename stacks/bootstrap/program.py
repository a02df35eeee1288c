"""What an account gets: state, keys, GitHub's identity provider, and a role for each kind of deployment."""

import json
from dataclasses import dataclass
from typing import Final

import pulumi
import pulumi_aws as aws

from stacks.bootstrap.deployer import Deployer, boundary, boundary_arn
from stacks.bootstrap.documents import EVERYTHING, REMOVAL, Values, allow, deploying, document, tagged
from stacks.bootstrap.log_role import api_gateway_log_role
from stacks.bootstrap.named_stacks import PREVIEWS, PROJECT, Stacks
from stacks.bootstrap.privileges.table import OF_PREVIEWS, PRIVILEGES
from stacks.bootstrap.settings import BootstrapSettings
from stacks.bootstrap.state import State, secrets_key, using_state
from stacks.bootstrap.trust import AUDIENCE, DESTROY_ENVIRONMENT, ISSUER, PREVIEW_ENVIRONMENT, trust_of_jobs
from stacks.errors import SettingsError

USERS_OF_A_CHECK: Final = ("AdminCreateUser", "AdminSetUserPassword", "AdminInitiateAuth", "AdminDeleteUser")
"""What a preview's conformance run does with the two users that it makes."""
ALL_STACKS: Final = "*"


@dataclass(frozen=True)
class Account:
    """What all roles stand on."""

    settings: BootstrapSettings
    id: str
    provider_arn: pulumi.Output[str]
    state: State
    opts: pulumi.ResourceOptions

    def stacks(self, name: str, pool_stack: str | None = None) -> Stacks:
        """Stacks of this account and region."""
        return Stacks(name, self.settings.region, self.id, pool_stack)

    def trust(self, environment: str, branch: str | None = None) -> pulumi.Output[str]:
        """The trust policy for jobs in an environment of the repository."""
        repository = self.settings.repository
        return self.provider_arn.apply(lambda arn: trust_of_jobs(arn, repository, environment, branch))

    def state_policy(
        self, stacks: Stacks, key: aws.kms.Key, read: list[str], decrypt: list[aws.kms.Key]
    ) -> pulumi.Output[str]:
        """The policy for the state of `stacks`; see `using_state`."""
        given = pulumi.Output.all(
            bucket=self.state.bucket,
            bucket_key=self.state.key_arn,
            own_key=key.arn,
            decrypt=pulumi.Output.all(*(other.arn for other in decrypt)),
        )
        return given.apply(lambda known: document(using_state(stacks, read=read, **known)))

    def backend_url(self) -> pulumi.Output[str]:
        """The bucket as Pulumi takes it."""
        return pulumi.Output.concat("s3://", self.state.bucket, "?region=", self.settings.region, "&awssdk=v2")

    def secrets_provider(self, key: aws.kms.Key) -> pulumi.Output[str]:
        """The key as Pulumi takes it: https://www.pulumi.com/docs/iac/concepts/secrets/#aws-key-management-service-kms"""
        return pulumi.Output.concat("awskms://", key.key_id, "?region=", self.settings.region)


def deploy(settings: BootstrapSettings) -> None:
    """Register the account's resources and export what GitHub has to know. Raises `StacksError`."""
    tags = {"project": pulumi.get_project(), "stack": pulumi.get_stack()}
    provider = aws.Provider("aws", settings.provider.args(tags))
    opts = pulumi.ResourceOptions(providers=[provider])
    # Known at once: the number of a role's policies depends on how long their ARNs are.
    account_id = aws.get_caller_identity(opts=pulumi.InvokeOptions(provider=provider)).account_id
    _check_provider(settings, account_id)
    account = Account(settings, account_id, _identity_provider(settings, opts), State("state", opts), opts)
    keys = {name: secrets_key(name, f"Encrypts secrets of {name}", opts) for name in settings.long_lived_stacks}
    long_lived = {name: _long_lived(account, name, key) for name, key in keys.items()}
    variables: dict[str, pulumi.Input[str]] = {"PULUMI_BACKEND_URL": account.backend_url()}
    if settings.previews:
        variables |= _previews(account, keys)
    if settings.api_gateway_log_role:
        api_gateway_log_role(opts)
    pulumi.export("variables", variables)
    pulumi.export("longLivedStacks", long_lived)


def _previews(account: Account, keys: dict[str, aws.kms.Key]) -> dict[str, pulumi.Input[str]]:
    """The roles of previews; the variables that the workflows read."""
    settings = account.settings
    shared = settings.identity_stack
    stacks = account.stacks(PREVIEWS, shared)
    key = secrets_key("previews", "Encrypts secrets of previews", account.opts)
    bounds = boundary("previews", stacks, account.opts)
    deployer = Deployer(
        "preview",
        {
            "trust": account.trust(PREVIEW_ENVIRONMENT),
            "statements": [
                *deploying(OF_PREVIEWS, stacks, boundary_arn("previews", stacks), EVERYTHING),
                _users(stacks),
            ],
            "state": account.state_policy(stacks, key, [shared] if shared else [], [keys[shared]] if shared else []),
        },
        account.opts,
    )
    destroyer = Deployer(
        "preview-destroy",
        {
            "trust": account.trust(DESTROY_ENVIRONMENT, settings.branch),
            "statements": deploying(OF_PREVIEWS, stacks, boundary_arn("previews", stacks), REMOVAL),
            # `pulumi stack ls` reads the checkpoint of every stack of the project.
            "state": account.state_policy(stacks, key, [ALL_STACKS], []),
        },
        account.opts,
    )
    return {
        "PREVIEW_ROLE_ARN": deployer.role_arn,
        "PREVIEW_DESTROY_ROLE_ARN": destroyer.role_arn,
        "PREVIEW_PERMISSIONS_BOUNDARY": bounds,
        "PREVIEW_REGION": settings.region,
        "PREVIEW_ACCOUNT_ID": account.id,
        "PREVIEW_IDENTITY_STACK": f"organization/{PROJECT}/{shared}" if shared else "",
        "PULUMI_SECRETS_PROVIDER": account.secrets_provider(key),
    }


def _long_lived(account: Account, name: str, key: aws.kms.Key) -> dict[str, pulumi.Output[str]]:
    """The role of one long-lived stack, for the GitHub environment of the same name on the default branch."""
    stacks = account.stacks(name)
    bounds = boundary(name, stacks, account.opts)
    deployer = Deployer(
        f"{name}-deployer",
        {
            "trust": account.trust(name, account.settings.branch),
            "statements": deploying(PRIVILEGES, stacks, boundary_arn(name, stacks), EVERYTHING),
            "state": account.state_policy(stacks, key, [], []),
        },
        account.opts,
    )
    return {
        "roleArn": deployer.role_arn,
        "permissionsBoundary": bounds,
        "secretsProvider": account.secrets_provider(key),
    }


def _users(stacks: Stacks) -> Values:
    pools = [stacks.name, *([stacks.pool_stack] if stacks.pool_stack else [])]
    arn = stacks.arn("arn:aws:cognito-idp:{region}:{account}:userpool/*")
    return allow([f"cognito-idp:{action}" for action in USERS_OF_A_CHECK], [arn], tagged(pools))


def _check_provider(settings: BootstrapSettings, account_id: str) -> None:
    """Refuse a provider of another account: no token would be trusted. Raises SettingsError."""
    arn = settings.oidc_provider_arn
    if arn and f":{account_id}:" not in arn:
        where = f"the account is {account_id}; name its own provider, or deploy with credentials of the other account"
        raise SettingsError([f"{pulumi.get_project()}:oidcProviderArn is {json.dumps(arn)}: {where}."])


def _identity_provider(settings: BootstrapSettings, opts: pulumi.ResourceOptions) -> pulumi.Output[str]:
    """GitHub's provider. An account has one for each URL."""
    if settings.oidc_provider_arn:
        return pulumi.Output.from_input(settings.oidc_provider_arn)
    made = aws.iam.OpenIdConnectProvider("github", url=f"https://{ISSUER}", client_id_lists=[AUDIENCE], opts=opts)
    return made.arn
