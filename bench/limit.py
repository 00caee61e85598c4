"""The limit: the least that a Flask application does to answer. `gunicorn "bench.limit:create()"`.

One statement that is necessary, a bare table, a signed session, a CSRF check for what writes; no look-up of the person,
no menu, no filters, no rights, no audit of fields. LIMIT_DATABASE_URL says where its tables are.
"""

import csv
import io
import os
import time
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from flask import Flask, Response, abort, redirect, render_template_string, request, session
from flask_wtf import CSRFProtect
from flask_wtf.csrf import generate_csrf
from sqlalchemy import Engine

from . import limit_sql
from .grams import norm, query_grams

_TABLE = """<!doctype html><title>Calls</title><form method="post" action="/bulk">
<input type="hidden" name="csrf_token" value="{{ csrf_token() }}">
<table><thead><tr>{% for name in names %}<th>{{ name }}</th>{% endfor %}</tr></thead><tbody>
{% for row in rows %}<tr><td><input type="checkbox" name="rowid" value="{{ row[0] }}"></td>
<td><a href="/record?id={{ row[0] }}">{{ row[1] }}</a></td>{% for cell in row[2:] %}<td>{{ cell }}</td>{% endfor %}</tr>
{% endfor %}</tbody></table></form>"""
_RECORD = """<!doctype html><title>{{ fields["number"] }}</title><table>
{% for name, value in fields.items() %}<tr><th>{{ name }}</th><td>{{ value }}</td></tr>
{% endfor %}</table>"""
_BOARD = """<!doctype html><title>Board</title>{% for state, column in cards|groupby("state") %}
<section><h2>{{ state }} {{ column[0].waiting }}</h2><ul>{% for card in column %}<li>
<a href="/card?id={{ card.id }}">{{ card.number }}</a>{% for cell in card[4:] %} {{ cell }}{% endfor %}</li>
{% endfor %}</ul></section>{% endfor %}"""
_BLOCK = 64 * 1024


def create() -> Flask:
    """The application."""
    app = Flask("limit")
    app.config.from_mapping(SECRET_KEY=os.environ["SECRET_KEY"], SESSION_COOKIE_NAME="limit")
    CSRFProtect(app)
    url = os.environ["LIMIT_DATABASE_URL"]
    embedded = url.startswith("sqlite")
    engine = sa.create_engine(url, connect_args={"timeout": 30} if embedded else {})
    # A search is planned for its own words: a plan for any words reads a hundred times too much for most.
    custom = {} if embedded else {"options": "-c plan_cache_mode=force_custom_plan"}
    searching = engine if embedded else sa.create_engine(url, connect_args=custom)
    app.extensions["engines"] = {engine, searching}
    _reading_pages(app, *(one.execution_options(isolation_level="AUTOCOMMIT") for one in (engine, searching)))
    _pages_of_a_period(app, engine.execution_options(isolation_level="AUTOCOMMIT"))
    _writing_pages(app, engine)
    app.get("/export")(lambda: _export(engine))
    app.before_request(_needs_session)
    return app


def _needs_session() -> None:
    if request.endpoint != "enter" and "branch" not in session:
        abort(401)


def _reading_pages(app: Flask, engine: Engine, searching: Engine) -> None:
    kind = engine.dialect.name

    def page(statement: str, *, by: Engine = engine, **values: Any) -> str:
        with by.connect() as connection:
            rows = connection.execute(sa.text(statement), {"branch": session["branch"], **values}).all()
        return render_template_string(_TABLE, names=limit_sql.NAMES, rows=rows[: limit_sql.PAGE])

    @app.get("/enter")
    def enter() -> str:
        session["branch"], session["user"] = request.args.get("branch", type=int), request.args.get("user", type=int)
        return generate_csrf()

    @app.get("/list")
    def list_() -> str:
        if "after" not in request.args:
            return page(limit_sql.LIST)
        return page(limit_sql.DEEP, at=request.args["after"], id=request.args.get("id", type=int))

    @app.get("/search")
    def search() -> str:
        words = request.args["q"]
        grams: Any = query_grams(words)
        if kind == "sqlite":
            grams = " AND ".join(f'"{gram}"' for gram in grams)
        return page(limit_sql.SEARCH[kind], by=searching, grams=grams, words=f"%{norm(words)}%")

    @app.get("/filter")
    def filter_() -> str:
        one, two = request.args.getlist("state")
        return page(limit_sql.FILTER, one=one, two=two, low=request.args["low"], high=request.args["high"])

    @app.get(f"/<any({', '.join(limit_sql.PAGES)}):name>")
    def register(name: str) -> str:
        return page(limit_sql.PAGES[name])

    @app.get("/board")
    def board() -> str:
        with engine.connect() as connection:
            rows = connection.execute(sa.text(limit_sql.BOARD), {"branch": session["branch"]}).all()
        return render_template_string(_BOARD, cards=rows)

    @app.get("/part")
    def part() -> str:
        values = {"branch": session["branch"], "part": request.args.get("id", type=int)}
        with engine.connect() as connection:
            row = connection.execute(sa.text(limit_sql.PART), values).one()
        return render_template_string(_RECORD, fields={"number": row.code, **row._asdict()})

    @app.get("/record")
    def record() -> str:
        with engine.connect() as connection:
            row = connection.execute(sa.text(limit_sql.RECORD), {"id": request.args.get("id", type=int)}).one()
        return render_template_string(_RECORD, fields=row._asdict())


