"""The terms of a score: each the natural log of a Bayes factor, counterpart against background."""

TERMS = ("prior", "sky", "distance", "time", "photometry", "context", "classifier", "verdict")
"""All terms; what one does not know is NaN and counts 0."""
