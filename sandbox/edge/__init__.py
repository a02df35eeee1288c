"""What clients reach: function URLs, WebSocket APIs and AppSync APIs, each as AWS serves it."""
