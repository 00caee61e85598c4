"""Imports through the acts: what comes in, what is refused and why."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from backoffice.calls.models import ServiceCall
from backoffice.core.audit import AuditEntry
from backoffice.core.db import db
from backoffice.core.errors import MissingInput, NotPermitted
from backoffice.core.numbering import NumberSeries
from backoffice.core.permissions import GRANTS, Permission, Role
from backoffice.customers.models import Contact, Customer, CustomerKind
from backoffice.imports import refused
from backoffice.imports.models import ImportKind, RunState
from backoffice.imports.targets import TARGETS
from backoffice.imports.workflow import target_of
from backoffice.parts.models import Part
from backoffice.products import workflow as products
from backoffice.products.models import InstalledUnit, ProductModel, UnitStatus
from backoffice.repairs.models import RepairCard
from backoffice.ui.importing import running
from tests import factories as make
from tests.imports.files import bring_in, csv_of, reasons


def count(model: Any) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def customers() -> list[Customer]:
    return list(db.session.scalars(select(Customer).order_by(Customer.id)))


# -- customers ---------------------------------------------------------------------------------------------------------


def test_customers_come_in_numbered_and_normalised() -> None:
    by = make.make_user(Role.ASSISTANT)
    area = make.make_area(name="西湖")
    content = csv_of(
        "客户名称,类型,电话,地址,区域,信用代码,备注",
        "江南水务,企业,0571 8888 6666,文三路1号,西湖,91350100M000100Y43,一",
        "王小明,个人,+86 138-0000-1234,西湖区2号,,,",
        "李农,农户,,,,,",
        encoding="gb18030",
    )
    result = bring_in("customers", content, by)
    assert reasons(result) == []
    company, person, farmer = customers()
    assert (company.number, company.phone, company.area) == ("KHHZ000001", "0571-88886666", area)
    assert company.credit_code == "91350100M000100Y43"
    assert (person.kind, person.phone_digits, farmer.kind) == (
        CustomerKind.INDIVIDUAL, "13800001234", CustomerKind.FARMER,
    )  # fmt: skip
    assert farmer.number == "KHHZ000003"
    assert {c.branch_id for c in customers()} == {by.branch_id}


def test_every_customer_leaves_a_trail_and_so_does_the_import() -> None:
    """G-04."""
    by = make.make_user()
    bring_in("customers", csv_of("name", "A", "B"), by)
    rows = list(db.session.scalars(select(AuditEntry).where(AuditEntry.user_id == by.id).order_by(AuditEntry.id)))
    assert [r.act for r in rows if r.subject_type == "customer"] == ["customer.import"] * 2
    runs = [r for r in rows if r.subject_type == "import_run"]
    assert list(dict.fromkeys(r.act for r in runs)) == ["import.upload", "import.try", "import.proceed"]
    assert runs[0].changes["sha256"][1], "which file it was"
    assert runs[-1].changes["good"] == [0, 2]
    assert runs[-1].changes["state"] == ["running", "done"]


@pytest.mark.parametrize("role", [r for r in Role if r not in {Role.ASSISTANT, Role.SUPERVISOR}])
def test_importing_is_not_for_everybody(role: Role) -> None:
    """P-3."""
    with pytest.raises(NotPermitted):
        bring_in("customers", csv_of("name", "A"), make.make_user(role))
    assert count(Customer) == 0


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(MissingInput):
        target_of("users")


def test_every_problem_is_told_and_nothing_comes_in() -> None:
    by = make.make_user()
    content = csv_of("name,phone,area,credit code,kind", "A,,,,", "B,123,,,", "C,,nowhere,,", "D,,,9135,", "E,,,,robot",
                     ",,,,", "-,,,,")  # fmt: skip
    result = bring_in("customers", content, by)
    assert result.rows == 6
    assert [(row, column) for row, column, _ in reasons(result)] == [
        (3, "phone"), (4, "area"), (5, "credit code"), (6, "kind"), (8, "name"),
    ]  # fmt: skip
    assert not result.is_clean
    assert [e.act for e in db.session.scalars(select(AuditEntry))].count("data.import") == 0


def test_good_rows_only_leaves_the_others_out() -> None:
    by = make.make_user()
    content = csv_of("name,phone", "A,", "B,123", "C,13800001234")
    result = bring_in("customers", content, by, good_rows_only=True)
    assert (result.rows, result.good) == (3, 2)
    assert [(c.name, c.number) for c in customers()] == [("A", "KHHZ000001"), ("C", "KHHZ000002")]
    lines = b"".join(refused.as_csv(result.run)).decode("utf-8-sig").splitlines()
    assert lines[1].startswith('3,"phone: Enter a mobile number')
    assert lines[1].endswith(",B,123")


def test_an_import_without_a_good_row_is_none() -> None:
    bring_in("customers", csv_of("name,phone", "B,123"), make.make_user(), good_rows_only=True)
    assert "data.import" not in [entry.act for entry in db.session.scalars(select(AuditEntry))]


def test_numbers_have_no_gap_after_a_refusal() -> None:
    """Section 8: what was reserved and not used goes back."""
    by = make.make_user()
    bring_in(
        "customers",
        csv_of("name,phone", *[f"N{i},{'' if i % 3 else 'bad'}" for i in range(30)]),
        by,
        good_rows_only=True,
    )
    bring_in("customers", csv_of("name", "last"), by)
    assert [c.number for c in customers()] == [f"KHHZ{i:06}" for i in range(1, 22)]


def test_the_same_file_twice_makes_no_doubles() -> None:
    by = make.make_user()
    content = csv_of("name,编号,kind,phone", "江南水务,7,,", "王芳,,个人,13800001234")
    assert bring_in("customers", content, by).is_clean
    result = bring_in("customers", content, by)
    assert reasons(result) == [
        (2, "编号", "There already: customer KHHZ000001."), (3, "name", "There already: customer KHHZ000002."),
    ]  # fmt: skip
    assert bring_in("customers", content, by, options=("allow_doubles",)).is_clean
    assert count(Customer) == 4


def test_doubles_within_the_file_name_the_first_row() -> None:
    content = csv_of("name,kind,phone", "江南水务,,", "张伟,个人,13800001111", "江南 水务,,", "张伟,个人,13800002222",
                     "张伟,个人,13800001111")  # fmt: skip
    result = bring_in("customers", content, make.make_user())
    assert reasons(result) == [(4, "name", "The same as row 2."), (6, "name", "The same as row 3.")]


def test_a_name_that_begins_like_another_is_another() -> None:
    assert bring_in("customers", csv_of("name", "河北大学", "河北大学工商学院"), make.make_user()).is_clean


def test_a_phone_that_somebody_has_is_only_a_note() -> None:
    """E-04: warns, never blocks."""
    make.make_customer(phone="13800001111")
    content = csv_of("name,phone", "A,138 0000 1111", "B,13800002222", "C,13800002222")
    result = bring_in("customers", content, make.make_user())
    assert result.is_clean
    assert [(note.row, note.column) for note in result.warnings] == [(2, "phone"), (4, "phone")]


def test_customers_of_another_branch_are_no_doubles_and_do_not_show() -> None:
    """P-1."""
    other = make.make_branch("NB")
    make.make_customer(other, name="江南水务", phone="13800001111")
    make.make_area(other, name="鄞州")
    by = make.make_user()
    assert bring_in("customers", csv_of("name,phone", "江南水务,13800001111"), by).warnings == []
    assert reasons(bring_in("customers", csv_of("name,area", "B,鄞州"), by))[0][:2] == (2, "area")


@pytest.mark.parametrize(
    "name",
    [
        '=cmd|"/c calc"!A0',
        "+1",
        "@SUM(A1)",
        "\u202egnp.exe",
        "泵💧站",
        "<script>alert(1)</script>",
        "O'Neil; DROP TABLE",
        "龘靐",
    ],
)
def test_strange_names_come_in_as_they_are(name: str) -> None:
    """0 silently altered, 0 executed."""
    quoted = '"' + name.replace('"', '""') + '"'
    assert bring_in("customers", csv_of("name", quoted), make.make_user()).is_clean
    assert [c.name for c in customers()] == [name]


@pytest.mark.parametrize("name", ["a\x07b", "x" * 121, "x" * 100_000, "\ud83d".encode("utf-8", "surrogatepass")])
def test_names_that_cannot_be_stored_are_told(name: Any) -> None:
    content = b"name\n" + (name if isinstance(name, bytes) else name.encode()) + b"\nnext\n"
    result = bring_in("customers", content, make.make_user())
    assert [row for row, _, _ in reasons(result)] == [2]


# -- models ------------------------------------------------------------------------------------------------------------


def test_models_come_in() -> None:
    content = csv_of("型号,名称,流量,扬程,功率,保修月数", "ISG50-160,立式泵,12.5,32,3.0,36", "QW80,,,0,,")
    result = bring_in("models", content, make.make_user(Role.SUPERVISOR))
    assert reasons(result) == []
    first, second = db.session.scalars(select(ProductModel).order_by(ProductModel.id))
    assert (first.flow, first.head, first.power_kw, first.default_warranty_months) == (12.5, 32, 3, 36)
    assert (second.head, second.default_warranty_months) == (None, 24)


@pytest.mark.parametrize("cell", ["1e308", "Infinity", "-5", "1e400", "999999", "=1"])
def test_impossible_figures_are_told(cell: str) -> None:
    """C2."""
    result = bring_in("models", csv_of("code,flow", f"A,{cell}"), make.make_user(Role.SUPERVISOR))
    assert [(row, column) for row, column, _ in reasons(result)] == [(2, "flow")]


def test_models_are_the_supervisors() -> None:
    """P-3: PRODUCT_WRITE."""
    with pytest.raises(NotPermitted):
        bring_in("models", csv_of("code", "A"), make.make_user(Role.ASSISTANT))


def test_model_doubles_are_told() -> None:
    make.make_model(code="ISG 50")
    result = bring_in("models", csv_of("code", "isg50", "B", "b "), make.make_user(Role.SUPERVISOR))
    assert [row for row, _, _ in reasons(result)] == [2, 4]


# -- units -------------------------------------------------------------------------------------------------------------


def unit_file(*lines: str) -> bytes:
    return csv_of("serial,model,customer,install date,status", *lines)


@pytest.fixture
def ready() -> dict[str, Any]:
    by = make.make_user(Role.SUPERVISOR)
    return {
        "by": by,
        "model": make.make_model(code="ISG50", default_warranty_months=36),
        "customer": make.make_customer(name="江南水务（集团）", number="KHHZ000009", former_number="17850"),
    }


def test_units_come_in(ready: dict[str, Any]) -> None:
    content = unit_file(
        "A1,isg50,江南水务(集团),2024-03-15,在用", "A2,ISG50,khhz000009,20240315,", "A3,ISG50,17850.0,0,报废"
    )
    result = bring_in("units", content, ready["by"])
    assert reasons(result) == []
    one, two, three = db.session.scalars(select(InstalledUnit).order_by(InstalledUnit.id))
    assert {u.customer_id for u in (one, two, three)} == {ready["customer"].id}
    assert one.verdict(date(2027, 3, 14)).state.value == "covered"
    assert (one.warranty_months, two.commissioned_on, three.commissioned_on) == (36, date(2024, 3, 15), None)
    assert three.status is UnitStatus.SCRAPPED


def test_unit_problems_are_told_by_row_and_column(ready: dict[str, Any]) -> None:
    make.make_unit(serial_no="B1")
    make.make_unit(make.make_customer(make.make_branch("NB"), name="宁波"), serial_no="N1")
    content = unit_file(
        "A1,ISG50,江南水务（集团）,,", "a1,ISG50,江南水务（集团）,,", "B 1,ISG50,江南水务（集团）,,",
        "n1,ISG50,江南水务（集团）,,", "A2,nothing,江南水务（集团）,,", "A3,ISG50,宁波,,", "0,ISG50,江南水务（集团）,,",
        "A4,ISG50,江南水务（集团）,0001-01-01,", "A5,ISG50,江南水务（集团）,9999-01-01,",
        "A6,ISG50,江南水务（集团）,2199-01-01,",
        "A7,ISG50,江南水务（集团）,,in_repair", "A8,ISG50,江南水务（集团）,2010,",
    )  # fmt: skip
    result = bring_in("units", content, ready["by"])
    assert [(row, column) for row, column, _ in reasons(result)] == [
        (3, "serial"), (4, "serial"), (5, "serial"), (6, "model"), (7, "customer"), (8, "serial"),
        (9, "install date"), (10, "install date"), (11, "install date"), (12, "status"), (13, "install date"),
    ]  # fmt: skip
    assert result.good == 1


def test_missing_models_and_customers_are_made_on_request(ready: dict[str, Any]) -> None:
    content = unit_file("A1,NEW-1,新客户,,", "A2,new-1,新客户,,", "A3,ISG50,江南水务（集团）,,")
    assert len(bring_in("units", content, ready["by"]).refused) == 2
    result = bring_in("units", content, ready["by"], options=("create_models", "create_customers"))
    assert result.is_clean, "the first file did not begin: two of its rows were refused"
    assert {str(label): number for label, number in result.made.items()} == {"product_model": 1, "customer": 1}
    assert db.session.scalar(select(Customer.name).where(Customer.name == "新客户")) == "新客户"


def test_an_assistant_makes_no_models(ready: dict[str, Any]) -> None:
    """P-3: models are the supervisor's."""
    with pytest.raises(NotPermitted):
        bring_in("units", unit_file("A1,N,新客户,,"), make.make_user(), options=("create_models",))


