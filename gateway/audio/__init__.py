"""Audio files: writing results, reading what was uploaded."""
