"""`python -m deadhop`."""

from deadhop.main import entry

entry()
