"""Avro alerts: framings, writer schemas, and compiled reading of what is needed."""
