"""What checks have in common: parts of a flow, to be used with `yield from`, and the pure judgements they rest on."""
