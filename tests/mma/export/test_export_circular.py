"""The draft of a GCN Circular: its subject is one that GCN takes, its body is narrow ASCII, its numbers are right."""

from __future__ import annotations

import re

import pytest

from mma.export.circular import ascii_text, subject
from tests.mma.export.conftest import BEST, EMPTY, EVENT, LSST, NOWHERE, TEST, VETOED

WORDS = ("Fermi", "GRB", "IceCube", "KAGRA", "LIGO", "LVK", "Swift", "transient", "Virgo")
"""Some of the words of which a subject must have one (nasa-gcn/gcn.nasa.gov, circulars.lib.ts)."""

REFUSED = ("automatic reply", "vacation", "re: ", "fwd: ", " r: ", " ris: ", "subject:")
"""Some of what makes a subject an automatic reply there."""

FILED = re.compile(
    r"LIGO/Virgo/KAGRA [SGGW]*\d{6}[a-zA-Z]{1,2}|GRB[.\s_-]*\d{6}[a-z|.]\d*|IceCube[.\s_-]*\d{6}[a-z]", re.I
)
"""Names under which GCN files a Circular."""


def takes(line: str) -> bool:
    low = line.lower()
    return any(word.lower() in low for word in WORDS) and not any(word in low for word in REFUSED)


@pytest.mark.parametrize(
    "options", [(EVENT,), (EVENT, "--all"), (EVENT, "--limit", "1"), (TEST,), (EMPTY,), (NOWHERE,)]
)
def test_it_can_be_sent(export, options):
    content = export("circular", *options)
    text = content.decode("ascii")
    head, _, body = text.partition("\n\n")
    assert head.startswith("SUBJECT: ")
    assert takes(head.removeprefix("SUBJECT: "))
    assert max(map(len, body.splitlines())) <= 80
    assert all(line == line.rstrip() for line in text.splitlines())
    assert "[Authors and affiliations: to be filled in]" in body
    assert "[Credits of surveys, brokers and catalogues: to be filled in]" in body


@pytest.mark.parametrize(
    ("event_id", "aliases", "starts"),
    [
        ("S270301ab", [], "LIGO/Virgo/KAGRA S270301ab: "),
        ("Fermi-GBM-826000000", ["bn270301083", "GRB 270301A"], "GRB 270301A: "),
        ("IceCube-132518_36506425", ["IC270301A", "IceCube-270301A"], "IceCube-270301A: "),
    ],
)
def test_subject_has_the_name_that_it_is_filed_under(event_id, aliases, starts):
    line = subject({"id": event_id, "aliases": aliases, "test": False}, [])
    assert line == f"{starts}no optical transient candidates ranked by mma"
    assert FILED.match(line)
    assert takes(line)


def test_subject_of_any_event_is_taken():
    line = subject({"id": "CTAO\n-77", "aliases": [], "test": True}, [{"rank": 1}])
    assert line == "TEST: CTAO -77: 1 optical transient candidate ranked by mma"
    assert takes(line)


def test_numbers(export):
    text = export("circular").decode()
    assert "LVK of 2027-03-01 02:00 UTC" in " ".join(text.split())
    assert "(initial, 1 notice)" in " ".join(text.split())
    assert re.search(rf"^  1 00:00:00\.00 -00:00:30\.0   0\.00000  -0\.00833 \d\.\d{{3}} {BEST}$", text, re.M)
    assert re.search(rf"^  \d 23:58:00\.00 -00:30:00\.0 359\.50000  -0\.50000 \d\.\d{{3}} {LSST}$", text, re.M)
    assert re.search(r"^  1 2027-03-02 12:00  r = 18\.50   ", text, re.M)
    assert "host NGC 1 (galaxies), 101 +- 5 Mpc" in text
    assert VETOED not in text
    assert "3 candidates stand, 3 are listed." in " ".join(text.split())


def test_vetoed_ones_are_listed_with_their_reasons_where_asked_for(export):
    text = " ".join(export("circular", EVENT, "--all").decode().split())
    assert "3 candidates stand, 3 are listed; 1 vetoed or withdrawn ones are listed too." in text
    assert "vetoed: bogus: real/bogus score below 0.3" in text


def test_none(export):
    text = export("circular", EMPTY).decode()
    assert "No candidate counterpart stands." in " ".join(text.split())
    assert "RA (ICRS)" not in text


@pytest.mark.parametrize(("text", "plain"), [("Objét 5°", "Objet 5?"), ("a\tb", "a?b"), ("x\ny", "x\ny"), ("α", "?")])
def test_ascii(text, plain):
    assert ascii_text(text) == plain
