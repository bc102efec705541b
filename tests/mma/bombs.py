"""Small messages that are made to cost much: each by the fewest bytes that its format allows."""

from __future__ import annotations

import base64
import bz2
import gzip
import io
import json
import lzma
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np

import skymaps
from mma.streams import Message

SYNC = b"0123456789abcdef"
LVK, GCN, OTHER = "igwn.gwalert", "gcn.notices.einstein_probe.wxt.alert", "survey.alerts"
MB = 1 << 20


def long(n: int) -> bytes:
    """An integer as Avro writes it (Avro 1.11, binary encoding)."""
    n, out = (n << 1) ^ (n >> 63), bytearray()
    while n > 0x7F:
        out.append(n & 0x7F | 0x80)
        n >>= 7
    return bytes([*out, n])


def text(content: bytes) -> bytes:
    """Bytes or text as Avro writes them."""
    return long(len(content)) + content


def container(schema: object, block: bytes, n: int = 1, codec: str = "null") -> bytes:
    """An object container file of one block, which is packed already."""
    head = {"avro.schema": json.dumps(schema).encode(), "avro.codec": codec.encode()}
    metadata = long(len(head)) + b"".join(text(k.encode()) + text(v) for k, v in head.items()) + b"\0"
    return b"Obj\x01" + metadata + SYNC + long(n) + text(block) + SYNC


def record(name: str, *fields: tuple[str, object]) -> dict[str, object]:
    """A record's schema."""
    return {"type": "record", "name": name, "fields": [{"name": n, "type": kind} for n, kind in fields]}


def ztf(*more: tuple[str, object]) -> dict[str, object]:
    """A schema that looks like ZTF's."""
    return record(
        "ztf.alert", ("objectId", "string"), ("candid", "long"), *more, ("candidate", record("c", ("x", "int")))
    )


def lvk(*more: tuple[str, object]) -> dict[str, object]:
    """A schema that looks like LVK's."""
    return record("igwn.alerts.v1_0.Alert", ("superevent_id", "string"), *more)


HEAD = text(b"ZTF27a") + long(1)
NAME = text(b"S270301ab")
MANY = long(1 << 40)


def many_of_nothing() -> bytes:
    """An array of a named fixed of size 0, 2^40 of them."""
    nothing = {"type": "fixed", "name": "nothing", "size": 0}
    return container(ztf(("one", nothing), ("many", {"type": "array", "items": "nothing"})), HEAD + MANY + b"\0")


def doubling() -> bytes:
    """Forty records, each of two of the one before."""
    kinds: list[tuple[str, object]] = [("r0", record("R0", ("x", "null")))]
    kinds += [(f"r{i}", record(f"R{i}", ("a", f"R{i - 1}"), ("b", f"R{i - 1}"))) for i in range(1, 41)]
    return container(ztf(*kinds), HEAD + b"\0" * 8)


def deep() -> bytes:
    """Five thousand records, each within the next by name."""
    kinds: list[tuple[str, object]] = [("r0", record("R0", ("x", "int")))]
    kinds += [(f"r{i}", record(f"R{i}", ("a", f"R{i - 1}"))) for i in range(1, 5_000)]
    return container(ztf(*kinds), HEAD + b"\0" * 8)


def lvk_nulls() -> bytes:
    """LVK's Avro with an array of null."""
    return container(lvk(("many", {"type": "array", "items": "null"})), NAME + MANY + b"\0")


def null_records() -> bytes:
    """An array of records of nothing but null."""
    item = record("item", *((f"f{i}", "null") for i in range(50)))
    return container(ztf(("many", {"type": "array", "items": item})), HEAD + MANY + b"\0")


def wide_unions() -> bytes:
    """A byte each for records of very many nulls."""
    item = ["null", record("item", *((f"f{i}", "null") for i in range(5000)))]
    return container(ztf(("many", {"type": "array", "items": item})), HEAD + long(500_000) + long(1) * 500_000 + b"\0")


def many_entries() -> bytes:
    """A container's header of seven million entries, each of two bytes."""
    return b"Obj\x01" + long(7_000_000) + b"\0" * 14_000_001 + SYNC


