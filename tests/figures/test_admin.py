"""The page: who may open it, every figure opens its rows, what a page costs, files and the pack."""

import csv
import html
import io
import re
from datetime import UTC, date, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import func, select

from backoffice.core import clock, jobs
from backoffice.core.audit import AuditEntry
from backoffice.core.db import db
from backoffice.core.notices import Notice
from backoffice.core.permissions import Role
from backoffice.figures.admin.filters import Behind
from backoffice.figures.models import FigureDay
from backoffice.figures.workflow import refresh
from backoffice.organisation.models import Zone
from tests import factories as make
from tests.figures.office import Office
from tests.reading import listed

NOON = datetime(2026, 11, 2, 4, tzinfo=UTC)
READERS = (Role.SUPERVISOR, Role.MANAGER, Role.TECHNICIAN)
MOST_STATEMENTS = 20


def counted_links(page):
    """(address, number) of every figure that opens rows."""
    found = re.findall(r'<a href="([^"]*[?&]figure=[^"]*)">([\d,]+)(?: reports?)?</a>', page)
    return [(html.unescape(address), int(number.replace(",", ""))) for address, number in found]


@pytest.mark.parametrize("role", list(Role))
def test_who_may_open_the_figures(people, as_role, role):
    """R-07: supervisor and manager, and a technician his own; nobody else."""
    client = as_role(people[role])
    assert client.get("/figures/").status_code == (200 if role in READERS else 403)
    assert client.get("/figures/failures").status_code == (200 if role in READERS[:2] else 403)
    allowed = client.post("/figures/export", data={"as": "csv", "table": "series"}).status_code
    assert allowed == (200 if role in READERS[:2] else 403)


QUERIES = {
    "": READERS, "span=year&day=2026-10-01": (Role.TECHNICIAN,), "span=month&day=2026-10-05&zone=city": READERS[:1],
    "span=range&from=2026-09-25&to=2026-10-31&model={model}": READERS[:1],
}  # fmt: skip


@pytest.mark.parametrize(("query", "role"), [(query, role) for query, roles in QUERIES.items() for role in roles])
def test_every_figure_opens_its_rows(people, as_role, query, role):
    """K-01 to K-09, K-13, K-15: the list behind a figure has just so many records, for every role."""
    with clock.freeze(NOON):
        office = Office(3, date(2026, 9, 20), 43, calls=24)
        if query:
            refresh()
        person = office.technicians[office.branches[0].id][0] if role is Role.TECHNICIAN else people[role]
        client = as_role(person)
        page = client.get("/figures/?" + query.format(model=office.models[0].code))
        assert page.status_code == 200
        found = counted_links(page.text)
        keys = {parse_qs(urlsplit(one).query)["figure"][0].split(".")[0] for one, _ in found}
        assert len(keys) == (10 if "zone" in query or "model" in query else 11)
        for one, number in found:
            assert listed(client, one) == number, one


def test_headquarters_choose_a_branch(as_role):
    """P-1: the manager of the headquarters sees all branches or one of them, everybody else his own alone."""
    head = make.make_user(Role.MANAGER, make.make_branch("HQ"))
    with clock.freeze(NOON):
        office = Office(5, date(2026, 10, 1), 20, calls=24)
        one, other = office.branches
        numbers = {}
        for who, query in ((head, ""), (head, f"&branch={one.id}"), (head, f"&branch={other.id}"),
                           (make.make_user(Role.MANAGER, one), f"&branch={other.id}")):  # fmt: skip
            client = as_role(who)
            page = client.get(f"/figures/?span=year&day=2026-01-01{query}").text
            found = {a: n for a, n in counted_links(page) if "figure=K-08.of" in a}
            ((address, number),) = found.items()
            assert listed(client, address) == number
            numbers[who.id, query] = number
        everything, first, second, own = numbers.values()
        assert everything == first + second
        assert own == first


def test_a_technician_sees_only_himself(as_role):
    """P-1, R-07: whomever he asks for."""
    with clock.freeze(NOON):
        office = Office(5, date(2026, 10, 1), 20, calls=24)
        me, another = office.technicians[office.branches[0].id]
        client = as_role(me)
        page = client.get(f"/figures/?span=year&technician={another.id}").text
        assert another.real_name not in page
        assert all(f".t{me.id}" in address for address, _ in counted_links(page))


def test_failures_open_their_calls(people, as_role):
    """Calls of units by model and age: each number opens just those calls."""
    with clock.freeze(NOON):
        branch = make.make_branch()
        customer = make.make_customer(branch)
        for age in (10, 364, 365, 900, 3000):
            unit = make.make_unit(customer, commissioned_on=date(2026, 10, 10) - timedelta(days=age))
            make.make_call(branch=branch, customer=customer, unit_id=unit.id, received_at=NOON - timedelta(days=23))
        client = as_role(people[Role.SUPERVISOR])
        found = counted_links(client.get("/figures/failures?span=month&day=2026-10-01").text)
        assert sum(number for address, number in found if "failures.all" in address) == 5
        assert sum(number for address, number in found if "failures.y1" in address) == 2
        for address, number in found:
            assert listed(client, address) == number, address


