"""The DiT stage: flow-matching sampling of latents."""
