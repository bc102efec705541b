"""What can be wrong with a region. This package imports nothing of ours, so its errors live here."""


class RegionError(ValueError):
    """A region or map that cannot mean what it says; the message names the field."""


class TooLargeError(RegionError):
    """A map over the limits that the caller set."""
