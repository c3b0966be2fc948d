"""The gateway: turns prompts into songs with the stages behind it. Never torch, never an import of a stage."""
