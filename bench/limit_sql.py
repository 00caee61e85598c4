"""The statements of the limit, on its own tables; each cuts to one page before it joins."""

from collections.abc import Sequence

import sqlalchemy as sa

PAGE = 50
NAMES = (
    "", "Number", "State", "Note", "Dispatch by", "Arrive by", "Customer", "Phone", "Model", "Symptom", "Type",
    "Technician", "Received",
)  # fmt: skip
_SHOWN = (
    "SELECT c.id, c.number, c.state, c.priority, c.dispatch_due_at, c.arrival_due_at, c.customer_name, c.phone,"
    " c.model_text, s.name_zh, c.service_type, u.real_name, c.received_at FROM ({inner}) c"
    ' JOIN fault_symptom s ON s.id = c.fault_symptom_id LEFT JOIN "user" u ON u.id = c.technician_id'
    " ORDER BY {order}"
)
_NEWEST = "received_at DESC, id DESC"
_CALLS = "SELECT * FROM limit_call WHERE branch_id = :branch"


def _page(condition: str, order: str = _NEWEST) -> str:
    inner = f"{_CALLS}{condition} ORDER BY {order} LIMIT {PAGE + 1}"
    outer = ", ".join(f"c.{part.strip()}" for part in order.split(","))
    return _SHOWN.format(inner=inner, order=outer)