def many_options() -> bytes:
    """A byte each for values of a union of 9,500 records: each of these is looked at for each value."""
    options = ["null", *(record(f"r{i}", ("a", "int")) for i in range(9_500))]
    kind = {"type": "array", "items": options}
    return container(ztf(("many", kind)), HEAD + long(380_000) + bytes(380_000) + b"\0\0")


def tiny_records() -> bytes:
    """A byte each for a record of one truth value: 15 million objects."""
    kind = {"type": "array", "items": record("item", ("x", "boolean"))}
    return container(lvk(("many", kind)), NAME + long(15_000_000) + b"\1" * 15_000_000 + b"\0")


def bzip2_lvk() -> bytes:
    """A bzip2 block of 8 GB: streams of 64 MB one after another."""
    return container(lvk(("x", "bytes")), bz2.compress(bytes(64 * MB)) * 125, codec="bzip2")


def bzip2_ztf() -> bytes:
    """The same on an optical stream."""
    return container(ztf(), bz2.compress(bytes(64 * MB)) * 125, codec="bzip2")


def many_streams() -> bytes:
    """A bzip2 block of a million empty streams."""
    return container(ztf(), bz2.compress(b"") * 1_000_000, codec="bzip2")


def xz() -> bytes:
    """An xz block of 1 GB."""
    return container(lvk(("x", "bytes")), lzma.compress(bytes(128 * MB)) * 8, codec="xz")


def deflate() -> bytes:
    """A deflate block of 8 MB that holds 8 GB."""
    packer = zlib.compressobj(9, wbits=-15)
    one = packer.compress(bytes(256 * MB)) + packer.flush(zlib.Z_FULL_FLUSH)
    return container(ztf(), one * 32 + zlib.compressobj(9, wbits=-15).flush(), codec="deflate")


def snappy() -> bytes:
    """A snappy block that says that it holds 4 GB."""
    return container(ztf(), b"\xff\xff\xff\xff\x0f" + b"\xfe\x01\x00" * 1000 + bytes(4), codec="snappy")


def wide_table() -> bytes:
    """75,000 columns, and 200,000 rows of one cell; its first line alone looks like a smaller table's."""
    names = ",".join(f"c{i}" for i in range(75_000))
    return f"# ra,dec,mjd\nra,dec,mjd,{names}\n".encode() + b"1\n" * 200_000


def blank_bars() -> bytes:
    """Bars and blank lines: what a search for IPAC's header goes back and forth in."""
    return b"|a|" + b"\n" * 60_000 + b"x"


def votable(fields: str, rows: str) -> bytes:
    """A VOTable of some fields and rows."""
    return (
        '<?xml version="1.0"?><VOTABLE version="1.4"><RESOURCE><TABLE>'
        f'<FIELD name="ra" datatype="double"/>{fields}<DATA><TABLEDATA>{rows}</TABLEDATA></DATA>'
        "</TABLE></RESOURCE></VOTABLE>"
    ).encode()


def votable_array() -> bytes:
    """A VOTable with cells of 10^9 numbers."""
    return votable('<FIELD name="dec" datatype="double" arraysize="1000000000"/>', "<TR><TD>1</TD><TD>1</TD></TR>" * 50)


def votable_wide() -> bytes:
    """A VOTable of 20,000 columns and 200,000 empty rows."""
    return votable("".join(f'<FIELD name="c{i}" datatype="double"/>' for i in range(20_000)), "<TR/>" * 200_000)


def streams_href() -> bytes:
    """A VOTable of very many openings without an end."""
    return votable("<STREAM " * 200_000, "")


def ecsv_aliases() -> bytes:
    """An ECSV header whose YAML doubles 40 times."""
    lines = ["%ECSV 1.0", "---", "a0: &a0 [x, x]"]
    lines += [f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}]" for i in range(1, 40)]
    lines += ["datatype:", "- {name: ra, datatype: float64, description: *a39}"]
    return ("".join(f"# {line}\n" for line in lines) + "ra\n1\n").encode()


def xml_entities() -> bytes:
    """Entities within entities."""
    inner = "".join(f'<!ENTITY e{i} "{f"&e{i - 1};" * 10}">' for i in range(1, 20))
    return f'<!DOCTYPE x [<!ENTITY e0 "ha">{inner}]><VOEvent>&e19;</VOEvent>'.encode()


