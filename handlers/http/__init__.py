"""Chats and streams over HTTP: the app of an architecture that serves it, behind the Lambda Web Adapter."""
