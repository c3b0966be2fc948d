"""What every server shares, stage or gateway: settings, lifecycle, errors at the door, telemetry. Never torch."""
