"""The walk of a message: taken in, scored, ranked, stored, published; one file a step."""
