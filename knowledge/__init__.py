"""What is known: symptoms and causes as data, with their model, loader, lint, search and cases."""
