"""The room that joins node, server, port, hypervisor, tap and bridge: what was seen goes in, one map comes out."""