LIST = _page("")
DEEP = _page(" AND (received_at, id) < (:at, :id)")
SEARCH = {
    "postgresql": _page(
        " AND string_to_array(limit_grams, ' ') @> CAST(:grams AS text[]) AND limit_norm LIKE :words"
    ),
    "sqlite": _page(
        " AND id IN (SELECT rowid FROM limit_fts WHERE limit_fts MATCH :grams) AND limit_norm LIKE :words"
    ),
}  # fmt: skip
#: The page is found in the index alone, and then its rows are fetched.
FILTER = _SHOWN.format(
    inner="SELECT * FROM limit_call WHERE id IN (SELECT id FROM limit_call WHERE branch_id = :branch"
    " AND state IN (:one, :two) AND received_at >= :low AND received_at < :high"
    f" ORDER BY dispatch_due_at, id LIMIT {PAGE + 1})",
    order="c.dispatch_due_at, c.id",
)
RECORD = (
    "SELECT c.*, s.name_zh AS symptom, u.real_name AS technician, a.name AS area FROM limit_call c"
    ' JOIN fault_symptom s ON s.id = c.fault_symptom_id LEFT JOIN "user" u ON u.id = c.technician_id'
    " JOIN service_area a ON a.id = c.area_id WHERE c.id = :id"
)
EXPORT = (
    "SELECT c.number, c.state, c.priority, c.dispatch_due_at, c.arrival_due_at, c.customer_name, c.phone, c.model_text,"
    " s.name_zh, c.service_type, u.real_name, c.received_at, c.dispatched_at, c.first_arrived_at, c.completed_at,"
    " c.closed_at FROM limit_call c JOIN fault_symptom s ON s.id = c.fault_symptom_id"
    ' LEFT JOIN "user" u ON u.id = c.technician_id WHERE c.branch_id = :branch AND c.received_at >= :low'
    " AND c.received_at < :high ORDER BY c.received_at DESC, c.id DESC"
)
#: The workshop and the stock, each one plain statement over the product's own tables and indexes.
GOODS = (
    "SELECT g.id, g.number, g.state, g.moved_at, u.real_name, g.customer_name, g.model_text, g.serial_no, g.in_on,"
    " g.promised_return_on, g.returned_on, r.number, r.state FROM (SELECT * FROM goods_entry WHERE branch_id = :branch"
    f" ORDER BY in_on DESC, id DESC LIMIT {PAGE + 1}) g"
    ' JOIN "user" u ON u.id = g.moved_by_id JOIN goods_receipt r ON r.id = g.receipt_id'
    " ORDER BY g.in_on DESC, g.id DESC"
)
CARDS = (
    "SELECT k.id, k.number, k.state, k.planned_finish_at, k.customer_name, k.model_text, k.serial_no, u.real_name,"
    " k.received_at FROM (SELECT * FROM repair_card WHERE branch_id = :branch"
    f" ORDER BY received_at DESC, id DESC LIMIT {PAGE + 1}) k"
    ' LEFT JOIN "user" u ON u.id = k.technician_id ORDER BY k.received_at DESC, k.id DESC'
)
MOVEMENTS = (
    "SELECT m.id, m.moved_at, p.code, p.name, p.spec, m.kind, m.quantity, u.real_name, m.subject_number, m.reason"
    " FROM (SELECT * FROM stock_movement WHERE branch_id = :branch"
    f" ORDER BY moved_at DESC, id DESC LIMIT {PAGE + 1}) m"
    ' JOIN part p ON p.id = m.part_id LEFT JOIN "user" u ON u.id = m.holder_id ORDER BY m.moved_at DESC, m.id DESC'
)
DUES = (
    "SELECT d.id, d.number, d.state, d.customer_name, d.amount, d.amount - d.paid_amount, d.due_on, d.path,"
    " d.is_invoiced, d.source_number FROM due d WHERE branch_id = :branch"
    f" ORDER BY d.id DESC LIMIT {PAGE + 1}"
)
PAYMENTS = (
    "SELECT p.id, p.number, p.received_at, p.customer_name, p.amount, p.method, r.real_name, h.number, p.checked_at"
    f" FROM (SELECT * FROM payment WHERE branch_id = :branch ORDER BY id DESC LIMIT {PAGE + 1}) p"
    ' JOIN "user" r ON r.id = p.received_by_id LEFT JOIN cash_handover h ON h.id = p.handover_id ORDER BY p.id DESC'
)
INVOICES = (
    "SELECT i.id, i.number, i.state, i.invoice_no, i.title, i.kind, i.gross_total, i.issued_on, i.requested_at,"
    " (SELECT sum(d.amount - d.paid_amount) FROM invoice_due c JOIN due d ON d.id = c.due_id"
    " WHERE c.invoice_id = i.id) FROM invoice i WHERE i.branch_id = :branch"
    f" ORDER BY i.id DESC LIMIT {PAGE + 1}"
)
#: What waits at the finance desk, by block: table, amount, order, condition.
_WAITS = {
    "count": ("cash_handover", "total", "handed_at", "state = 'open'"),
    "check": ("payment", "amount", "received_at", "checked_at IS NULL AND method <> 'cash'"),
    "invoice": ("due", "amount", "made_at",
                "NOT is_invoiced AND state NOT IN ('waived', 'void') AND (path = 'invoice_first' OR state <> 'due')"),
    "issue": ("invoice", "gross_total", "issue_due_at", "state = 'requested'"),
    "deliver": ("invoice", "gross_total", "issued_on", "state = 'issued'"),
    "collect": ("due", "amount - paid_amount", "due_on", "state = 'due' AND (is_invoiced OR path = 'onsite')"),
}  # fmt: skip
_DESK = " UNION ALL ".join(
    f"SELECT '{key}', x.id, x.number, x.amount, x.waits, x.total FROM (SELECT t.id, t.number, {amount} AS amount,"
    f" (SELECT count(*) FROM {table} WHERE branch_id = :branch AND {condition}) AS waits,"
    f" (SELECT sum({amount}) FROM {table} WHERE branch_id = :branch AND {condition}) AS total"
    f" FROM {table} t WHERE branch_id = :branch AND {condition} ORDER BY {order}, id LIMIT 5) x"
    for key, (table, amount, order, condition) in _WAITS.items()
)
CASH = (
    "SELECT holder_id, sum(amount), min(received_at) FROM payment WHERE holder_id IS NOT NULL AND NOT is_handed_over"
    ' AND holder_id IN (SELECT id FROM "user" WHERE branch_id = :branch) GROUP BY holder_id'
)
AGES = (
    "SELECT CASE WHEN due_on >= :today THEN '0' WHEN due_on >= :d30 THEN '1' WHEN due_on >= :d60 THEN '31'"
    " WHEN due_on >= :d90 THEN '61' ELSE '91' END AS age, count(*), sum(amount - paid_amount) FROM due"
    " WHERE branch_id = :branch AND state = 'due' GROUP BY 1"
)
DESK = (
    f"{_DESK} UNION ALL SELECT 'cash', holder_id, '', total, 1, total FROM (SELECT holder_id, sum(amount) AS total"
    " FROM payment WHERE holder_id IS NOT NULL AND NOT is_handed_over AND branch_id = :branch GROUP BY holder_id) y"
)
#: The columns of an evening: the calls of the day by index ranges, each with its latest voucher and where it stands.
EVENING = (
    "SELECT c.id, c.number, '', CASE WHEN c.closed_at < :high THEN 'written_off' WHEN c.cancelled_at < :high"
    " THEN 'cancelled' WHEN c.completed_at < :high AND v.returned_at < :high THEN 'not_written_off'"
    " WHEN c.completed_at < :high THEN 'not_back' WHEN v.onsite_result = 'taken_away' THEN 'in_repair'"
    " WHEN c.dispatched_at < :high THEN 'unfinished' ELSE 'not_dispatched' END AS standing, '', ''"
    " FROM service_call c LEFT JOIN service_voucher v ON v.id = (SELECT max(o.id) FROM service_voucher o"
    " WHERE o.call_id = c.id AND o.issued_at < :high) WHERE c.id IN ("
    "SELECT id FROM service_call WHERE branch_id = :branch AND received_at < :high AND state <> 'closed'"
    " AND state <> 'cancelled' UNION ALL"
    " SELECT id FROM service_call WHERE branch_id = :branch AND closed_at >= :low AND received_at < :high UNION ALL"
    " SELECT id FROM service_call WHERE branch_id = :branch AND cancelled_at IS NOT NULL AND cancelled_at >= :low"
    " AND received_at < :high) ORDER BY c.received_at, c.id"
)
#: What waits for a supervisor: counts of the main queues, and the first calls to dispatch.
HOME = (
    "SELECT c.id, c.number, c.customer_name, c.dispatch_due_at,"
    " (SELECT count(*) FROM service_call WHERE branch_id = :branch AND state = 'registered'),"
    " (SELECT count(*) FROM repair_card WHERE branch_id = :branch AND state = 'repaired')"
    " FROM service_call c WHERE branch_id = :branch AND state = 'registered' ORDER BY dispatch_order_at, id LIMIT 5"
)
_OPEN_CARDS = ("pending", "repairing", "waiting", "repaired", "inspected", "unrepairable")
_ON_BOARD = " UNION ALL ".join(
    "SELECT * FROM (SELECT k.*, (SELECT count(*) FROM repair_card WHERE branch_id = :branch AND state = "
    f"'{state}') AS waiting FROM repair_card k WHERE branch_id = :branch AND state = '{state}'"
    f" ORDER BY planned_finish_at, id LIMIT 20) AS of_{state}"
    for state in _OPEN_CARDS
)
BOARD = (
    "SELECT k.id, k.number, k.state, k.waiting, k.planned_finish_at, k.customer_name, k.model_text, k.serial_no,"
    f" u.real_name, g.promised_return_on FROM ({_ON_BOARD}) k"
    ' LEFT JOIN "user" u ON u.id = k.technician_id LEFT JOIN goods_entry g ON g.id = k.entry_id'
)
_FIGURE = (
    "SELECT '{key}', 0, '', count(*) AS whole, count(CASE WHEN {part} THEN 1 END) AS part, CAST(avg({time}) AS real)"
    " FROM {table} WHERE branch_id = :branch AND {moment} >= :low AND {moment} < :high AND {where}"
)
_MEAN = {
    "postgresql": "EXTRACT(EPOCH FROM {end} - {start})",
    "sqlite": "strftime('%s', {end}) - strftime('%s', {start})",
}


