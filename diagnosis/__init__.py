"""What decides: walks, plans, fixes. Headless; the app and the command line draw what it yields."""
