"""Is it the counterpart? Events, alerts, scores and ranks; pure functions over arrays."""

from .active import ActiveEvents, Change, News, can_be_matched, fold
from .alert import Alert, AlertBatch, Detection
from .candidate import Candidate, score
from .event import Event, ExternalCoincidence, Kind, Messenger, Stage
from .hosts import Galaxies
from .joint import Association, associate, joint_far, joint_far_targeted
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
    "Detection",
    "Event",
    "ExternalCoincidence",
    "Galaxies",
    "Host",
    "Kind",
    "Messenger",
    "News",
    "Parameters",
    "Stage",
    "associate",
    "can_be_matched",
    "fold",
    "joint_far",
    "joint_far_targeted",
    "probabilities",
    "rank",
    "score",
]
