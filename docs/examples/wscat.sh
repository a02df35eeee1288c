# A connection to the WebSocket API. Needs WEBSOCKET_URL and WEBSOCKET_TICKET_URL, outputs of the stack, and TOKEN.

ticket() { # good once, for 30 seconds
  printf 'Authorization: Bearer %s\n' "$TOKEN" |
    curl --silent --show-error --fail-with-body --request POST --header @- "$WEBSOCKET_TICKET_URL" |
    python3 -c 'import json, sys; print(json.load(sys.stdin)["ticket"])'
}

wscat --connect "$WEBSOCKET_URL?ticket=$(ticket)"
