"""Chats: who may see them, and what was said; the history that counts is the server's."""
