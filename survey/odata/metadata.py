"""$metadata: the tables as CSDL 4.0 in XML, with what may be asked of them (vocabulary Org.OData.Capabilities.V1), so
that a client which reads it (Power Query) does the rest by itself."""

from __future__ import annotations

from collections.abc import Iterable
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from survey.odata.filters import FUNCTIONS
from survey.odata.model import CONTAINER, NAMESPACE, EntitySet, Kind, Property

EDMX, EDM = "http://docs.oasis-open.org/odata/ns/edmx", "http://docs.oasis-open.org/odata/ns/edm"
VOCABULARIES = {
    "Org.OData.Core.V1": "https://docs.oasis-open.org/odata/odata/v4.0/os/vocabularies/Org.OData.Core.V1.xml",
    "Org.OData.Capabilities.V1": "https://docs.oasis-open.org/odata/odata/v4.0/os/vocabularies/"
    "Org.OData.Capabilities.V1.xml",
}
_CAN = "Org.OData.Capabilities.V1."


def document(sets: Iterable[EntitySet]) -> bytes:
    """The whole document, UTF-8; valid against OASIS's edmx.xsd (tests/odata/test_metadata.py)."""
    known = list(sets)
    root = Element("edmx:Edmx", {"xmlns:edmx": EDMX, "Version": "4.0"})
    for namespace, address in VOCABULARIES.items():
        reference = SubElement(root, "edmx:Reference", {"Uri": address})
        SubElement(reference, "edmx:Include", {"Namespace": namespace})
    services = SubElement(root, "edmx:DataServices")
    schema = SubElement(services, "Schema", {"xmlns": EDM, "Namespace": NAMESPACE})
    for one in known:
        _entity(schema, one)
    container = SubElement(schema, "EntityContainer", {"Name": CONTAINER})
    _said(container, f"{_CAN}BatchSupported", False)
    functions = SubElement(container, "Annotation", {"Term": f"{_CAN}FilterFunctions"})
    listed = SubElement(functions, "Collection")
    for name in FUNCTIONS:
        SubElement(listed, "String").text = name
    for one in known:
        _set(container, one)
    indent(root)
    text: bytes = tostring(root, "utf-8", xml_declaration=True)
    return text


def _entity(schema: Element, of: EntitySet) -> None:
    entity = SubElement(schema, "EntityType", {"Name": of.entity})
    key = SubElement(entity, "Key")
    for name in of.key:
        SubElement(key, "PropertyRef", {"Name": name})
    for one in of.properties:
        SubElement(entity, "Property", _facets(one))


def _facets(one: Property) -> dict[str, str]:
    found = {"Name": one.name, "Type": one.kind.value}
    if one.kind is Kind.DECIMAL:
        found |= {"Precision": "19", "Scale": str(one.decimals)}
    return found if one.is_nullable else found | {"Nullable": "false"}


def _set(container: Element, of: EntitySet) -> None:
    found = SubElement(container, "EntitySet", {"Name": of.name, "EntityType": f"{NAMESPACE}.{of.entity}"})
    _restricted(found, "SortRestrictions", "Sortable", bool(of.sortable), "NonSortableProperties",
                [one for one in of.names if one not in of.sortable] if of.sortable else [])  # fmt: skip
    _restricted(found, "ExpandRestrictions", "Expandable", False)
    _restricted(found, "SearchRestrictions", "Searchable", False)
    _restricted(found, "InsertRestrictions", "Insertable", False)
    _restricted(found, "UpdateRestrictions", "Updatable", False)
    _restricted(found, "DeleteRestrictions", "Deletable", False)


def _said(around: Element, term: str, value: bool) -> None:
    SubElement(around, "Annotation", {"Term": term, "Bool": str(value).lower()})


def _restricted(
    around: Element, term: str, name: str, value: bool, others: str = "", paths: Iterable[str] = ()
) -> None:
    record = SubElement(SubElement(around, "Annotation", {"Term": _CAN + term}), "Record")
    SubElement(record, "PropertyValue", {"Property": name, "Bool": str(value).lower()})
    named = list(paths)
    if named:
        listed = SubElement(SubElement(record, "PropertyValue", {"Property": others}), "Collection")
        for one in named:
            SubElement(listed, "PropertyPath").text = one