def test_statements_do_not_grow(people, as_role, count_statements):
    """A page costs as many statements whatever it counts, and at most so many."""
    with clock.freeze(NOON):
        client = as_role(people[Role.MANAGER])
        counts = {}
        for calls in (6, 18):
            Office(9, date(2026, 9, 20), 43, calls=calls)
            for kept in (False, True):
                if kept:
                    refresh()
                for query in ("", "span=year&day=2026-10-01", "span=month&day=2026-10-01"):
                    with count_statements() as sent:
                        assert client.get(f"/figures/?{query}").status_code == 200
                    counts[calls, kept, query] = sent.count
                    assert sent.count <= MOST_STATEMENTS, str(sent)
        for query in ("", "span=year&day=2026-10-01", "span=month&day=2026-10-01"):
            assert counts[6, True, query] == counts[18, True, query], counts
        assert counts[18, True, ""] == counts[18, True, "span=year&day=2026-10-01"], counts


def test_a_file_has_every_line(people, as_role):
    """R-07: by day and by technician, as a file, written down in the trail."""
    with clock.freeze(NOON):
        office = Office(3, date(2026, 10, 1), 20, calls=20)
        client = as_role(people[Role.SUPERVISOR])
        address = "/figures/export?span=month&day=2026-10-01"
        series = client.post(address, data={"as": "csv", "table": "series"})
        rows = list(csv.reader(io.StringIO(series.data.decode("utf-8-sig"))))
        assert len(rows) == 32
        parts = client.post(address + "&by=model", data={"as": "csv", "table": "parts"})
        names = [row[0] for row in csv.reader(io.StringIO(parts.data.decode("utf-8-sig")))]
        assert {one.code for one in office.models} <= set(names)
        workbook = client.post(address, data={"as": "xlsx", "table": "series"})
        assert workbook.data[:2] == b"PK"
        act = AuditEntry.act == "figure_sum.export"
        assert db.session.scalar(select(func.count()).where(act)) == 3


def test_the_pack_of_the_month(people, as_role):
    """F-22: one print with all figures and charts of the month."""
    with clock.freeze(NOON):
        Office(3, date(2026, 10, 1), 20, calls=20)
        client = as_role(people[Role.MANAGER])
        page = client.get("/prints/new/F-22?day=2026-10-15")
        assert page.status_code == 200
        assert page.text.count('<svg class="chart"') == 5
        assert all(key in page.text for key in ("K-01", "K-09", "K-13", "K-15", "2026-10"))
        assert as_role(people[Role.TECHNICIAN]).get("/prints/new/F-22?day=2026-10-15").status_code == 403


def test_managers_are_told_on_the_first(people, as_role):
    """J-11: once, of the month before, however often the job runs; the notice leads to that month."""
    with clock.freeze(NOON):
        Office(3, date(2026, 10, 1), 20, calls=20)
        assert jobs.run("J-11") == 1
        assert jobs.run("J-11") == 0
        db.session.commit()
        told = db.session.scalars(select(Notice).where(Notice.kind == "figures.month")).all()
        assert [one.user_id for one in told] == [people[Role.MANAGER].id]
        assert "2026-10" in told[0].text
        client = as_role(people[Role.MANAGER])
        assert (
            client.get(f"/figures/details/?id={told[0].subject_id}")
            .headers["Location"]
            .endswith("/figures/?span=month&day=2026-10-01")
        )
        assert client.get("/figures/details/?id=209913").status_code == 404


def test_the_snapshot_of_midnight_is_idempotent():
    """J-10: every day up to yesterday once; a second run finds nothing to do."""
    with clock.freeze(NOON):
        make.make_call(received_at=NOON - timedelta(days=5))
        assert jobs.run("J-10") == 5
        assert (jobs.run("J-10"), jobs.run("J-10-touched")) == (0, 0)
        assert db.session.scalar(select(func.count()).select_from(FigureDay)) == 5
        make.make_call(received_at=NOON - timedelta(days=3))
        assert jobs.run("J-10-touched") == 3
    with clock.freeze(NOON + timedelta(days=1)):
        assert jobs.run("J-10") == 1


def test_the_command_counts_anew(app):
    """`flask figures`, with --rebuild everything, with --from the days from that one on."""
    make.make_call(received_at=clock.now() - timedelta(days=4))
    db.session.flush()
    run = app.test_cli_runner().invoke
    assert run(args=["figures"]).output == "4 days counted.\n"
    assert run(args=["figures"]).output == "0 days counted.\n"
    assert run(args=["figures", "--rebuild"]).output == "4 days counted.\n"
    first = (clock.today() - timedelta(days=2)).isoformat()
    assert run(args=["figures", "--rebuild", "--from", first]).output == "2 days counted.\n"
    assert run(args=["figures", "--from", first]).exit_code == 2


@pytest.mark.parametrize("text", [
    "", "K-01", "K-01.of", "K-01.of.now", "K-99.of.20261001-20261031", "K-01.xx.20261001-20261031",
    "K-01.of.20261031-20261001", "K-01.of.20261001-2026103", "K-01.of.20261001-20261031.t0", "K-07.d9.now",
    "K-01.of.20261001-20261031.q5", "K-01.of.20261001-20261031.zmoon", "K-01.of.00010101-99991231", "x" * 500,
])  # fmt: skip
def test_an_address_that_cannot_be_understood(text):
    """What is no figure is left out."""
    assert Behind.read(text) is None


def test_an_address_says_all_that_limits():
    """What is written is read again as it was."""
    one = Behind("K-04", "not", date(2026, 10, 1), date(2026, 10, 31), (3, 4), 7, Zone.CITY, 9)
    assert Behind.read(one.text) == one
    now = Behind("K-07", "d3", None, None)
    assert Behind.read(now.text) == now
