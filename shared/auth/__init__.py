"""Who asks: access tokens of a Cognito user pool or of another issuer, verified."""
