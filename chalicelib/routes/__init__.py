"""One module for each collection: its fields, and its views.

A module's name is the tag of its operations in the contract, and its docstring describes the tag.
"""
