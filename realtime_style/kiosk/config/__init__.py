"""Settings, PIN and languages."""
