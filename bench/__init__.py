"""The stub beside its peers, measured: `tox -e bench`. It is no test, and no part of what must pass."""
