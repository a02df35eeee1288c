"""The user pool: who may sign up, how an application signs in, and the groups of the tiers."""

import pytest

from tests.program.conftest import Deploy


@pytest.mark.parametrize(("setting", "only_administrators"), [(False, True), (True, False)])
def test_people_sign_up_themselves_only_when_the_setting_says_so(
    deploy: Deploy, setting: bool, only_administrators: bool
) -> None:
    (pool,) = deploy(selfSignUp=setting).of("aws:cognito/userPool:UserPool")
    assert pool.inputs["adminCreateUserConfig"]["allowAdminCreateUserOnly"] is only_administrators


def test_the_app_client_is_public_and_takes_no_password_over_the_wire(deploy: Deploy) -> None:
    (client,) = deploy().of("aws:cognito/userPoolClient:UserPoolClient")
    assert client.inputs["generateSecret"] is False
    assert set(client.inputs["explicitAuthFlows"]) == {
        "ALLOW_USER_SRP_AUTH",
        "ALLOW_REFRESH_TOKEN_AUTH",
        "ALLOW_ADMIN_USER_PASSWORD_AUTH",
    }


def test_there_is_a_group_for_each_tier(deploy: Deploy) -> None:
    groups = {group.inputs["name"] for group in deploy().of("aws:cognito/userGroup:UserGroup")}
    assert groups == {"free", "pro", "enterprise"}
