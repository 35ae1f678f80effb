"""Flask and SQLAlchemy on SQLite, which the project began with, behind apig-wsgi."""

import base64
import os
from typing import Any

from apig_wsgi import make_lambda_handler
from flask import Flask, request
from sqlalchemy import JSON, ForeignKey, create_engine, insert, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

Json = dict[str, Any]

engine = create_engine(f"sqlite:///{os.environ['DATABASE_FILE']}")
app = Flask(__name__)
app.json.sort_keys = False
handler = make_lambda_handler(app)


class Base(DeclarativeBase):
    def format(self) -> Json:
        return {column.name: getattr(self, column.name) for column in self.__table__.columns}


class Movie(Base):
    __tablename__ = "movies"

    id: Mapped[str] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(index=True)
    release_date: Mapped[str | None]
    status: Mapped[str | None]
    synopsis: Mapped[str | None]
    genres: Mapped[list[str] | None] = mapped_column(JSON)
    runtime_minutes: Mapped[int | None]
    original_language: Mapped[str | None]
    shoot_start: Mapped[str | None]
    shoot_end: Mapped[str | None]
    shoot_location: Mapped[str | None]
    director: Mapped[str | None]
    production_company: Mapped[str | None]
    poster_url: Mapped[str | None]
    website: Mapped[str | None]
    imdb_id: Mapped[str | None]
    tmdb_id: Mapped[int | None]
    role_count: Mapped[int]
    part_count: Mapped[int]
    created_at: Mapped[str]
    updated_at: Mapped[str]
    version: Mapped[int]
    roles: Mapped[list["Role"]] = relationship(order_by="Role.billing_order")


class Role(Base):
    __tablename__ = "roles"

    id: Mapped[str] = mapped_column(primary_key=True)
    movie_id: Mapped[str] = mapped_column(ForeignKey("movies.id"), index=True)
    actor_id: Mapped[str]
    character_name: Mapped[str | None]
    billing_order: Mapped[int | None]
    role_type: Mapped[str | None]
    work_start: Mapped[str | None]
    work_end: Mapped[str | None]
    part_ids: Mapped[list[str]] = mapped_column(JSON)
    actor_name: Mapped[str]
    created_at: Mapped[str]
    updated_at: Mapped[str]
    version: Mapped[int]


@app.get("/movies")
def list_movies() -> Json:
    limit = request.args.get("limit", 20, type=int)
    with Session(engine) as session:
        movies = session.scalars(select(Movie).order_by(Movie.title).limit(limit + 1)).all()
        shown = [movie.format() for movie in movies[:limit]]
        last = cursor(shown[-1]["title"]) if len(movies) > limit else None
    return {"success": True, "movies": shown, "next_cursor": last}


@app.get("/movies/<movie_id>")
def get_movie(movie_id: str) -> Json:
    with Session(engine) as session:
        movie = session.get_one(Movie, movie_id)
        roles = [role.format() for role in movie.roles]
        last = cursor(roles[99]["id"]) if len(roles) > 100 else None
        return {
            "success": True,
            "movie": movie.format(),
            "roles": roles[:100],
            "next_cursor": last,
        }


def cursor(last: str) -> str:
    return base64.urlsafe_b64encode(last.encode()).decode()


def load(event: Json, context: Any) -> Json:
    """Write the movies and roles of the event into a new database."""
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.execute(insert(Movie), event["movies"])
        session.execute(insert(Role), event["roles"])
        session.commit()
    return {"statusCode": 200}
