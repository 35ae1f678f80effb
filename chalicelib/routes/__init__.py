"""Knows HTTP, and nothing of DynamoDB: one module for each collection."""
