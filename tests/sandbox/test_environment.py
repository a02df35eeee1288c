import os

from sandbox.environment import NO_ACCOUNT, without_account


def test_nothing_that_leads_to_an_account_is_kept() -> None:
    caller = {
        "PATH": "/bin",
        "HOME": "/home/me",
        "HTTPS_PROXY": "http://proxy",
        "AWS_ACCESS_KEY_ID": "AKIA",
        "AWS_PROFILE": "production",
        "AWS_CONFIG_FILE": "/home/me/.aws/config",
        "AWS_SHARED_CREDENTIALS_FILE": "/home/me/.aws/credentials",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.2/x",
        "AWS_WEB_IDENTITY_TOKEN_FILE": "/token",
        "AWS_ENDPOINT_URL": "https://example.com",
        "BOTO_CONFIG": "/home/me/.boto",
        "PULUMI_CONFIG": "{}",
        "aws_access_key_id": "AKIA",
    }
    kept = without_account(caller)
    assert kept == {"PATH": "/bin", "HOME": "/home/me", "HTTPS_PROXY": "http://proxy", **NO_ACCOUNT}
    assert kept["AWS_CONFIG_FILE"] == kept["AWS_SHARED_CREDENTIALS_FILE"] == os.devnull
