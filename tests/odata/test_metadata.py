"""$metadata of the feed: valid by OASIS's own schema where that is at hand, and without what it must not say."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from lxml import etree

from survey.feed.sets import TABLES
from survey.odata.metadata import EDM, document

# The schema is OASIS's and no part of the project: beside it, or where ODATA_SCHEMA says.
_ROOT = Path(__file__).resolve().parents[2]
_PLACES = [root / "shared/oracles/schemas/odata-v4/edmx.xsd" for root in _ROOT.parents]
SCHEMA = next((one for one in [Path(os.environ.get("ODATA_SCHEMA", "")), *_PLACES] if one.is_file()), None)
SETS = [one.of for one in TABLES]
PERSONAL = re.compile(r"name|cccd|identity|phone|latitude|longitude|position|birthday|answers", re.IGNORECASE)


@pytest.mark.skipif(SCHEMA is None, reason="OASIS's schema is not here: ODATA_SCHEMA names edmx.xsd")
def test_it_is_valid_by_the_schema_of_oasis() -> None:
    schema = etree.XMLSchema(etree.parse(str(SCHEMA)))
    assert schema.validate(etree.fromstring(document(SETS))), schema.error_log
    assert not schema.validate(
        etree.fromstring(document(SETS).replace(b"<Key>", b"<Kex>").replace(b"</Key>", b"</Kex>"))
    )


def test_it_names_the_tables_with_their_keys() -> None:
    """The keys as shared/design/programme.md has them."""
    root = etree.fromstring(document(SETS))
    found = {
        entity.get("Name"): [one.get("Name") for one in entity.iterfind(f"{{{EDM}}}Key/{{{EDM}}}PropertyRef")]
        for entity in root.iter(f"{{{EDM}}}EntityType")
    }
    assert found == {
        "Round": ["RoundId"], "Place": ["PlaceId"], "PlacePeriod": ["PlaceId", "ValidFrom"],
        "Resident": ["PlaceId", "AsOf", "Group"], "Household": ["RoundId", "HouseholdId"],
        "Member": ["RoundId", "HouseholdId", "PersonCode"], "Deprivation": ["RoundId", "HouseholdId", "Indicator"],
        "Tally": ["RoundId", "PlaceId", "Unit", "Base", "Measure", "Group"], "Target": ["PlaceId", "Plan", "Code"],
        "Project": ["ProvinceId", "Programme", "Code"], "Support": ["SupportId"],
    }  # fmt: skip


def test_no_column_holds_a_name_a_number_or_a_position() -> None:
    """Places, programmes and projects alone have names."""
    personal = {f"{of.name}.{name}" for of in SETS for name in of.names if PERSONAL.search(name)}
    assert personal == {"Places.Name", "PlacePeriods.Name", "Projects.Name", "Projects.ProgrammeName"}


def test_every_column_of_a_key_is_there_and_never_null() -> None:
    for of in SETS:
        assert len(set(of.names)) == len(of.names)
        assert all(not of.by_name[name].is_nullable for name in of.key)
