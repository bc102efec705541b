"""Surveys and brokers, each with packets of its own."""
