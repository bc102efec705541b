"""Pictures: files of the right kind and size; contours and bars that show what the numbers say."""

from __future__ import annotations

import math
import socket
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

import skymaps
from mma import plots
from mma.cli import main
from mma.client import Candidate, Client, ConfigError, Event
from mma.plots import labels, sky, terms
from mma.plots.content import Content
from mma.simulate import night
from tests.client.conftest import simulated

__all__ = ["simulated"]

ROW = {
    "id": "S1",
    "observatory": "LVK",
    "kind": "cbc",
    "time": "2027-03-01T02:00:00.000Z",
    "area90_deg2": 3.0,
    "distance_mpc": None,
    "stage": "initial",
    "state": "active",
    "revision": 1,
    "n_candidates": 0,
    "test": False,
}


def content(region, places=(), **event):
    found = [
        Candidate({"event": "S1", "object": f"o{i}", "rank": i, "ra": ra, "dec": dec})
        for i, (ra, dec) in enumerate(places, start=1)
    ]
    return Content(event=Event(ROW | event), region=region, candidates=tuple(found), objects=())


@pytest.fixture(scope="module")
def drawn(simulated):
    with Client(str(simulated)) as client:
        return plots.load(client, "S260301a")


@pytest.mark.parametrize("kind", plots.KINDS)
def test_each_kind_makes_a_picture_of_its_size(drawn, kind, tmp_path, monkeypatch):
    monkeypatch.setattr(socket.socket, "connect", lambda *_: pytest.fail("a plot asked the network"))
    path = tmp_path / "p.png"
    plots.save(plots.draw(drawn, kind), path, dpi=60)
    width, height = plots.KINDS[kind][1]
    with Image.open(path) as image:
        assert image.size == (round(width * 60), round(height * 60))
        assert len(image.convert("RGB").getcolors(1 << 24)) > 50  # not a blank page


@pytest.mark.parametrize(("ending", "begins"), [("pdf", b"%PDF"), ("svg", b"<?xml"), ("png", b"\x89PNG")])
def test_the_ending_says_the_format_and_the_same_picture_is_the_same_file(drawn, tmp_path, ending, begins):
    files = [tmp_path / f"{i}.{ending}" for i in range(2)]
    for path in files:
        plots.save(plots.draw(drawn, "terms"), path)
    first, second = (path.read_bytes() for path in files)
    assert first.startswith(begins)
    assert first == second


@pytest.mark.parametrize("name", ["a.jpg", "a", "no/such/folder/a.png"])
def test_a_file_that_cannot_be_written_is_an_error_of_ours(drawn, tmp_path, name):
    with pytest.raises(ConfigError):
        plots.save(plots.draw(drawn, "terms"), tmp_path / name)


def contour_area_deg2(axes, level):
    """Area inside a drawn contour: its polygons in the sinusoidal projection, which keeps areas (shoelace formula)."""
    (found,) = [c for c in axes.collections if len(getattr(c, "levels", ())) == 2]
    area = 0.0
    for polygon in found.get_paths()[list(found.levels).index(level)].to_polygons():
        ra, dec = axes.wcs.pixel_to_world_values(*polygon.T)
        x = (ra - ra.mean()) * np.cos(np.radians(dec))
        area += 0.5 * abs(float(np.sum(x[:-1] * dec[1:] - x[1:] * dec[:-1])))
    return area


@pytest.mark.realdata
def test_the_drawn_contour_of_gw170817_holds_the_published_area(data):
    region = skymaps.read(data / "skymaps" / "gw" / "GW170817.fits.gz")
    at2017gfo = (197.45037, -23.38148)
    figure = plots.draw(content(region, [at2017gfo]), "zoom")
    assert contour_area_deg2(figure.axes[0], 0.9) == pytest.approx(16.16, rel=0.02)  # GWTC-1: 16 deg2


@pytest.mark.parametrize("radius", [0.05, 0.5, 3.0])
def test_the_drawn_contours_hold_the_areas_of_their_levels(radius):
    region = skymaps.circle(150.0, 0.0, radius, containment=0.9)
    axes = sky.zoom(figure := Figure(figsize=(7, 7)), figure.add_gridspec(1, 1)[0, 0], content(region))
    assert contour_area_deg2(axes, 0.9) == pytest.approx(math.pi * radius**2, rel=0.02)
    half = radius**2 * math.log(0.5) / math.log(0.1)  # containment of a normal: 1 - exp(-r^2 / 2 s^2)
    assert contour_area_deg2(axes, 0.5) == pytest.approx(math.pi * half, rel=0.02)