def figures(kind: str) -> str:
    """The figures of a period that are made of calls and inspections, in one statement by the moments' indexes."""
    response = _MEAN[kind].format(end="first_arrived_at", start="received_at")
    repair = _MEAN[kind].format(end="completed_at", start="received_at")
    calls = (
        ("K-01", "dispatch_due_at", "dispatched_at <= dispatch_due_at", "0", "NOT is_history"),
        ("K-02", "arrival_due_at", "first_arrived_at <= arrival_due_at", "0", "state <> 'cancelled'"),
        ("K-03", "first_arrived_at", "NOT is_history", response, "NOT is_history"),
        ("K-05", "completed_at", "repeat_of_id IS NOT NULL", repair, "state <> 'cancelled'"),
        ("K-08", "received_at", "carry_over_count > 0", "0", "NOT is_history"),
    )
    parts = [
        _FIGURE.format(key=key, table="service_call", moment=moment, part=part, time=time, where=where)
        for key, moment, part, time, where in calls
    ]
    inspections = _FIGURE.format(
        key="K-13", table="inspection", moment="inspected_at", part="result = 'failed'", time="0", where="nth > 0"
    )
    return " UNION ALL ".join([*parts, inspections])


#: Pages that are one statement each, by the last part of their address.
PAGES = {
    "goods": GOODS, "cards": CARDS, "movements": MOVEMENTS, "dues": DUES, "payments": PAYMENTS, "invoices": INVOICES,
    "desk": DESK, "home": HOME,
}  # fmt: skip
BALANCE = "SELECT sum(quantity) FROM stock_movement WHERE branch_id = :branch AND part_id = :part AND holder_id IS NULL"
PART = f"SELECT p.*, ({BALANCE.replace(':part', 'p.id')}) AS in_store FROM part p WHERE p.id = :part"
NUMBER = (
    "INSERT INTO limit_series (day, last) VALUES (:day, 1)"
    " ON CONFLICT (day) DO UPDATE SET last = limit_series.last + 1 RETURNING last"
)
BULK = sa.text(
    "UPDATE limit_call SET escalated_to = 'manager', escalated_at = :at, escalation_reason = :reason,"
    " version = version + 1 WHERE id IN :keys"
).bindparams(sa.bindparam("keys", expanding=True))
TRAIL = "INSERT INTO limit_trail (at, user_id, act, call_id, changes) VALUES (:at, :user, 'escalate', :key, :changes)"


def insert_of(columns: Sequence[str]) -> str:
    """The insert of one call: a row like the one numbered :like, with its own key, :number and :text."""
    own = {"id": "(SELECT max(id) + 1 FROM limit_call)", "number": ":number", "fault_text": ":text"}
    values = ", ".join(own.get(name, name) for name in columns)
    return (
        f"INSERT INTO limit_call ({', '.join(columns)}) SELECT {values} FROM limit_call WHERE id = :like RETURNING id"
    )
