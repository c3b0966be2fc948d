"""Training of a planner: the language model that writes metadata, lyrics and audio codes."""
