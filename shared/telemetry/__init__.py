"""What operators see: structured logs and embedded metrics, without a word of any prompt or token."""
