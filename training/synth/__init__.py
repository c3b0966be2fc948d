"""Endless multi-track music from seeds, with captions, lyrics and everything else that is known of it."""