def xml_deep() -> bytes:
    """Elements within elements."""
    return b"<VOEvent>" + b"<a>" * 500_000 + b"</a>" * 500_000 + b"</VOEvent>"


def xml_attributes() -> bytes:
    """One element with very many attributes."""
    return b"<VOEvent " + b" ".join(b"a%d='1'" % i for i in range(300_000)) + b"/>"


def xml_params() -> bytes:
    """Very many parameters."""
    return (
        b"<VOEvent version='2.0' ivorn='ivo://a/b#c'><What>"
        + b"<Param name='a' value='1'/>" * 150_000
        + b"</What></VOEvent>"
    )


def json_deep() -> bytes:
    """Lists within lists."""
    return b"[" * 5_000_000


def json_objects() -> bytes:
    """Five million objects."""
    return b"[" + b",".join([b"{}"] * 5_000_000) + b"]"


def json_notice_objects() -> bytes:
    """The same within LVK's notice."""
    return b'{"superevent_id": "S270301ab", "alert_type": "INITIAL", "x": ' + json_objects() + b"}"


def notice_with(content: bytes) -> bytes:
    """LVK's notice with a map."""
    event = {"time": "2027-03-01T00:00:00Z", "group": "CBC", "skymap": base64.b64encode(content).decode()}
    head = {"superevent_id": "S270301ab", "alert_type": "INITIAL", "time_created": "2027-03-01T00:00:00Z"}
    return json.dumps(head | {"urls": {}, "event": event}).encode()


def card(key: str, value: object) -> str:
    """A card of a FITS header (FITS standard 4.0, section 4.1)."""
    shown = f"'{value}'" if isinstance(value, str) else str(value)
    return f"{key:<8}= {shown:>20}".ljust(80)


