"""What policy reports: counts of what it said, and the sales that did not go as the rules have it."""

from contracts.policy.reporting import GetPolicyReport, ListExceptions, PolicyExceptions, PolicyReport
from services.policy.model.report import a_period, report_rows
from services.policy.store.reports import Place, ReportStore
from services.policy.transactions import PolicyView

REPORT_PERSON = "staff.report_person"


async def get_policy_report(query: GetPolicyReport, view: PolicyView) -> PolicyReport:
    """Count what policy said in a period; by staff only for those who may see reports about persons.

    Rejections:
        Malformed: a day is not in the calendar, the last one lies before the first, or they are more than 366 days.
        PermissionDenied, ApprovalNeeded: by staff, without the permission for that.
    """
    if query.by == "staff":
        view.prove_may(REPORT_PERSON)
    period = a_period(query.from_day, query.to_day, query.register)
    rows = await view.read(lambda connection: report_rows(query.by, ReportStore(connection).counts(query.by, period)))
    return PolicyReport(query.by, rows)


async def list_exceptions(query: ListExceptions, view: PolicyView) -> PolicyExceptions:
    """Tell which sales did not go as the rules have it, newest first.

    Rejections:
        Malformed: the period is none, or ``next`` is not from a page before.
    """
    period = a_period(query.from_day, query.to_day, query.register)
    after = None if query.next is None else Place.read(query.next)
    exceptions, end = await view.read(
        lambda connection: ReportStore(connection).exceptions(period, query.kind, query.limit, after)
    )
    return PolicyExceptions(exceptions, None if end is None else end.write())
