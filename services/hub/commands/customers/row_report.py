"""What became of the rows of a file, told row by row: by the columns of the file and in words.

Belongs here: the report of an import. Never here: how rows are read and sent.
"""

import sys
from collections import Counter
from dataclasses import dataclass, field
from typing import Final

import msgspec

from contracts.customers.importing import LikeCustomer, NotedDetail, RowResult, RowsImported
from services.customers.exchange.columns import Values
from services.customers.exchange.rows import CustomerFile
from services.hub.commands.customers.refusals import rule_in_words, why
from services.hub.report_files import TO_TERMINAL, Cell, Column, Outputs, Report, hand_out
from services.hub.terminal import print_plain

SHOWN: Final = 40
OUTCOMES: Final = ("created", "changed", "unchanged", "refused")


@dataclass
class Row:
    """What became of a row, and the columns of the file in which that stands."""

    result: RowResult
    column: str | None = None
    noted: tuple[NotedDetail, ...] = ()
    """By the columns of the file."""


@dataclass
class Told:
    """What became of the rows so far."""

    keeps_all: bool
    taken: bool = False
    """Whether the rows were taken over, and not only tried."""
    whole: bool = False
    """Whether all was done that was to be done."""
    unanswered: bool = False
    """Whether the service did not say what became of rows that were sent."""
    counts: Counter[str] = field(default_factory=Counter)
    rows: list[Row] = field(default_factory=list)
    new_groups: dict[str, None] = field(default_factory=dict)
    new_fields: dict[str, None] = field(default_factory=dict)

    def begin(self, *, taken: bool) -> None:
        """Rows are tried, or taken over, from the first one on."""
        self.taken = taken
        self.counts.clear()
        self.rows.clear()
        self.new_groups.clear()

    def add(self, result: RowResult, opened: CustomerFile, values: Values) -> None:
        """One more row; those that went well are kept only for a file."""
        self.counts[result.outcome] += 1
        if not (self.keeps_all or result.noted or result.outcome == "refused"):
            return
        bare = msgspec.structs.replace(result, contacts=(), likenesses=(), name_hash=None, opens=())
        noted = tuple(NotedDetail(opened.column(each.field, values) or each.field, each.rule) for each in bare.noted)
        self.rows.append(Row(bare, opened.column(bare.field, values), noted))


def tell(told: Told, outputs: Outputs) -> None:
    """Hand out the report of what was done until now, and the counts."""
    report = Report(
        "Rows that are not taken, or not as they are" if not told.keeps_all else "Rows",
        (
            Column("row", 0),
            *(Column(name, only="files") for name in ("outcome", "customer_id")),
            *(Column(name) for name in ("code", "column")),
            Column("field", only="files"),
            Column("rule"),
            Column("duplicates", only="files"),
        ),
        [_told_of(each) for each in (told.rows if told.keeps_all else told.rows[:SHOWN])],
    )
    if told.keeps_all:
        hand_out(report, RowsImported(tuple(each.result for each in told.rows)), outputs)
    elif told.rows:
        hand_out(report, RowsImported(()), TO_TERMINAL)
        if len(told.rows) > SHOWN:
            sys.stderr.write(f"tillwire: and {len(told.rows) - SHOWN} more; --csv FILE reports all of them\n")
    if not (outputs.as_json or outputs.csv == "-"):
        print_plain(_counts(told))
    if not told.whole:
        on = "give the same command again, and it goes on from there" if told.taken else "nothing was taken over"
        sys.stderr.write(f"tillwire: broken off; until then {_counts(told)}; {on}\n")


def _told_of(row: Row) -> tuple[Cell, ...]:
    """A row of the report: why it was refused, or what of it went to the notes."""
    result = row.result
    noted = "; ".join(f"{each.field} went to the notes: it is no {_noun(each.rule)}" for each in row.noted)
    told = (result.row, result.outcome, result.customer_id)
    column = row.column if result.outcome == "refused" else ", ".join(each.field for each in row.noted) or None
    rule = "; ".join(filter(None, (why(result), noted))) or None
    return (*told, result.code, column, result.field, rule, _ids(result.duplicates))


def _noun(rule: str) -> str:
    """A rule behind ``no``."""
    return (rule_in_words(rule) or rule).removeprefix("a ").removeprefix("an ")


def _ids(duplicates: tuple[LikeCustomer, ...]) -> str:
    return " ".join(each.customer_id for each in duplicates)


def _counts(told: Told) -> str:
    would = "" if told.taken else "would be "
    groups = f"; new groups: {', '.join(told.new_groups)}" if told.new_groups else ""
    fields = f"; new fields: {', '.join(told.new_fields)}" if told.new_fields else ""
    return ", ".join(f"{told.counts[each]} {would}{each}" for each in OUTCOMES) + groups + fields
