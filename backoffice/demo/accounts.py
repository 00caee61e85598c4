"""Who may log in to the demo; every password is "demo"."""

from dataclasses import dataclass

from backoffice.core.permissions import Role
from backoffice.organisation.models import Skill

PASSWORD = "demo"  # noqa: S105 - public on purpose; the office refuses such accounts in production


@dataclass(frozen=True)
class Account:
    """One person of the demo."""

    username: str
    real_name: str
    role: Role
    branch: str
    department: str = "售后服务部"
    phone: str = ""
    skills: tuple[Skill, ...] = ()
    certificate_no: str = ""
    locale: str = ""


_PUMPS = (Skill.PUMP_ENGINEER, Skill.PUMP_REPAIR)
_POWER = (Skill.ELECTRICAL_REPAIR, Skill.PUMP_REPAIR)
#: The administrator comes first: he enters the others.
ACCOUNTS = (
    Account("admin", "顾明远", Role.ADMIN, "HQ", "信息部", "13800000001"),
    Account("manager.hq", "沈国梁", Role.MANAGER, "HQ", "总经理办公室", "13800000002"),
    Account("finance.hq", "程淑娴", Role.FINANCE, "HQ", "财务部", "0571-80000003"),
    Account("assistant", "林晓燕", Role.ASSISTANT, "HZ", phone="0571-80000011"),
    Account("supervisor", "陈建国", Role.SUPERVISOR, "HZ", phone="13800000012"),
    Account("technician", "王海涛", Role.TECHNICIAN, "HZ", phone="13800000013", skills=_PUMPS,
            certificate_no="浙-水泵-0417"),
    Account("technician2", "欧阳志强", Role.TECHNICIAN, "HZ", phone="13800000014", skills=_POWER,
            certificate_no="浙-电工-1132"),
    Account("finance", "徐丽", Role.FINANCE, "HZ", "财务部", "0571-80000015"),
    Account("sales", "赵一鸣", Role.SALES, "HZ", "销售部", "13800000016"),
    Account("manager", "周慧敏", Role.MANAGER, "HZ", "总经理办公室", "13800000017"),
    Account("assistant.sh", "张怡", Role.ASSISTANT, "SH", phone="021-80000021"),
    Account("supervisor.sh", "陆文彬", Role.SUPERVISOR, "SH", phone="13800000022"),
    Account("technician.sh", "孙大勇", Role.TECHNICIAN, "SH", phone="13800000023",
            skills=(*_PUMPS, Skill.ELECTRICAL_REPAIR)),
    Account("technician2.sh", "马小军", Role.TECHNICIAN, "SH",
            skills=(Skill.ELECTRICAL_ENGINEER, Skill.ELECTRICAL_REPAIR)),
    Account("finance.sh", "高洁", Role.FINANCE, "SH", "财务部"),
    Account("sales.sh", "Emily Novák", Role.SALES, "SH", "销售部", "13800000026", locale="en"),
    Account("manager.sh", "蒋伟民", Role.MANAGER, "SH", "总经理办公室", "13800000027"),
)  # fmt: skip
