"""How the larger behaviours break their rules on purpose: the `FAULTS` of the modules of the same names in `mockserver.behaviours`."""
