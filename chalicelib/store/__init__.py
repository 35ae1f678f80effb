"""Knows DynamoDB, and nothing of HTTP but the names of what can go wrong."""