def test_a_name_that_two_customers_have_is_told(ready: dict[str, Any]) -> None:
    make.make_customer(name="江南水务(集团)")
    result = bring_in("units", unit_file("A1,ISG50,江南水务（集团）,,", "A2,ISG50,KHHZ000009,,"), ready["by"])
    assert [(row, column) for row, column, _ in reasons(result)] == [(2, "customer")]


def test_a_row_that_only_the_database_refuses_spoils_no_other(
    ready: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody else enters the same serial number while the import runs."""
    make.make_unit(serial_no="A2")
    monkeypatch.setattr("backoffice.products.workflow.importing._known_serials", lambda rows: set())
    content = unit_file("A1,NEW,新客户,,", "A2,NEW,新客户,,", "A3,NEW,新客户,,", "A4,NEW2,另一个,,")
    result = bring_in("units", content, ready["by"], options=("create_models", "create_customers"), good_rows_only=True)
    assert [row for row, _, _ in reasons(result)] == [3]
    assert result.good == 3
    assert set(db.session.scalars(select(InstalledUnit.serial_no))) == {"A1", "A2", "A3", "A4"}
    assert {str(label): number for label, number in result.made.items()} == {"product_model": 2, "customer": 2}
    assert count(ProductModel) == 2 + 2
    assert bring_in("customers", csv_of("name", "afterwards"), ready["by"]).is_clean
    made = [c.number for c in customers() if c.name in {"新客户", "另一个", "afterwards"}]
    assert made == ["KHHZ000001", "KHHZ000002", "KHHZ000003"], "numbers that were taken back are given again"


def test_an_error_that_is_no_refusal_is_not_hidden(ready: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(**_: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(products, "import_rows", broken)
    with pytest.raises(ZeroDivisionError):
        bring_in("units", unit_file("A1,ISG50,江南水务（集团）,,"), ready["by"])


def test_who_sees_all_branches_imports_into_the_own_one_only(ready: dict[str, Any]) -> None:
    """P-1, P-6: a deputy of the headquarters' manager finds neither customers nor areas of other branches."""
    headquarters = make.make_branch("HQ")
    deputy = make.make_user(Role.SUPERVISOR, headquarters)
    deputy.deputise([(make.make_user(Role.MANAGER, headquarters).id, Role.MANAGER)])
    assert deputy.sees_all_branches
    make.make_area(name="西湖")
    result = bring_in("units", unit_file("A1,ISG50,江南水务（集团）,,", "A2,ISG50,KHHZ000009,,"), deputy)
    assert [(row, column) for row, column, _ in reasons(result)] == [(2, "customer"), (3, "customer")]
    result = bring_in("customers", csv_of("name,area", "B,西湖"), deputy)
    assert [(row, column) for row, column, _ in reasons(result)] == [(2, "area")]


def test_a_customer_out_of_use_gets_no_units(ready: dict[str, Any]) -> None:
    ready["customer"].is_active = False
    result = bring_in("units", unit_file("A1,ISG50,KHHZ000009,,"), ready["by"])
    assert [(row, column) for row, column, _ in reasons(result)] == [(2, "customer")]


def test_models_need_the_right_to_import_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """P-3: both DATA_IMPORT and PRODUCT_WRITE."""
    by = make.make_user(Role.SUPERVISOR)
    monkeypatch.setitem(GRANTS, Role.SUPERVISOR, GRANTS[Role.SUPERVISOR] - {Permission.DATA_IMPORT})
    with pytest.raises(NotPermitted):
        bring_in("models", csv_of("code", "A"), by)


def test_many_rows_cost_few_statements(ready: dict[str, Any], count_statements: Any) -> None:
    """Statements grow with the chunks, not with the rows."""
    lines = [f"S{i},ISG50,江南水务（集团）,2020-01-01," for i in range(running.CHUNK)]
    with count_statements() as sent:
        assert bring_in("units", unit_file(*lines), ready["by"], good_rows_only=True).is_clean
    others = [text for text in sent.texts if not text.startswith("INSERT INTO installed_unit")]
    assert len(others) < 40, "\n".join(others)


def test_chunks_join_seamlessly(ready: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "CHUNK", 3)
    lines = [f"S{i},M{i % 4},C{i % 5},," for i in range(20)] + ["S1,M1,C1,,"]
    result = bring_in(
        "units", unit_file(*lines), ready["by"], options=("create_models", "create_customers"), good_rows_only=True
    )
    assert [row for row, _, _ in reasons(result)] == [22]
    assert {str(label): number for label, number in result.made.items()} == {"product_model": 4, "customer": 5}


def test_a_dry_run_leaves_nothing(ready: dict[str, Any]) -> None:
    before = {model: count(model) for model in (Customer, InstalledUnit, ProductModel, NumberSeries)}
    result = bring_in("units", unit_file("A1,N,新客户,,"), ready["by"], options=("create_models", "create_customers"),
                      try_only=True)  # fmt: skip
    assert (result.is_clean, result.good, result.run.state) == (True, 1, RunState.TRIED)
    assert {model: count(model) for model in before} == before
    acts = set(db.session.scalars(select(AuditEntry.act)))
    assert {act for act in acts if "import" in act} == {"import.upload", "import.try", "import.proceed"}


def test_every_field_is_one_that_the_acts_know() -> None:
    models = {
        ImportKind.CUSTOMERS: Customer, ImportKind.CONTACTS: Contact, ImportKind.MODELS: ProductModel,
        ImportKind.UNITS: InstalledUnit, ImportKind.CALLS: ServiceCall, ImportKind.PARTS: Part,
        ImportKind.CARDS: RepairCard,
    }  # fmt: skip
    of_many = {ImportKind.SALES, ImportKind.INVOICES}  # their rows are facts of several records
    assert set(models) | of_many == set(TARGETS)
    for kind, model in models.items():
        said = {"minutes"} if kind is ImportKind.CARDS else set()  # a word of the outcome, no working time
        assert {f.name for f in TARGETS[kind].fields} - said <= set(model.__mapper__.attrs.keys())


def test_the_database_is_the_last_line(ready: dict[str, Any]) -> None:
    """E-06: unique, whatever the code forgets."""
    make.make_unit(serial_no="X")
    with pytest.raises(IntegrityError):
        make.make_unit(serial_no="x")


# -- real files --------------------------------------------------------------------------------------------------------


def test_real_customers(shared_data: Any) -> None:
    """1,204 institutions, one name in ten the beginning of another, line breaks in 19 cells."""
    result = bring_in("customers", shared_data("customers_institutions_zh.csv").read_bytes(), make.make_user())
    assert reasons(result) == []
    assert (result.rows, result.good, count(Customer)) == (1204, 1204, 1204)
    assert len(result.warnings) == 18


def test_real_units_of_a_country(shared_data: Any) -> None:
    """27,645 water points in the largest slice; year 0 is unknown."""
    result = bring_in(
        "units", shared_data("installed_pumps_tanzania.csv.gz").read_bytes(), make.make_user(Role.SUPERVISOR),
        maps={"serial_no": "id", "model": "extraction_type", "customer": "scheme_name | ward",
              "place": "region + lga + ward", "commissioned_on": "construction_year"},
        options=("create_models", "create_customers"), year_as_first_day=True, good_rows_only=True,
    )  # fmt: skip
    assert (result.rows, result.good) == (27645, 27644)
    assert [(column, reason, n) for column, reason, n in result.reasons()] == [("id", "This must be given.", 1)]
    unknown = select(func.count()).where(InstalledUnit.commissioned_on.is_(None))
    assert (db.session.scalar(unknown) or 0) > 8000


def test_real_units_of_a_city(shared_data: Any) -> None:
    """81 pumps of lift stations: time zones in the dates, 1900 as unknown, blanks of one space, "0" as no model."""
    result = bring_in(
        "units", shared_data("lift_station_pumps_bend.csv").read_bytes(), make.make_user(Role.SUPERVISOR),
        maps={"serial_no": "FacilityID", "customer": "LiftStationID", "place": "LocationDescription"},
        options=("create_models", "create_customers"), good_rows_only=True,
    )  # fmt: skip
    assert (result.rows, result.good) == (81, 73)
    assert {column for column, _, _ in result.reasons()} == {"PumpModel", "LiftStationID"}
