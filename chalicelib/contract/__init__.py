"""The API contract: the OpenAPI document and its documentation page."""
