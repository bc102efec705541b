"""Very-high-energy gamma-ray alerts in our own schema, ``urn:mma:gamma:1``."""
