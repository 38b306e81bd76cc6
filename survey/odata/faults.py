"""What is wrong with a request, by the standard: 400 is a mistake in it, 501 a part of OData that is not served here.

The sentences are message ids, translated where they are shown; what a client typed is quoted in none of them.
"""

from __future__ import annotations

from survey.text import N_

FAULTS: dict[str, tuple[int, str]] = {
    "no_such_set": (404, N_("There is no such table in this feed, or your key does not open it.")),
    "no_such_row": (404, N_("There is no such row.")),
    "bad_key": (400, N_("This is no key of the table: name each of its parts.")),
    "bad_option": (400, N_("The address has a query option that OData does not know.")),
    "option_twice": (400, N_("The address has the same query option twice.")),
    "bad_number": (400, N_("$top and $skip take a whole number from 0 on.")),
    "bad_count": (400, N_("$count is true or false.")),
    "bad_token": (400, N_("This is no address of a next page.")),
    "no_such_property": (400, N_("The table has no column of this name.")),
    "bad_filter": (400, N_("$filter cannot be read.")),
    "bad_literal": (400, N_("A value in the address does not fit the type of its column.")),
    "too_long": (400, N_("$filter is too long or nested too deeply. Ask for less, and filter the rest in Excel.")),
    "bad_orderby": (400, N_("$orderby cannot be read.")),
    "bad_version": (400, N_("This feed speaks OData 4.0. Set OData-MaxVersion to 4.0 or leave it out.")),
    "not_acceptable": (406, N_("The feed answers in JSON, and $metadata in XML.")),
    "changed": (410, N_("The figures changed while they were being read. Refresh once more.")),
    "filter_unsupported": (
        501,
        N_("$filter here knows eq, ne, gt, ge, lt, le, in, and, or, not, contains, startswith and endswith, between a "
           "column and a value. Load the table and filter it in Excel."),
    ),
    "orderby_unsupported": (
        501,
        N_("$orderby here goes by the columns of the key alone, all upward or all downward. Sort in Excel."),
    ),
    "skip_unsupported": (501, N_("$skip goes up to 10,000. Follow @odata.nextLink instead.")),
    "skip_unbounded": (
        501,
        N_("So many rows cannot be skipped by a column that is worked out of each. Follow @odata.nextLink instead."),
    ),
    "count_unbounded": (
        501,
        N_("So many rows are not counted by a column that is worked out of each. Filter by RoundId and CommuneId as "
           "well, or load the table and count in Excel."),
    ),
    "option_unsupported": (501, N_("This query option is not served here. Load the tables and join them in Excel.")),
    "path_unsupported": (501, N_("Only tables, their rows by key and $count are served here.")),
    "batch_unsupported": (501, N_("$batch is not served here: send each request by itself.")),
}  # fmt: skip


class Fault(Exception):
    """A request that is not answered. `target`: the option or column that it is about."""

    def __init__(self, code: str, target: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.target = target

    @property
    def status(self) -> int:
        return FAULTS[self.code][0]

    @property
    def message(self) -> str:
        """A message id."""
        return FAULTS[self.code][1]
