"""The contract as OpenAPI 3.1, generated from the routes, types and errors that the API runs on.

Nothing here is imported before somebody asks for the contract.
"""