def test_the_pixels_inside_the_90_percent_contour_hold_90_percent():
    region = skymaps.circle(40.0, 60.0, 2.0, containment=0.9)
    axes = sky.zoom(figure := Figure(figsize=(7, 7)), figure.add_gridspec(1, 1)[0, 0], content(region))
    density, level = sky.sampled(axes, region)
    pixel_deg2 = abs(axes.header["CDELT1"] * axes.header["CDELT2"])
    assert density[level <= 0.9].sum() * pixel_deg2 == pytest.approx(0.9, abs=0.01)


@given(ra=st.floats(0, 360), dec=st.floats(-90, 90), radius=st.floats(0.01, 15))
def test_the_closer_look_holds_the_whole_90_percent_circle(ra, dec, radius):
    region = skymaps.circle(ra, dec, radius, containment=0.9)
    centre, half = sky.view(region)
    away = np.degrees(np.arccos(np.clip(float((sky.vectors(*centre) @ sky.vectors(ra, dec).T)[0, 0]), -1, 1)))
    assert away + radius <= half * 1.001
    assert half <= max(3.0 * radius, 0.5)


@pytest.mark.parametrize("place", [(0.01, 0.0), (359.99, 0.0), (123.0, 89.99), (45.0, -89.99), (180.0, 45.0)])
@pytest.mark.parametrize("kind", ["sky", "zoom"])
def test_candidates_are_drawn_at_the_poles_and_across_ra_zero(place, kind, tmp_path):
    region = skymaps.circle(*place, 1.0)
    figure = plots.draw(content(region, [place, (place[0], place[1] * 0.995)]), kind)
    (axes,) = figure.axes
    assert sorted(text.get_text() for text in axes.texts if text.get_text().isdigit()) == ["1", "2"]
    points = max(axes.lines, key=lambda line: line.get_zorder())
    x, y = points.get_data()
    ra, dec = axes.wcs.pixel_to_world_values(x[0], y[0])
    apart = skymaps.circle(*place, 1.0).credible_level_at(float(ra), float(dec))[0]
    assert apart < 1e-3  # it is where it should be: at the centre
    plots.save(figure, tmp_path / "p.png", dpi=40)


def test_an_event_without_region_or_candidates_is_drawn_as_such(tmp_path):
    for kind in plots.KINDS:
        plots.save(plots.draw(content(None, area90_deg2=None, time=None), kind), tmp_path / "p.png", dpi=40)


def test_a_test_event_says_so():
    assert "TEST" in content(None, test=True).state
    assert "RETRACTED" in content(None, state="retracted").state
    assert "TEST" not in content(None).state


def test_bars_of_a_real_score_end_where_its_sum_is(drawn):
    figure = plots.draw(drawn, "terms")
    (axes,) = figure.axes
    for row, candidate in enumerate(drawn.candidates):
        bars = [p for p in axes.patches if math.isclose(p.get_y() + p.get_height() / 2, row, abs_tol=1e-9)]
        total = math.fsum(bar.get_width() for bar in bars)
        assert total == pytest.approx(candidate.by_class[candidate.counterpart], abs=1e-9)


@given(st.lists(st.none() | st.floats(-20, 20), max_size=8))
def test_bars_stand_side_by_side_and_add_up(values):
    bars = terms.stacked({str(i): value for i, value in enumerate(values)})
    known = [value for value in values if value]
    assert [width for *_, width in bars] == known
    for sign in (1, -1):
        ends = [left + width for _, left, width in bars if width * sign > 0]
        starts = [left for _, left, width in bars if width * sign > 0]
        assert starts == [0.0, *ends[:-1]][: len(starts)]


def test_numbers_of_close_candidates_do_not_cover_one_another():
    region = skymaps.circle(150.0, 20.0, 5.0)
    places = [(150.0 + 0.05 * i, 20.0 + 0.03 * (i % 3)) for i in range(10)]
    figure = plots.draw(content(region, places), "zoom")
    (axes,) = figure.axes
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    boxes = []
    for text in axes.texts:
        if text.get_text().isdigit():
            text.update_positions(canvas.get_renderer())
            boxes.append(Text.get_window_extent(text))  # of the number, without the line to its point
    assert len(boxes) == 10
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])
    assert labels.STEP_PX > 0


