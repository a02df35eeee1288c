"""One stream: what starts it, the outbox between model and transport, its run, and the record that it happened."""
