"""The decision guide of the documentation: questions, ways to bring an answer to a client, and what rules each out.

The page prints all of it as text, and its script decides by the same data.
"""
