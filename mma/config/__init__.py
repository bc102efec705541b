"""Settings: one TOML file, every name checked."""
