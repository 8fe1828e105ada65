"""The app: draws frozen snapshots, sends intents. No rules, no way outside; the only room that knows Textual."""
