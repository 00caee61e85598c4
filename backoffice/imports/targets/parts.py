"""Importing parts."""

from collections.abc import Iterable, Sequence
from typing import Any

from flask_babel import lazy_gettext as _l

from backoffice.core.permissions import Permission
from backoffice.core.texts import fold_code
from backoffice.imports.models import ImportKind
from backoffice.parts import workflow as parts
from backoffice.ui.importing.plan import Field

from .base import ImportTarget, Keys


class PartTarget(ImportTarget):
    """Parts (E-07): code, name, unit and cost price are needed; sold at cost unless the file says otherwise."""

    kind = ImportKind.PARTS
    endpoint = "parts"
    permission = Permission.PART_WRITE
    fields = (
        Field("code", _l("Code"), "code", ("part no", "编码", "物料编码", "零件号", "代码"), required=True),
        Field("name", _l("Name"), names=("名称", "品名", "description"), required=True),
        Field("spec", _l("Specification"), names=("spec", "规格", "规格型号")),
        Field("unit", _l("Unit of quantity"), names=("unit", "单位", "计量单位"), required=True),
        Field("cost_price", _l("Cost price"), "money", ("cost", "成本价", "成本", "进价"), required=True,
              zero_is_blank=False),
        Field("sale_price", _l("Sale price"), "money", ("price", "销售价", "售价", "单价")),
        Field("price_reason", _l("Reason of a price above cost"), names=("reason", "理由", "加价理由")),
        Field("is_wear_part", _l("Wear part"), "flag", ("wear", "易损件"), zero_is_blank=False),
        Field("min_stock", _l("Minimum"), "quantity", ("minimum", "最低库存", "安全库存")),
    )  # fmt: skip

    def act(self, rows: list[dict[str, Any]]) -> Sequence[Any]:
        written: Sequence[Any] = parts.import_parts(by=self.by, rows=rows)
        return written

    def keys_of(self, facts: dict[str, Any], resolved: dict[str, Any]) -> Iterable[tuple[str, str]]:
        """The code, whatever its spelling."""
        yield "code", Keys.digest("part", fold_code(facts["code"])[:240])
