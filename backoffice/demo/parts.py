"""Parts of pumps: the catalogue, what each branch has in its store, and what its technicians carry with them."""

from decimal import Decimal
from random import Random
from typing import Any

from sqlalchemy import select

from backoffice.core.db import db
from backoffice.core.permissions import Role
from backoffice.organisation.models import User
from backoffice.parts import workflow
from backoffice.parts.models import Part
from backoffice.parts.queries import balance

from .agenda import Life
from .office import Crew, Office

#: Code, name, specification, unit, cost price, minimum in a store (0: no matter), whether it wears out.
PARTS = (
    ("JF-0101", "机械密封", "M7N-25", "套", "68.00", 6, True),
    ("JF-0102", "机械密封", "M7N-35", "套", "92.00", 6, True),
    ("JF-0103", "机械密封", "M7N-45", "套", "128.00", 8, True),
    ("JF-0104", "机械密封", "H7N-55", "套", "186.00", 4, True),
    ("JF-0105", "机械密封", "集装式 H75", "套", "640.00", 2, True),
    ("JF-0110", "填料", "碳纤维 10×10", "米", "32.00", 20, True),
    ("JF-0111", "填料压盖", "HT200 Φ65", "个", "45.00", 0, False),
    ("JF-0120", "骨架油封", "45×65×10", "个", "6.50", 20, True),
    ("JF-0121", "O形圈", "Φ160×5.3 丁腈", "个", "2.80", 50, True),
    ("JF-0122", "O形圈", "Φ200×5.3 氟橡胶", "个", "9.60", 20, True),
    ("JF-0130", "密封垫", "DN100 石棉", "片", "3.50", 30, True),
    ("JF-0131", "密封垫", "DN150 四氟", "片", "18.00", 20, True),
    ("JF-0201", "深沟球轴承", "6205-2RS", "个", "14.00", 10, True),
    ("JF-0202", "深沟球轴承", "6308-2Z/C3", "个", "52.00", 8, True),
    ("JF-0203", "深沟球轴承", "6312-2Z/C3", "个", "118.00", 6, True),
    ("JF-0204", "角接触球轴承", "7310 BECBP", "个", "236.00", 4, True),
    ("JF-0205", "圆柱滚子轴承", "NU 312", "个", "264.00", 2, True),
    ("JF-0210", "轴承压盖", "Φ110", "个", "58.00", 0, False),
    ("JF-0211", "润滑脂", "3# 锂基 800g", "桶", "28.00", 6, True),
    ("JF-0301", "叶轮", "ISG50-160 HT200", "个", "168.00", 3, False),
    ("JF-0302", "叶轮", "ISG80-200 HT200", "个", "285.00", 3, False),
    ("JF-0303", "叶轮", "CDL16 不锈钢", "个", "96.00", 6, False),
    ("JF-0304", "叶轮", "WQ100-15 QT500", "个", "420.00", 2, False),
    ("JF-0305", "导叶", "CDL16 不锈钢", "个", "110.00", 4, False),
    ("JF-0310", "泵轴", "ISG80-200 45#", "根", "240.00", 2, False),
    ("JF-0311", "泵轴", "CDL16 2Cr13", "根", "310.00", 2, False),
    ("JF-0312", "轴套", "Φ35 不锈钢", "个", "48.00", 6, True),
    ("JF-0313", "口环", "ISG80 锡青铜", "个", "76.00", 6, True),
    ("JF-0401", "弹性联轴器", "HL2", "套", "145.00", 2, False),
    ("JF-0402", "弹性柱销", "HL2 尼龙", "个", "4.20", 40, True),
    ("JF-0403", "梅花垫", "MT4 聚氨酯", "个", "22.00", 12, True),
    ("JF-0501", "接线端子排", "Y132", "个", "16.00", 6, False),
    ("JF-0502", "电机风叶", "Y132", "个", "18.00", 4, False),
    ("JF-0503", "漆包线", "QZ-2 Φ0.90", "公斤", "86.50", 5, False),
    ("JF-0601", "交流接触器", "CJX2-3210 AC380V", "个", "74.00", 6, False),
    ("JF-0602", "热继电器", "JR36-63 28–45A", "个", "56.00", 4, False),
    ("JF-0603", "软启动器", "37 kW", "台", "1860.00", 1, False),
    ("JF-0604", "变频器", "7.5 kW", "台", "1420.00", 1, False),
    ("JF-0605", "压力变送器", "0–1.6 MPa 4–20 mA", "个", "215.00", 3, False),
    ("JF-0606", "浮球液位开关", "5 m 电缆", "个", "38.00", 6, False),
    ("JF-0701", "止回阀", "DN80 H44H", "个", "320.00", 1, False),
    ("JF-0702", "底阀", "DN100", "个", "180.00", 1, False),
)  # fmt: skip
#: Sold above cost, with the reason.
_ABOVE_COST = {"JF-0105": ("720.00", "进口件，单独清关运费"), "JF-0603": ("2050.00", "含现场调试")}
#: What is ordered again too late: in each store less of it than there should be.
_SHORT = ("JF-0103", "JF-0120", "JF-0203", "JF-0303", "JF-0402", "JF-0605")