def _pages_of_a_period(app: Flask, engine: Engine) -> None:
    """The pages of a period: figures of it, and the evening of a day."""
    statements = {"figures": sa.text(limit_sql.figures(engine.dialect.name)), "evening": sa.text(limit_sql.EVENING)}

    @app.get("/<any(figures, evening):name>")
    def of_period(name: str) -> str:
        values = {"branch": session["branch"], "low": request.args["low"], "high": request.args["high"]}
        with engine.connect() as connection:
            rows = connection.execute(statements[name], values).all()
        return render_template_string(_TABLE, names=limit_sql.NAMES, rows=rows)


def _writing_pages(app: Flask, engine: Engine) -> None:
    insert = limit_sql.insert_of([column["name"] for column in sa.inspect(engine).get_columns("limit_call")])

    @app.post("/create")
    def create_() -> Response:
        day = time.strftime("%Y%m%d")
        with engine.begin() as connection:
            last = connection.execute(sa.text(limit_sql.NUMBER), {"day": day}).scalar_one()
            facts = {"number": f"LIMIT-{day}-{last:03}", "like": request.form["like"], "text": request.form["text"]}
            key = connection.execute(sa.text(insert), facts).scalar_one()
        return redirect(f"/record?id={key}")  # type: ignore[return-value]

    @app.post("/bulk")
    def bulk() -> Response:
        keys = [int(key) for key in request.form.getlist("rowid")]
        moment = time.strftime("%Y-%m-%d %H:%M:%S")
        facts = {"keys": keys, "at": moment, "reason": request.form["reason"]}
        trail = [{"at": moment, "user": session["user"], "key": key, "changes": facts["reason"]} for key in keys]
        with engine.begin() as connection:
            connection.execute(limit_sql.BULK, facts)
            connection.execute(sa.text(limit_sql.TRAIL), trail)
        return redirect("/list")  # type: ignore[return-value]


def _export(engine: Engine) -> Response:
    values = {"branch": session["branch"], "low": request.args["low"], "high": request.args["high"]}
    parts = _copy_parts(engine, values) if engine.dialect.name == "postgresql" else _row_parts(engine, values)
    return Response(parts, mimetype="text/csv")


def _copy_parts(engine: Engine, values: dict[str, Any]) -> Iterator[bytes]:
    """PostgreSQL writes the file; small pieces are sent together."""
    waiting = bytearray()
    with engine.connect() as connection:
        raw: Any = connection.connection.driver_connection
        statement = (
            sa.text(limit_sql.EXPORT).bindparams(**values).compile(engine, compile_kwargs={"literal_binds": True})
        )
        with raw.cursor().copy(f"COPY ({statement}) TO STDOUT WITH (FORMAT csv)".replace("%%", "%")) as copy:
            for part in copy:
                waiting += part
                if len(waiting) >= _BLOCK:
                    yield bytes(waiting)
                    waiting.clear()
    yield bytes(waiting)


def _row_parts(engine: Engine, values: dict[str, Any]) -> Iterator[bytes]:
    out = io.StringIO()
    writer = csv.writer(out)
    with engine.connect() as connection:
        found = connection.execution_options(yield_per=500).execute(sa.text(limit_sql.EXPORT), values)
        for part in found.partitions():
            writer.writerows(part)
            yield out.getvalue().encode()
            out.seek(0)
            out.truncate()
