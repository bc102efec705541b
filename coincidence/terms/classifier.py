"""What a calibrated classifier says, as a Bayes factor."""

from __future__ import annotations

import numpy as np

from skymaps import FloatArray

from ..evidence import Classified
from ..models import Classifier
from ..parameters import Parameters


def classifier(probability: FloatArray, model: Classifier) -> FloatArray:
    """Log ratio of a light curve under a class against not, by the probability that a calibrated classifier gives it.

    By Bayes' theorem ``p / pi = p(lc | k) / p(lc)`` where pi is the class's part in the sample of the calibration, so
    ``r = [p / pi] / [(1 - p) / (1 - pi)]`` is the likelihood ratio. Softened as
    ``(1 - f) r / (1 - g + g r) + f``: a part g of the background looks like the class, a part f of the class like
    the background. The mean over that background stays 1. Shape (n,).
    """
    p = np.clip(probability, 1e-12, 1.0 - 1e-12)
    r = p / (1.0 - p) * ((1.0 - model.prior) / model.prior)
    return np.asarray(np.log((1.0 - model.floor) * r / (1.0 - model.ceiling + model.ceiling * r) + model.floor))


def classifiers(said: Classified, n: int, parameters: Parameters) -> dict[str, tuple[FloatArray, Classifier]]:
    """For each counterpart class that a configured classifier tells of: its term, for n objects, and the classifier.

    Of several classifiers of one class the first by name that knows an object is counted: they read the
    same light curve. NaN where none knows it.
    """
    found: dict[str, tuple[FloatArray, Classifier]] = {}
    for name, model in sorted(parameters.classifiers.items()) if len(said.object) else ():
        rows = (said.classifier == name) & (said.label == model.label) & np.isfinite(said.probability)
        if model.version is not None:
            rows &= said.version == model.version
        term = np.full(n, np.nan)
        term[said.object[rows]] = classifier(said.probability[rows], model)
        earlier, first = found.get(model.counterpart, (term, model))
        found[model.counterpart] = (np.where(np.isnan(earlier), term, earlier), first)
    return found
