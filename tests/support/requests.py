"""Chat requests as clients send them, good and bad."""


def text(words: object) -> dict[str, object]:
    return {"type": "text", "text": words}


def said(role: object, *parts: object, id_: object = "m-1") -> dict[str, object]:
    return {"id": id_, "role": role, "parts": list(parts)}


def chat(*messages: object, **changes: object) -> dict[str, object]:
    return {"id": "chat-1", "messages": list(messages), "trigger": "submit-message", **changes}
