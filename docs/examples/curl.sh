# A chat over the function URL. Needs FUNCTION_URL, an output of the stack, and TOKEN, an access token.

ask() { # the token comes over standard input, where no list of processes shows it
  printf 'Authorization: Bearer %s\n' "$TOKEN" | curl --silent --show-error --fail-with-body --no-buffer --header @- "$@"
}

start() { # start CHAT STREAM
  ask "${FUNCTION_URL}api/chat" \
    --header 'Content-Type: application/json' \
    --header "Idempotency-Key: $2" \
    --data '{
      "id": "'"$1"'",
      "messages": [{"id": "m-1", "role": "user", "parts": [{"type": "text", "text": "How does the function URL stream?"}]}]
    }'
}

resume() { # resume CHAT [LAST-EVENT-ID]
  ask "${FUNCTION_URL}api/chat/$1/stream" --header "Last-Event-ID: ${2:-}"
}

cancel() { # cancel CHAT STREAM
  ask --request DELETE "${FUNCTION_URL}api/chat/$1/stream/$2"
}

"$@"
