"""Training of the audio codes alone: what 5 Hz codes keep of latents, before a transformer hears them."""
