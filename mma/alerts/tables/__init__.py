"""Transients as tables."""
