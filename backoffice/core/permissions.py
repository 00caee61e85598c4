"""Who may do what: one enum of permissions, one of roles, one table of grants (P-3). Default is deny."""

from collections.abc import Hashable
from typing import Protocol

from flask_babel import lazy_gettext as _l

from .errors import NotPermitted
from .states import LabelledEnum


class Role(LabelledEnum):
    """The seven roles; AA, FA, TE, SS, GM, SA, AD of the rule book."""

    ASSISTANT = "assistant", _l("Administrative assistant")
    FINANCE = "finance", _l("Finance assistant")
    TECHNICIAN = "technician", _l("Technician")
    SUPERVISOR = "supervisor", _l("Service supervisor")
    MANAGER = "manager", _l("Branch general manager")
    SALES = "sales", _l("Salesperson")
    ADMIN = "admin", _l("Administrator")


class Permission(LabelledEnum):
    """Names `resource:action`; the label is what the role matrix prints."""

    ABSENCE_READ = "absence:read", _l("Absences: read")
    ABSENCE_WRITE = "absence:write", _l("Absences: enter for anyone of the branch")
    ABSENCE_WRITE_OWN = "absence:write_own", _l("Absences: enter own")
    AUDIT_READ = "audit:read", _l("Audit log: read")
    BRANCH_READ = "branch:read", _l("Branches, areas, holidays: read")
    BRANCH_WRITE = "branch:write", _l("Branches, holidays: create and edit")
    AREA_WRITE = "area:write", _l("Service areas and limits: edit")
    AREA_CREATE = "area:create", _l("Service areas: create")
    CALL_ACKNOWLEDGE = "call:acknowledge", _l("Escalated call: take over")
    CALL_CANCEL = "call:cancel", _l("Call: cancel (W-1.10, W-1.13)")
    CALL_CORRECT = "call:correct", _l("Visit times: correct with reason (W-1.3)")
    CALL_DECIDE_TYPE = "call:decide_type", _l("Service type: decide (W-1.6)")
    CALL_DISPATCH = "call:dispatch", _l("Dispatch and reassign (W-1.2, W-1.12)")
    CALL_EDIT = "call:edit", _l("Call: edit")
    CALL_EDIT_OWN = "call:edit_own", _l("Call: edit own")
    CALL_ESCALATE = "call:escalate", _l("Escalate (W-1.15)")
    CALL_IMPORT = "call:import", _l("Past calls: import as history (W-1.14)")
    CALL_NOTE = "call:note", _l("Call: note and attach")
    CALL_READ = "call:read", _l("Call register: read")
    CALL_REGISTER = "call:register", _l("Call: register (W-1.1)")
    CALL_UNDO_WRITE_OFF = "call:undo_write_off", _l("Undo a write-off (W-1.11)")
    CALL_WORK = "call:work", _l("Arrive, result, signature on own job (W-1.3 to W-1.7)")
    CALL_WRITE_OFF = "call:write_off", _l("Write off and archive (W-1.8)")
    CONTRACT_READ = "contract:read", _l("Service contracts: read")
    CONTRACT_WRITE = "contract:write", _l("Service contracts: draft, edit drafts, renew (E-09)")
    CONTRACT_APPROVE = "contract:approve", _l("Service contracts: approve (E-09)")
    CONTRACT_CHANGE = "contract:change", _l("Active contract: add and remove units (E-09)")
    CONTRACT_TERMINATE = "contract:terminate", _l("Service contracts: terminate (E-09)")
    CASH_READ = "cash:read", _l("Cash in hand and handovers: read")
    CASH_READ_OWN = "cash:read_own", _l("Cash in hand and handovers: read own")
    CUSTOMER_READ = "customer:read", _l("Customers, contacts, projects, units: read")
    CUSTOMER_WRITE = "customer:write", _l("Customers, contacts, projects, units: create and edit")
    CUSTOMER_PROPOSE_MERGE = "customer:propose_merge", _l("Customers: propose a merge, tell two apart (E-04)")
    CUSTOMER_MERGE = "customer:merge", _l("Customers: decide on a merge (E-04)")
    CUSTOMER_UNMASK = "customer:unmask", _l("Personal data: show on click, logged (X-20)")
    CUSTOMER_UNMASK_OWN = "customer:unmask_own", _l("Personal data: show on own open jobs (X-20)")
    DATA_EXPORT = "data:export", _l("Export lists")
    DATA_IMPORT = "data:import", _l("Import files of what one may enter")
    DAY_READ = "day:read", _l("Evening reconciliation: read")
    DAY_CHECK_SERVICE = "day:check_service", _l("Evening reconciliation: check the service side, close (W-7)")
    DAY_CHECK_SALES = "day:check_sales", _l("Evening reconciliation: check the sales side (W-7)")
    DAY_REOPEN = "day:reopen", _l("Evening reconciliation: reopen a closed day (W-7)")
    DELEGATION_WRITE = "delegation:write", _l("Name a deputy (P-6)")
    DUE_READ = "due:read", _l("Dues and payments: read")
    DUE_SWITCH = "due:switch", _l("Due: collect on site or invoice first (W-5.3)")
    DUE_SWITCH_OWN = "due:switch_own", _l("Due of an own job: collect on site or invoice first (W-5.3)")
    DUE_WAIVE = "due:waive", _l("Due: waive (W-5.1)")
    FEE_DISCOUNT = "fee:discount", _l("Fee: discount up to the supervisor's limit (W-5.2)")
    FEE_DISCOUNT_LARGE = "fee:discount_large", _l("Fee: any discount (W-5.2)")
    FEE_CORRECT = "fee:correct", _l("Service type after signing: correct (W-1.6)")
    FILTER_SAVE = "filter:save", _l("Saved filters: keep own, use shared (R-01)")
    FILTER_SHARE = "filter:share", _l("Saved filters: share, and open a list with one for a role (R-01)")
    GOODS_READ = "goods:read", _l("Goods register and receipts: read")
    GOODS_SEND = "goods:send", _l("Goods register: carrier, tracking, remark")
    GOODS_VOID = "goods:void", _l("Goods receipt: void, declare lost (W-3)")
    FIGURES_READ = "figures:read", _l("Figures of the branch: read (R-07)")
    FIGURES_READ_OWN = "figures:read_own", _l("Figures: read own (R-07)")
    FINANCE_DESK = "finance:desk", _l("Finance desk: read (R-05, R-06)")
    HANDOVER_GIVE = "handover:give", _l("Cash handover: hand over what one holds (E-15)")
    HANDOVER_CONFIRM = "handover:confirm", _l("Cash handover: count and confirm (W-5.1, P-4)")
    JOB_RUN = "job:run", _l("Jobs, outbox, chat robots: see, set up, run (J, E-32)")
    INVOICE_READ = "invoice:read", _l("Invoices: read")
    INVOICE_REQUEST = "invoice:request", _l("Invoice: request (W-5.5)")
    INVOICE_REQUEST_OWN = "invoice:request_own", _l("Invoice of an own job: request (W-5.5)")
    INVOICE_ISSUE = "invoice:issue", _l("Invoice: issue, deliver, reject, red (W-5.5)")
    PAPER_READ = "paper:read", _l("Pre-numbered paper: read")
    PAPER_READ_OWN = "paper:read_own", _l("Pre-numbered paper: read own")
    PAPER_HAND_OUT = "paper:hand_out", _l("Pre-numbered paper: hand out, hand over, take back (E-10)")
    PAPER_SPOIL = "paper:spoil", _l("Sheets: enter as spoiled (E-10)")
    PAPER_SPOIL_OWN = "paper:spoil_own", _l("Sheets: enter own as spoiled (E-10)")
    PAPER_DECLARE_LOST = "paper:declare_lost", _l("Sheets: declare lost (E-10)")
    PART_READ = "part:read", _l("Parts and their prices: read")
    PART_WRITE = "part:write", _l("Parts and their prices: create and edit (E-07)")
    STOCK_READ = "stock:read", _l("Stock and its movements: read")
    STOCK_READ_OWN = "stock:read_own", _l("Stock: read what one holds oneself")
    STOCK_MOVE = "stock:move", _l("Stock: take goods in, hand out, take back (E-07)")
    STOCK_COUNT = "stock:count", _l("Stock: stock-take (E-07)")
    PAYMENT_RECEIVE = "payment:receive", _l("Payment: receive (E-15)")
    PAYMENT_RECEIVE_OWN = "payment:receive_own", _l("Payment of an own job: receive (E-15)")
    PAYMENT_CHECK = "payment:check", _l("Payment: see its proof (W-5.1)")
    PAYMENT_REVERSE = "payment:reverse", _l("Payment: reverse (E-15)")
    PRODUCT_READ = "product:read", _l("Product models: read")
    PRODUCT_WRITE = "product:write", _l("Product models: create and edit")
    PROJECT_CARE = "project:care", _l("Project: steps from installation to operation (W-9)")
    PROJECT_CARE_OWN = "project:care_own", _l("Project: steps where responsible (W-9)")
    REPAIR_ASSIGN = "repair:assign", _l("Repair card: give to another technician")
    REPAIR_DECIDE = "repair:decide", _l("Repair: delay, unrepairable, cession, replacement (W-4.7 to W-4.10)")
    REPAIR_IMPORT = "repair:import", _l("Past repair cards: import as history")
    REPAIR_INSPECT = "repair:inspect", _l("Inspect, or send back to the workshop (W-4.5, W-4.6)")
    REPAIR_NOTE = "repair:note", _l("Repair card: note and attach")
    REPAIR_READ = "repair:read", _l("Repair cards: read")
    REPAIR_WORK = "repair:work", _l("Repair, report a delay, hand back on own card (W-4.1 to W-4.8)")
    REPORT_READ = "report:read", _l("Daily reports of technicians: read")
    REPORT_WRITE_OWN = "report:write_own", _l("Daily report: write own (W-6.1)")
    REPORT_REVIEW = "report:review", _l("Daily report of a technician: review, return (W-6.1)")
    REPORT_REVIEW_SUPERVISOR = "report:review_supervisor", _l("Daily report of a supervisor: review, return (W-6.2)")
    SALE_READ = "sale:read", _l("Parts sales: read")
    SALE_WRITE = "sale:write", _l("Parts sales: enter, deliver, take back (E-30)")
    SETTING_READ = "setting:read", _l("Settings: read")
    SETTING_WRITE = "setting:write", _l("Settings: edit")
    SUMMARY_READ = "summary:read", _l("Supervisor's daily report: read")
    SUMMARY_WRITE = "summary:write", _l("Supervisor's daily report: write (W-6.4)")
    SUMMARY_REVIEW = "summary:review", _l("Supervisor's daily report: review (W-6.4)")
    UNDONE_DECIDE = "undone:decide", _l("Carried-over call: decide (W-7)")
    USER_READ = "user:read", _l("Users: read")
    USER_WRITE = "user:write", _l("Users: create and edit")
    VOUCHER_CONFIRM_UNSIGNED = "voucher:confirm_unsigned", _l("Confirm a voucher without signature (W-1.4)")
    VOUCHER_READ = "voucher:read", _l("Service vouchers: read")
    VOUCHER_RETURN = "voucher:return", _l("Take a voucher back and archive it (W-2)")
    VOUCHER_VOID = "voucher:void", _l("Void a voucher (W-2)")