def catalogue(office: Office) -> None:
    """Enter all parts."""
    rows: list[dict[str, Any]] = []
    for code, name, spec, unit, cost, minimum, wears in PARTS:
        price, reason = _ABOVE_COST.get(code, (None, ""))
        rows.append({
            "code": code, "name": name, "spec": spec, "unit": unit, "cost_price": Decimal(cost),
            "sale_price": Decimal(price) if price else None, "price_reason": reason, "is_wear_part": wears,
            "min_stock": Decimal(minimum) if minimum else None,
        })  # fmt: skip
    workflow.import_parts(by=office.crews["HZ"].one(Role.SUPERVISOR), rows=rows)


def store(office: Office, crew: Crew) -> Life:
    """Goods come in, technicians fill their bags, some comes back, and at the end of the month it is counted."""
    rng = Random(f"parts-{crew.branch.code}")
    parts = list(db.session.scalars(select(Part).order_by(Part.id)))
    assistant, technicians = crew.one(Role.ASSISTANT), crew.people[Role.TECHNICIAN]
    for batch, days_ago in enumerate((88, 41)):
        yield office.day(days_ago, 9, 20 + batch)
        for part in parts:
            _receive(rng, crew, part, batch)
    for technician in technicians:
        yield office.day(rng.randint(12, 36), 8, rng.randint(5, 50))
        for part in rng.sample(parts, 9):
            _hand_out(rng, crew, part, technician)
    yield office.day(9, 16, 40)
    for part in parts:
        if balance(part.id, crew.branch.id, technicians[0].id) >= 2:
            workflow.hand_back(part, by=assistant, holder=technicians[0], quantity=Decimal(1), reason="多领，退库")
    yield office.day(2, 15, 10)
    _count(crew, parts)


def _receive(rng: Random, crew: Crew, part: Part, batch: int) -> None:
    minimum = part.min_stock or Decimal(2)
    if part.code in _SHORT:
        quantity = minimum - 1 if batch == 0 else Decimal(0)
    else:
        quantity = minimum * 2 + rng.randint(1, 6) if batch == 0 else Decimal(rng.choice((0, 0, 1, 4)))
    if quantity:
        note = f"送货单 {crew.branch.code}-{rng.randint(1000, 9999)}"
        workflow.receive(part, by=crew.one(Role.ASSISTANT), quantity=quantity, reason=note)


def _hand_out(rng: Random, crew: Crew, part: Part, technician: User) -> None:
    there = balance(part.id, crew.branch.id, None)
    quantity = min(Decimal(rng.randint(1, 3)), there)
    if part.unit in ("米", "公斤"):
        quantity = min(Decimal("1.5"), there)
    if quantity > 0:
        workflow.hand_out(part, by=crew.one(Role.ASSISTANT), holder=technician, quantity=quantity)


def _count(crew: Crew, parts: list[Part]) -> None:
    """Most agrees; a seal is missing, and a gasket was counted twice when it came."""
    assistant = crew.one(Role.ASSISTANT)
    for part in parts[:14]:
        there = balance(part.id, crew.branch.id, None)
        if part.code == "JF-0102" and there:
            workflow.count(part, by=assistant, counted=there - 1, reason="盘亏一套，查无领用记录")
        elif part.code == "JF-0130":
            workflow.count(part, by=assistant, counted=there + 2, reason="入库时少点两片")
        else:
            workflow.count(part, by=assistant, counted=there)
