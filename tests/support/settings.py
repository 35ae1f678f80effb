"""The settings of the functions, as a deployed stage has them."""

SETTINGS = {
    "STAGE": "prod",
    "TABLE_NAME": "casting",
    "AUTH_ISSUER": "https://agency.eu.auth0.com/",
    "AUTH_AUDIENCE": "casting-api",
    "WEB_ORIGIN": "https://app.example.com",
}
