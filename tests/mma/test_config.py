"""Settings: every name and value is checked, the environment goes over the file, passwords are not shown."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from coincidence import DEFAULT
from coincidence.terms.time import onset_cdf
from mma.cli import main
from mma.config.class_checks import SHAPES
from mma.config.settings import Settings, document, load
from mma.errors import ConfigError


@pytest.fixture
def written(tmp_path):
    """A settings file of this text."""

    def write(text: str):
        path = tmp_path / "mma.toml"
        path.write_text(text)
        return path

    return write


def test_nothing_written_is_the_defaults(written):
    assert load(None, {}) == load(written(""), {}) == Settings()


def test_values_go_over_the_defaults(written):
    settings = load(
        written(
            """
            database = "x.sqlite"
            batch_size = 7
            [score]
            level = 0.9
            tell_log_odds = 3
            [score.classes.kilonova]
            active_before_d = 1
            onset.end_d = 5
            [score.classes.nova]
            onset = { shape = "power_law", start_d = 0, end_d = 9, scale_d = 0.5 }
            [score.kinds]
            cbc = { kilonova = 0.4, nova = 0.1 }
            """
        ),
        {},
    )
    assert (settings.database, settings.batch_size, settings.score.level) == ("x.sqlite", 7, 0.9)
    kilonova = settings.score.classes["kilonova"]
    assert (kilonova.active_before_d, kilonova.onset.end_d, kilonova.onset.flat_d) == (1.0, 5.0, 0.5)
    assert settings.score.classes["nova"].active_before_d is None
    assert settings.score.kinds["cbc"] == {"kilonova": 0.4, "nova": 0.1}
    assert settings.score.kinds["grb"] == DEFAULT.kinds["grb"]
    assert settings.score.window_d("cbc") == (0.0, 9.0)
    assert settings.score.id != DEFAULT.id


def test_light_classifiers_and_what_was_learnt_go_over_the_defaults(written):
    text = """
        [score.photometry]
        floor = 0.1
        [score.classes.kilonova]
        light.mag_sigma = 2
        [score.classes.nova.light]
        shape = "template"
        [score.templates.nova]
        days = [0, 1]
        u = [-8, -7]
        g = [-8, -7]
        r = [-8, -7]
        i = [-8, -7]
        z = [-8, -7]
        y = [-8, -7]
        [score.classifiers.broker]
        counterpart = "nova"
        label = "N"
        version = "1"
        [score.contamination]
        nova = { confirmed = 1, rejected = 2, claimed = 0.5 }
        """
    score = load(written(text), {}).score
    assert (score.photometry.floor, score.photometry.model_error_mag) == (0.1, DEFAULT.photometry.model_error_mag)
    light = score.classes["kilonova"].light
    assert (light.mag_sigma, light.shape, light.slope_sigma) == (2.0, "template", 0.25)
    assert score.templates["nova"].g == (-8.0, -7.0)
    assert (score.classifiers["broker"].version, score.classifiers["broker"].prior) == ("1", 0.5)
    assert score.contamination["nova"].rejected == 2.0


def test_the_environment_goes_over_the_file(written):
    path = written('database = "file.sqlite"\nprefix = "file"')
    settings = load(path, {"MMA_DATABASE": "env.sqlite", "MMA_LSST_SCHEMAS": "/x", "MMA_PREFIX": ""})
    assert (settings.database, settings.prefix, settings.lsst_schemas) == ("env.sqlite", "file", "/x")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('databse = "x"', "settings: unknown setting 'databse'; did you mean 'database'?"),
        ("[score]\nleve = 0.9", "score: unknown setting 'leve'; did you mean 'level'?"),
        ("qqq = 1", "settings: unknown setting 'qqq'; there are "),
        (
            "[score.classes.kilonova]\nonsett = {}",
            "score.classes.kilonova: unknown setting 'onsett'; did you mean 'onset'?",
        ),
        ("[score.classes.kilonova.onset]\nshap = 'box'", "onset: unknown setting 'shap'; did you mean 'shape'?"),
        ("[score.kinds]\ncbcs = {}", "score.kinds: unknown setting 'cbcs'; did you mean 'cbc'?"),
        (
            "[score.kinds]\ncbc = { kilonva = 0.1 }",
            "score.kinds.cbc: unknown setting 'kilonva'; did you mean 'kilonova'?",
        ),
        ("batch_size = 'many'", "settings.batch_size: expected int, found 'many'"),
        ("batch_size = 1.5", "settings.batch_size: expected int, found 1.5"),
        ("batch_size = true", "settings.batch_size: expected int, found True"),
        ("batch_size = 0", "settings.batch_size: 0 is not within 1 to"),
        ("database = 5", "settings.database: expected str, found 5"),
        ("lsst_schemas = 5", "settings.lsst_schemas: expected str, found 5"),
        ("score = 5", "score: expected a table, found 5"),
        ("[score]\nlevel = '0.9'", "score.level: expected float, found '0.9'"),
        ("[score]\nlevel = 90", "score.level: 90.0 is not within"),
        ("[score]\nlevel = nan", "score.level: nan is not within"),
        ("[score]\nsky_floor = 0", "score.sky_floor: 0.0 is not within"),
        ("[score]\nclasses = 1", "score.classes: expected a table"),
        ("[score]\nkinds = { cbc = 1 }", "score.kinds.cbc: expected a table"),
        ("[score.kinds]\ncbc = {}", "score.kinds.cbc: no counterpart class is named"),
        ("[score.kinds]\ncbc = { kilonova = 'x' }", "score.kinds.cbc.kilonova: expected float"),
        ("[score.classes.kilonova]\nactive_before_d = 'x'", "kilonova.active_before_d: expected float, found 'x'"),
        ("[score.classes.tde]\nactive_before_d = 'x'", "tde.active_before_d: expected float, found 'x'"),
        (
            "[score.classes.tde.onset]\nshape = 'boxx'",
            "tde.onset.shape: 'boxx' is none of box, plateau_exponential, power_law",
        ),
        ("[score.classes.tde.onset]\nend_d = -500", "tde.onset: end_d must be after start_d"),
        ("[score.photometry]\nflor = 0.1", "score.photometry: unknown setting 'flor'; did you mean 'floor'?"),
        ("[score.photometry]\nfloor = 0", "score.photometry.floor: 0.0 is not within"),
        ("[score.classes.kilonova.light]\ncourses = [[0.5, 1.0]]", "is not a share, times as slow, and days of a rise"),
        ("[score.photometry]\nmodel_error_mag = 0", "model_error_mag: 0.0 is not within"),
        ("[score.classes.tde.light]\nmag_sigma = -1", "score.classes.tde.light.mag_sigma: -1.0 is not within"),
        ("[score.classes.tde.light]\nshape = 'flatt'", "tde.light.shape: 'flatt' is none of none, flat, template"),
        ("[score.classes.tde.light]\nshape = 'template'", "needs a table score.templates.tde"),
        ("[score.templates.kilonova]\ndays = [1, 2]", "kilonova.light: its template needs two days or more"),
        ("[score.templates.kilonova]\ng = ['x']", "score.templates.kilonova.g: expected float, found 'x'"),
        ("[score.classifiers.b]\ncounterpart = 'kilonva'", "unknown setting 'kilonva'; did you mean 'kilonova'?"),
        ("[score.classifiers.b]\ncounterpart = 'tde'\nprior = 1", "score.classifiers.b.prior: 1.0 is not within"),
        ("[score.contamination]\nkilonva = {}", "score.contamination: unknown setting 'kilonva'"),
        ("[score.contamination.tde]\nrejected = -1", "score.contamination.tde.rejected: -1.0 is not within"),
        ("not toml", "mma.toml"),
        ("a = 1\na = 2", "mma.toml"),
    ],
)
def test_what_is_wrong_is_named(written, capsys, text, says):
    path = written(text)
    with pytest.raises(ConfigError) as caught:
        load(path, {})
    assert says in str(caught.value)
    assert main(["config", "check", "-c", str(path)]) == 1
    assert says in capsys.readouterr().err


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"none\.toml: No such file"):
        load(tmp_path / "none.toml", {})
    (tmp_path / "latin.toml").write_bytes(b'database = "\xe9"')
    with pytest.raises(ConfigError, match=r"latin\.toml"):
        load(tmp_path / "latin.toml", {})


def test_passwords_are_not_shown():
    record = document(Settings(database="postgresql://mma:secret@host/db"))
    assert record["database"] == "postgresql://mma:***@host/db"
    assert record["score"]["id"] == DEFAULT.id
    assert document(Settings(database="postgres:// mma:secret@host"))["database"] == "postgres:// mma:***@host"


def test_every_shape_that_is_allowed_can_be_computed():
    onset = DEFAULT.classes["kilonova"].onset
    for shape in SHAPES:
        assert onset_cdf(replace(onset, shape=shape), np.array([-1.0, 11.0])) == pytest.approx([0.0, 1.0])
