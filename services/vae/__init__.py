"""The VAE stage: latents to PCM and back, in windows."""
