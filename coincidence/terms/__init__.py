"""The terms of a score: each the natural log of a Bayes factor, counterpart against background."""
