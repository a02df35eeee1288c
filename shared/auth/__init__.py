"""Who asks: Cognito access tokens, verified."""
