"""The roof: the command line. It parses, wires and prints; the work is done on the floors below."""

__version__ = "0.1.0"
