"""Training of a DiT package: text encoder, condition encoder, audio tokenizer and diffusion transformer together."""