P = Permission
_READ_FIELD = {
    P.BRANCH_READ,
    P.CALL_READ,
    P.CONTRACT_READ,
    P.CUSTOMER_READ,
    P.DUE_READ,
    P.GOODS_READ,
    P.INVOICE_READ,
    P.PART_READ,
    P.PRODUCT_READ,
    P.REPAIR_READ,
    P.VOUCHER_READ,
    P.ABSENCE_READ,
    P.FILTER_SAVE,
}

GRANTS: dict[Role, frozenset[Permission]] = {
    Role.ASSISTANT: frozenset(
        _READ_FIELD
        | {
            P.CALL_REGISTER, P.CALL_EDIT, P.CALL_ESCALATE, P.CALL_NOTE, P.CALL_WRITE_OFF, P.VOUCHER_RETURN,
            P.CUSTOMER_WRITE, P.CUSTOMER_UNMASK, P.DATA_EXPORT, P.DATA_IMPORT, P.PAPER_READ, P.PAPER_HAND_OUT,
            P.PAPER_SPOIL, P.GOODS_SEND, P.REPAIR_NOTE, P.STOCK_READ, P.STOCK_MOVE, P.STOCK_COUNT, P.CONTRACT_WRITE,
            P.DUE_SWITCH, P.INVOICE_REQUEST, P.SALE_READ, P.SALE_WRITE, P.SUMMARY_READ, P.DAY_READ,
            P.DAY_CHECK_SERVICE,
        }
    ),
    Role.FINANCE: frozenset(
        (_READ_FIELD - {P.REPAIR_READ})
        | {
            P.CALL_NOTE, P.STOCK_READ, P.CASH_READ, P.DUE_SWITCH, P.PAYMENT_RECEIVE, P.PAYMENT_CHECK,
            P.PAYMENT_REVERSE, P.HANDOVER_GIVE, P.HANDOVER_CONFIRM, P.INVOICE_REQUEST, P.INVOICE_ISSUE, P.SALE_READ,
            P.FINANCE_DESK, P.DATA_EXPORT, P.DATA_IMPORT,
        }
    ),
    Role.TECHNICIAN: frozenset(
        _READ_FIELD | {P.CALL_WORK, P.CALL_ESCALATE, P.CALL_NOTE, P.ABSENCE_WRITE_OWN, P.CUSTOMER_UNMASK_OWN,
           P.PROJECT_CARE_OWN, P.PAPER_READ_OWN, P.PAPER_SPOIL_OWN, P.GOODS_SEND, P.REPAIR_WORK, P.REPAIR_NOTE,
           P.STOCK_READ_OWN, P.CASH_READ_OWN, P.DUE_SWITCH_OWN, P.PAYMENT_RECEIVE_OWN, P.HANDOVER_GIVE,
           P.INVOICE_REQUEST_OWN, P.REPORT_READ, P.REPORT_WRITE_OWN, P.FIGURES_READ_OWN}
    ),
    Role.SUPERVISOR: frozenset(
        _READ_FIELD
        | {
            P.CALL_REGISTER, P.CALL_EDIT, P.CALL_DISPATCH, P.CALL_CANCEL, P.CALL_CORRECT, P.CALL_DECIDE_TYPE,
            P.CALL_ESCALATE, P.CALL_ACKNOWLEDGE, P.CALL_IMPORT, P.CALL_NOTE, P.CALL_UNDO_WRITE_OFF, P.VOUCHER_VOID,
            P.VOUCHER_CONFIRM_UNSIGNED, P.CUSTOMER_WRITE, P.CUSTOMER_UNMASK, P.PRODUCT_WRITE, P.ABSENCE_WRITE,
            P.AREA_WRITE, P.SETTING_READ, P.AUDIT_READ, P.DATA_EXPORT, P.DATA_IMPORT, P.DELEGATION_WRITE, P.USER_READ,
            P.PROJECT_CARE, P.FILTER_SHARE, P.CUSTOMER_PROPOSE_MERGE, P.PAPER_READ, P.PAPER_HAND_OUT, P.PAPER_SPOIL,
            P.PAPER_DECLARE_LOST, P.GOODS_SEND, P.GOODS_VOID, P.REPAIR_ASSIGN, P.REPAIR_DECIDE, P.REPAIR_IMPORT,
            P.REPAIR_INSPECT, P.REPAIR_NOTE, P.REPAIR_WORK, P.PART_WRITE, P.STOCK_READ, P.STOCK_MOVE, P.STOCK_COUNT,
            P.CONTRACT_WRITE, P.CONTRACT_CHANGE, P.CONTRACT_TERMINATE, P.CASH_READ, P.DUE_SWITCH, P.FEE_DISCOUNT,
            P.FEE_CORRECT, P.INVOICE_REQUEST, P.SALE_READ, P.SALE_WRITE, P.FINANCE_DESK, P.REPORT_READ,
            P.REPORT_WRITE_OWN,
            P.REPORT_REVIEW, P.SUMMARY_READ, P.SUMMARY_WRITE, P.DAY_READ, P.DAY_CHECK_SERVICE, P.DAY_REOPEN,
            P.UNDONE_DECIDE, P.FIGURES_READ,
        }
    ),
    Role.MANAGER: frozenset(
        _READ_FIELD
        | {
            P.CALL_ACKNOWLEDGE, P.CALL_NOTE, P.SETTING_READ, P.AUDIT_READ, P.AREA_WRITE, P.DATA_EXPORT,
            P.DELEGATION_WRITE, P.USER_READ, P.FILTER_SHARE, P.CUSTOMER_MERGE, P.PAPER_READ,
            P.REPAIR_INSPECT, P.REPAIR_NOTE, P.STOCK_READ, P.CONTRACT_APPROVE, P.CONTRACT_TERMINATE, P.CASH_READ,
            P.DUE_WAIVE, P.FEE_DISCOUNT, P.FEE_DISCOUNT_LARGE, P.SALE_READ, P.FINANCE_DESK, P.REPORT_READ,
            P.REPORT_REVIEW_SUPERVISOR, P.SUMMARY_READ, P.SUMMARY_REVIEW, P.DAY_READ,
            P.FIGURES_READ,
        }
    ),
    Role.SALES: frozenset(
        (_READ_FIELD - {P.REPAIR_READ})
        | {
            P.CALL_REGISTER, P.CALL_EDIT_OWN, P.CALL_NOTE, P.CUSTOMER_WRITE, P.CUSTOMER_UNMASK_OWN,
            P.ABSENCE_WRITE_OWN, P.DATA_EXPORT, P.CONTRACT_WRITE, P.INVOICE_REQUEST, P.SALE_READ, P.SALE_WRITE,
            P.DAY_READ, P.DAY_CHECK_SALES,
        }
    ),
    Role.ADMIN: frozenset(
        {
            P.USER_READ, P.USER_WRITE, P.SETTING_READ, P.SETTING_WRITE, P.BRANCH_READ, P.BRANCH_WRITE, P.AREA_WRITE,
            P.AREA_CREATE, P.AUDIT_READ, P.CUSTOMER_READ, P.FILTER_SAVE, P.FILTER_SHARE, P.JOB_RUN,
        }
    ),
}  # fmt: skip


class Actor(Protocol):
    """Whoever acts: a user with a role, a branch and perhaps a deputy's roles (P-6)."""

    id: int
    branch_id: int
    role: Role

    @property
    def is_active(self) -> bool: ...

    @property
    def roles(self) -> frozenset[Role]:
        """The own role and those held today as deputy."""
        ...

    @property
    def standing(self) -> Hashable:
        """All of the person that rights and row scopes look at: who has the same may and sees the same."""
        ...

    def can(self, permission: Permission) -> bool: ...

    def on_behalf_of(self, permission: Permission) -> int | None:
        """Key of the person whose right is used as deputy, or None when it is the actor's own."""
        ...


def require(by: Actor, permission: Permission) -> None:
    """Raises NotPermitted unless `by` is active and holds `permission` (P-3, P-7)."""
    if not isinstance(permission, Permission):
        raise TypeError(f"unknown permission {permission!r}")
    if not by.is_active or not by.can(permission):
        raise NotPermitted(_l("Your role may not do this: %(right)s.", right=permission.label), rule="P-3")
