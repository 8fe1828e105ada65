"""One module a command: `arguments(parser)` says what it takes, `run(front)` does it and returns the exit code."""
