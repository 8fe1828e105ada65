"""What can be seen: the site, connections to it, record and replay, probes and their parsers."""
