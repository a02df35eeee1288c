"""The model: what it is asked, the events it answers with, and how it is interrupted."""
