"""The form of the act `setting.edit`."""

from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from backoffice.core.states import LabelledEnum
from backoffice.ui.act_page import ActForm, form_for
from backoffice.ui.fields import EnumField, TextLine

from .definitions import LONGEST, SettingType


class YesNo(LabelledEnum):
    """The two values of a flag, as they are stored."""

    YES = "1", _l("Yes")
    NO = "0", _l("No")


@form_for("setting.edit")
class SettingForm(ActForm):
    """One value; a choice where the parameter is a flag."""

    value = TextLine(_l("Value"), LONGEST)
    flag = EnumField(_l("Value"), YesNo)

    def prefill(self, docs: Any, by: Any) -> None:
        """Keep the field that fits the parameter, and say what may be entered."""
        setting = docs[0]
        definition = setting.definition
        if definition is not None and definition.type is SettingType.FLAG:
            if self.flag.data is None and not self.flag.wrong:
                self.flag.process_data(setting.value)
            self.flag.label.text = setting.label
            del self.value
            return
        del self.flag
        self.value.label.text = setting.label
        if definition is None:
            return
        words = [gettext("Default: %(value)s", value=definition.shown(definition.default))]
        if definition.minimum is not None:
            words.append(gettext("from %(low)s to %(high)s", low=definition.minimum, high=definition.maximum))
        if definition.type is SettingType.PATTERN:
            words.append(gettext("{B} is the branch code, {seq:04} the serial number with four digits."))
        self.value.description = " · ".join(words)

    def inputs(self) -> dict[str, Any]:
        """The value as text, whichever field it came from."""
        if "flag" in self._fields:
            return {"value": self.flag.data.value if self.flag.data else ""}
        return {"value": self.value.data}
