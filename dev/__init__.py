"""What makes the API run on a developer's machine. Never deployed."""