@pytest.mark.parametrize("kind", ["sky", "zoom"])
@pytest.mark.parametrize("radius", [1.0, 4.0])
def test_ranks_do_not_lie_on_the_region(kind, radius):
    """Candidates in the middle, their numbers where the credible level is above 0.9."""
    region = skymaps.circle(150.0, 20.0, radius, containment=0.9)
    places = [(150.0 + 0.1 * radius * i, 20.0 + 0.05 * radius * (i % 3)) for i in range(6)]
    figure = plots.draw(content(region, places), kind)
    (axes,) = figure.axes
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    _, level = sky.sampled(axes, region)
    numbers = [text for text in axes.texts if text.get_text().isdigit()]
    assert len(numbers) == 6
    for text in numbers:
        text.update_positions(canvas.get_renderer())
        box = Text.get_window_extent(text)
        x, y = np.round(axes.transData.inverted().transform(((box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2))).astype(int)
        assert not level[y, x] <= 0.9


@pytest.mark.parametrize("kind", ["curves", "all"])
def test_legends_of_light_curves_stand_beside_the_data(drawn, kind):
    figure = plots.draw(drawn, kind)
    FigureCanvasAgg(figure).draw()
    panels = [axes for axes in figure.axes if axes.get_title(loc="left")[:1].isdigit()]
    assert len(panels) == len(drawn.objects)
    assert all(axes.get_legend() is None for axes in panels)
    boxes = [legend.get_window_extent() for legend in figure.legends]
    assert boxes
    assert not any(box.overlaps(axes.get_window_extent()) for box in boxes for axes in figure.axes)
    told = {text.get_text() for legend in figure.legends for text in legend.get_texts()}
    assert {"upper limit", "the event"} <= told


def test_a_small_region_has_a_ring_that_is_told_and_no_contour():
    figure = plots.draw(content(skymaps.circle(150.0, 20.0, 0.1)), "sky")
    (legend,) = figure.legends
    assert "where the small region is" in {text.get_text() for text in legend.get_texts()}
    figure = plots.draw(content(skymaps.circle(150.0, 20.0, 5.0)), "sky")
    assert "where the small region is" not in {text.get_text() for text in figure.legends[0].get_texts()}


def test_the_command_writes_the_file_it_names(simulated, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    db = ["--db", str(simulated)]
    assert main(["plot", "S260301a", "--kind", "terms", *db]) == 0
    assert Path(capsys.readouterr().out.strip()).read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "S260301a-terms.png").exists()
    assert main(["plot", "S260301a", "--kind", "zoom", "-o", "z.svg", "--json", *db]) == 0
    assert f'"bytes": {(tmp_path / "z.svg").stat().st_size}' in capsys.readouterr().out
    for wrong in (["S2"], ["S260301a", "-o", "x.gif"], ["S260301a", "--limit", "0"], ["S260301a", "--dpi", "1"]):
        assert main(["plot", *wrong, *db]) == 1
        assert capsys.readouterr().err.startswith("mma: ")


def test_the_night_of_these_tests_has_its_counterpart_first(drawn, simulated):
    truth = {t.event: t.object_id for t in night.truths(simulated.parent)}
    assert drawn.candidates[0].object == truth["S260301a"]


@pytest.mark.parametrize("kind", ["terms", "all"])
def test_the_longest_class_beside_a_bar_is_on_the_picture(kind):
    from coincidence import DEFAULT

    longest = max(DEFAULT.classes, key=len)
    row = {"event": "S1", "object": "o1", "rank": 1, "ra": 10.0, "dec": 0.0, "probability": 1.23e-12, "class": longest}
    found = Candidate(row | {"terms": dict.fromkeys(terms.TERMS, 1.0), "log_odds": 1.0})
    told = Content(event=Event(ROW), region=skymaps.circle(10.0, 0.0, 1.0), candidates=(found,), objects=())
    figure = plots.draw(told, kind)
    FigureCanvasAgg(figure).draw()
    (text,) = [t for t in figure.findobj(Text) if longest in t.get_text()]
    assert text.get_window_extent().x1 <= figure.bbox.x1
