"""What can be wrong with a region. This package imports nothing of ours, so its one error lives here."""


class RegionError(ValueError):
    """A region or map that cannot mean what it says; the message names the field."""
