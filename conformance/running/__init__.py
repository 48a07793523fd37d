"""Runs checks against a target: in which order, within which bounds, and what the answers make of their verdicts."""
