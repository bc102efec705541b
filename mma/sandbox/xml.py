"""XML from strangers: no entities, no DTD, no network."""

from __future__ import annotations

from typing import Any

from lxml import etree

from ..errors import DecodeError
from . import budget

MAX_BYTES = 4 << 20
"""A VOEvent has a few kilobytes."""


def root_of(payload: bytes) -> Any:
    """The root element of an XML document; comments and processing instructions are left out.

    Raises
    ------
    DecodeError
        Not well-formed, too large, or with a document type declaration, which is refused unread.
    """
    if len(payload) > MAX_BYTES:
        raise DecodeError(f"XML: {len(payload)} bytes, more than {MAX_BYTES}")
    budget.text(len(payload), "XML")
    if b"<!DOCTYPE" in payload or b"<!ENTITY" in payload:
        raise DecodeError("XML: a DOCTYPE, which no VOEvent has, is refused unread")
    parser = etree.XMLParser(
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(payload.lstrip(b" \t\r\n"), parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise DecodeError(f"XML: {str(error)[:200]}") from error
    if root.getroottree().docinfo.doctype:
        raise DecodeError("XML: a DOCTYPE, which no VOEvent has, is refused")
    return root