def header(*cards: str) -> bytes:
    """A FITS header in whole blocks."""
    content = "".join([*cards, "END".ljust(80)]).encode()
    return content.ljust(-(-len(content) // 2880) * 2880)


PRIMARY = header(card("SIMPLE", "T").replace("'", " "), card("BITPIX", 8), card("NAXIS", 0))


def fits_head(n_rows: int, nside: int | None = None, ordering: str = "NUNIQ") -> bytes:
    """Both headers of a map with so many rows of UNIQ and PROBDENSITY, or of PROB."""
    uniq = nside is None
    columns = [("UNIQ", "K"), ("PROBDENSITY", "D")] if uniq else [("PROB", "D")]
    cards = [card("XTENSION", "BINTABLE"), card("BITPIX", 8), card("NAXIS", 2), card("NAXIS1", 8 * len(columns))]
    cards += [card("NAXIS2", n_rows), card("PCOUNT", 0), card("GCOUNT", 1), card("TFIELDS", len(columns))]
    cards += [card(f"TTYPE{i}", name) for i, (name, _) in enumerate(columns, 1)]
    cards += [card(f"TFORM{i}", form) for i, (_, form) in enumerate(columns, 1)]
    cards += [card("PIXTYPE", "HEALPIX"), card("ORDERING", ordering), card("DATE-OBS", "2027-03-01T00:00:00")]
    return PRIMARY + header(*cards, *([] if uniq else [card("NSIDE", nside)]))


def map_of_rows() -> bytes:
    """A gzipped multi-order map that says it has a billion rows, and has 128 MB of them."""
    return notice_with(gzip.compress(fits_head(10**9) + bytes(128 * MB), 9))


def map_of_zeros() -> bytes:
    """A gzipped flat map of NSIDE 1024, RING, all of it zero."""
    return notice_with(gzip.compress(fits_head(12 << 20, 1024, "RING") + bytes(8 * 12 * MB), 9))


def map_of_axes() -> bytes:
    """A map behind an image of 2^50 bytes."""
    image = header(card("SIMPLE", "T").replace("'", " "), card("BITPIX", 8), card("NAXIS", 1), card("NAXIS1", 1 << 50))
    return notice_with(gzip.compress(image + bytes(256 * MB), 9))


def map_of_extensions() -> bytes:
    """Very many extensions that are no table."""
    one = header(card("XTENSION", "IMAGE"), card("BITPIX", 8), card("NAXIS", 0))
    return notice_with(gzip.compress(PRIMARY + one * 50_000, 9))


def scan(*parts: tuple[int, np.ndarray]) -> bytes:
    """A likelihood scan as a compressed archive."""
    arrays = {}
    for nside, pixels in parts:
        arrays[f"nside-{nside}"] = np.zeros(len(pixels), dtype=[("index", "<i8"), ("llh", "<f8")])
        arrays[f"nside-{nside}"]["index"] = pixels
        arrays[f"nside-{nside}"]["llh"] = np.arange(len(pixels)) % 7
    held = io.BytesIO()
    np.savez_compressed(held, **arrays)
    return held.getvalue()


def nested_scan() -> bytes:
    """A scan in which one pixel of a finer one lies in each of a coarser one."""
    return notice_with(scan((1024, np.arange(0, 12 << 20, 8)), (512, np.arange(12 << 18)), (64, np.arange(12 << 12))))


def claimed_scan() -> bytes:
    """An array that says it has 2^40 rows, in an archive."""
    import zipfile

    head = b"{'descr': [('index', '<i8'), ('llh', '<f8')], 'fortran_order': False, 'shape': (1099511627776,), }"
    npy = b"\x93NUMPY\x01\x00" + (118).to_bytes(2, "little") + head.ljust(117) + b"\n"
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("nside-8.npy", npy + bytes(400 * MB))
    return notice_with(held.getvalue())


def inner_archives() -> bytes:
    """An archive of archives of archives."""
    import zipfile

    content = bytes(64 * MB)
    for _ in range(4):
        held = io.BytesIO()
        with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
            for i in range(8):
                archive.writestr(f"nside-{1 << i}.npy", content)
        content = held.getvalue()
    return notice_with(content)


def slow_angles() -> bytes:
    """A table whose positions are blanks, and blanks."""
    return b"ra;dec;mjd\n" + (b"1" + b" " * 100_000 + b"1;2;60000\n") * 5


def schema_path() -> bytes:
    """GCN's JSON with a schema's name that is searched again and again."""
    return json.dumps({"$schema": "/notices/" * 40_000, "alert_datetime": "2027-03-01T00:00:00Z"}).encode()


BOMBS: dict[Callable[[], bytes], str] = {
    many_of_nothing: OTHER,
    doubling: OTHER,
    deep: OTHER,
    lvk_nulls: LVK,
    null_records: OTHER,
    wide_unions: OTHER,
    many_entries: OTHER,
    many_options: OTHER,
    tiny_records: LVK,
    bzip2_lvk: LVK,
    bzip2_ztf: OTHER,
    many_streams: OTHER,
    xz: LVK,
    deflate: OTHER,
    snappy: OTHER,
    wide_table: OTHER,
    blank_bars: OTHER,
    votable_array: OTHER,
    votable_wide: OTHER,
    streams_href: OTHER,
    ecsv_aliases: OTHER,
    xml_entities: OTHER,
    xml_deep: "gcn.classic.voevent.X",
    xml_attributes: "gcn.classic.voevent.X",
    xml_params: "gcn.classic.voevent.X",
    json_deep: GCN,
    json_objects: OTHER,
    json_notice_objects: LVK,
    map_of_rows: LVK,
    map_of_zeros: LVK,
    map_of_axes: LVK,
    map_of_extensions: LVK,
    nested_scan: LVK,
    claimed_scan: LVK,
    inner_archives: LVK,
    slow_angles: OTHER,
    schema_path: GCN,
}
"""What makes each, and the topic that it comes on."""


def message(bomb: Callable[[], bytes], offset: int = 0) -> Message:
    """The message of one of them."""
    return Message(payload=bomb(), topic=BOMBS[bomb], offset=offset)


def good() -> bytes:
    """LVK's notice with a map, as it comes every day."""
    return notice_with(skymaps.write_fits(skymaps.as_skymap(skymaps.circle(10.0, 20.0, 5.0))))


def peak_kb() -> int:
    """Most memory that this process has had (Linux; ``getrusage`` counts that of the parent, too)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
