"""What is known: symptoms and causes as data, their model, loader, lint, search, cases. No I/O but reading files."""
