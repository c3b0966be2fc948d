"""The encoder stage: prompt, lyrics and reference latents to a packed condition; latents to audio codes and back."""
