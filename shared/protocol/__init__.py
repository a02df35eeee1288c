"""What travels: the parts of the AI SDK's UI message stream, and the chat request that asks for them."""
