"""What a payroll file asks for, read and summed without any code of Clearway's. Amounts are whole cents."""

import collections
import dataclasses
import xml.etree.ElementTree as ElementTree


@dataclasses.dataclass(frozen=True)
class Row:
    number: int
    employee: str
    branch: str
    source: str
    institution: str
    cents: int


@dataclasses.dataclass
class Sum:
    rows: int = 0
    cents: int = 0

    def add(self, cents):
        self.rows += 1
        self.cents += cents


def cents(text):
    """`1234.50` as 123450: by its digits, since money never meets a float."""
    dollars, _, fraction = text.partition(".")
    if not (dollars.isdigit() and fraction.isdigit() and len(fraction) == 2):
        raise ValueError(f"not an amount: {text!r}")
    return int(dollars) * 100 + int(fraction)


def read(path):
    rows = []
    for _, element in ElementTree.iterparse(path):
        if element.tag != "row":
            continue
        rows.append(
            Row(
                number=len(rows) + 1,
                employee=element.findtext("Employee/DunkinId"),
                branch=element.findtext("Employee/DunkinBranch"),
                source=element.findtext("Payor/DunkinId"),
                institution=element.findtext("Payee/PlaidId"),
                cents=cents(element.findtext("Amount").removeprefix("$")),
            )
        )
        element.clear()
    return rows


def sums(rows, key):
    """Rows and cents by what `key` names of a row."""
    by_key = collections.defaultdict(Sum)
    for row in rows:
        by_key[key(row)].add(row.cents)
    return dict(by_key)


def total(rows):
    return sum(row.cents for row in rows)
