"""Assemble the casting API. There is no logic here."""

# first: startup.py says why
from chalicelib import startup

# isort: split
from chalice.app import Chalice, CORSConfig

from chalicelib import deadline, logs
from chalicelib.auth import auth
from chalicelib.http.envelope import EXPOSED_HEADERS, envelope
from chalicelib.http.views import seal
from chalicelib.routes.actors import actors
from chalicelib.routes.candidates import candidates
from chalicelib.routes.console import console
from chalicelib.routes.history import history
from chalicelib.routes.movies import movies
from chalicelib.routes.parts import parts
from chalicelib.routes.roles import roles
from chalicelib.routes.service import service
from chalicelib.settings import ON_A_LAPTOP, WEB_ORIGIN
from chalicelib.store import client

# In Lambda, Chalice's own handler would log every record a second time, and not as JSON.
app = Chalice(app_name="casting", configure_logs=ON_A_LAPTOP)
app.api.cors = CORSConfig(
    allow_origin=WEB_ORIGIN,
    allow_headers=["Idempotency-Key", "If-Match", "If-None-Match"],
    expose_headers=EXPOSED_HEADERS,
    max_age=600,
)
app.register_middleware(logs.log_requests, "http")
app.register_middleware(envelope, "http")
app.register_middleware(deadline.set_deadline, "http")
for blueprint in (auth, movies, actors, roles, parts, candidates, history, service, console):
    app.register_blueprint(blueprint)
seal(app)
client.prepare()
startup.finish()
