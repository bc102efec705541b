"""Is P what it says on nights that the score does not know? Populations, templates and data from elsewhere.

Nothing here imports ``coincidence`` or ``mma.simulate``, except ``adapter``, through which all scoring goes.
"""
