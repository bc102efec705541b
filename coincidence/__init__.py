"""Is it the counterpart? Events, alerts, scores and ranks; pure functions over arrays."""

from .active import ActiveEvents, Change, News, can_be_matched, fold
from .alert import Alert, AlertBatch, Detection
from .candidate import Candidate, score
from .curves import LightCurves
from .event import Event, ExternalCoincidence, Kind, Messenger, Stage, apart
from .evidence import Classified, Evidence, Verdicts
from .gamma import Gamma
from .hosts import Galaxies
from .joint import Association, associate, joint_far, joint_far_targeted
from .learning import learn
from .parameters import DEFAULT, Parameters
from .ranking import probabilities, rank
from .score import Host

__all__ = [
    "DEFAULT",
    "ActiveEvents",
    "Alert",
    "AlertBatch",
    "Association",
    "Candidate",
    "Change",
    "Classified",
    "Detection",
    "Event",
    "Evidence",
    "ExternalCoincidence",
    "Galaxies",
    "Gamma",
    "Host",
    "Kind",
    "LightCurves",
    "Messenger",
    "News",
    "Parameters",
    "Stage",
    "Verdicts",
    "apart",
    "associate",
    "can_be_matched",
    "fold",
    "joint_far",
    "joint_far_targeted",
    "learn",
    "probabilities",
    "rank",
    "score",
]
