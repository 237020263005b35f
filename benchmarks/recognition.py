"""Open-set recognition on the open sets: face_recognition's rule, one tuned threshold, and ours; one run, one table.

    python benchmarks/recognition.py --loader FOLDER [--cache FOLDER] [--splits 5]

FOLDER holds load.py of the open sets, CONSENTGUARD_EVAL names their photographs. Faces are found and described by this
library; face_recognition's rule is applied to the same embeddings (`make parity`: they are its own to 2e-4).

A probe is tried twice: with its person enrolled (FNIR: not recognised as that person) and with that person taken out of
the gallery (FPIR: taken for anybody). Thresholds are chosen on other identities than those they are judged on: people
are split into five folds, repeatedly; each fold is judged with the threshold, and with the model, of the other four.
The threshold of those four comes from scores that are held out once more. Both rates are of all folds and splits
together, and their 95 % intervals come from drawing people anew (bootstrap). Realised FPIR stands beside what was asked
for.

Written to benchmarks/results/: recognition.txt, recognition-det.png. No embedding and no face is in either.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from openset import Faces, described, loader
from population import YEARS, fit, folds, school_age, stranger_scores, usable, yearly
from trials import (
    Outcome,
    Trial,
    as_norm,
    distances,
    fixed,
    interval,
    joined,
    leave_one_out,
    nearest,
    threshold_for,
    together,
)

from consentguard.consent.recognition.match import MARGIN, Answer, Gallery, Operating
from consentguard.consent.recognition.plda import Population, Tail
from consentguard.vision.chart import Axis, curves

RESULTS = Path(__file__).parent / "results"
RATES = (0.001, 0.01)
DEFAULT = 0.6
"""face_recognition's tolerance."""

# -- children ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Held:
    """Everything of one fold: the scores of its probes, and the scores that set their threshold."""

    judged: Trial
    chosen_on: Trial


def held_out(
    families: Faces, children: Faces, splits: int, weight: float, gallery: np.ndarray | None
) -> Iterator[Held]:
    """Our scores with the model of the other folds; thresholds from scores that are held out once more among those."""
    for seed in range(splits):
        for held in folds(children.people, 5, seed):
            rest = children.only(~held)
            inner = []
            for part in folds(rest.people, 4, seed):
                model = fit(families, rest.only(~part), child_weight=weight)
                inner.append(ours(model, children, np.flatnonzero(~held)[part], gallery))
            model = fit(families, rest, child_weight=weight)
            yield Held(ours(model, children, np.flatnonzero(held), gallery), together(inner))


def ours(model: Population, children: Faces, probes: np.ndarray, gallery: np.ndarray | None) -> Trial:
    names, row = np.unique(children.people, return_inverse=True)
    scores = yearly(model, children, probes)
    if gallery is not None:
        scores[:, ~gallery & (np.arange(len(names))[None] != row[probes, None])[0]] = np.nan
    return Trial.of(scores, row[probes], children.people[probes], MARGIN)


def children_table(families: Faces, children: Faces, splits: int) -> tuple[list[str], dict[str, Trial]]:
    names, own = np.unique(children.people, return_inverse=True)
    everyone = np.arange(len(own))
    plain = Trial.of(nearest(children.single, children, everyone), own, children.people)
    half = nearest(children.steady, children, everyone, "half")
    normed = as_norm(half, children.steady, children)(own, children.people)
    lines = [
        f"children 3-17 of fgnet, templates at most {YEARS} years apart: {len(own)} photos, {len(names)} enrolled",
        f"{'rule':52}{'asked':>7}  FNIR (95 %) at realised FPIR (95 %)",
        f"{'face_recognition: nearest within 0.6':52}{'-':>7}  {Outcome.under(plain, -DEFAULT)}",
    ]
    shown = {"one threshold on the distance": plain, "AS-norm": normed}
    for name, trial in (("one threshold on the distance", plain), ("mirror, best and mean, AS-norm", normed)):
        lines += [f"{name:52}{100 * rate:6.1f}%  {fixed(trial, splits, rate)}" for rate in RATES]
    for weight, name in ((0.0, "ours, covariances of families only"), (10.0, "ours")):
        found = list(held_out(families, children, splits, weight, None))
        for rate in RATES:
            outcome = joined([Outcome.under(fold.judged, threshold_for(fold.chosen_on, rate)) for fold in found])
            lines.append(f"{name:52}{100 * rate:6.1f}%  {outcome}")
        pooled = together([fold.judged for fold in found])
        lines.append(
            f"{name + ', threshold of the pooled scores':52}{1.0:6.1f}%  "
            f"{Outcome.under(pooled, threshold_for(pooled, 0.01))}"
        )
        shown[name] = pooled
    shipped = shipped_rule(families, children, splits)
    lines += [f"{name:52}{100 * rate:6.1f}%  {outcome}" for name, rate, outcome in shipped]
    return lines, shown


def shipped_rule(families: Faces, children: Faces, splits: int) -> Iterator[tuple[str, float, Outcome]]:
    """The product's own threshold: the tail of the other folds' strangers, for the size of the gallery."""
    names, row = np.unique(children.people, return_inverse=True)
    for size in (30, len(names)):
        parts: dict[float, list[Outcome]] = {rate: [] for rate in RATES}
        for seed in range(splits):
            gallery = np.isin(np.arange(len(names)), np.random.default_rng(seed).permutation(len(names))[:size])
            for held in folds(children.people, 5, seed):
                rest = children.only(~held)
                tail = Tail.of(stranger_scores(families, children.only(~held), seed, 4))
                scores = yearly(fit(families, rest), children, np.flatnonzero(held))
                own = row[held]
                # the probe's own child takes somebody's place, so that the gallery keeps its size
                scores[:, ~gallery] = np.nan
                own_scores = yearly(fit(families, rest), children, np.flatnonzero(held))[np.arange(len(own)), own]
                scores[np.arange(len(own)), own] = own_scores
                trial = Trial.of(scores, own, children.people[held], MARGIN)
                for rate in RATES:
                    parts[rate].append(Outcome.under(trial, tail.threshold(rate, size)))
        for rate in RATES:
            yield f"ours, threshold by the tail, gallery of {size}", rate, joined(parts[rate])


# -- everybody else: shipped thresholds, galleries of given size -----------------------------------------------------


def adults_table(name: str, faces: Faces, model: Population) -> list[str]:
    """A set of adults: the model of others, the product's default threshold for that many people."""
    faces = faces.only(np.isfinite(faces.steady).all(axis=1))
    names, own = np.unique(faces.people, return_inverse=True)
    default = Trial.of(distances(faces), own, faces.people)
    model = model.at(faces.steady, list(faces.people))
    trial = Trial.of(leave_one_out(model, faces), own, faces.people, MARGIN)
    lines = [f"{name}: {len(own)} photos of {len(names)}, all in the gallery",
             f"{'face_recognition: nearest within 0.6':52}{'-':>7}  {Outcome.under(default, -DEFAULT)}"]  # fmt: skip
    for rate in RATES:
        lines.append(f"{'ours, shipped threshold':52}{100 * rate:6.1f}%  "
                     f"{Outcome.under(trial, model.tail.threshold(rate, len(names)))}")  # fmt: skip
    return lines


def families_table(faces: Faces, model: Population, sizes: tuple[int, ...]) -> list[str]:
    """Relatives: one member enrolled, photos of another shown. Unmarked siblings are strangers to the gallery."""
    names, row = np.unique(faces.people, return_inverse=True)
    family = np.array([name.partition("/")[0] for name in names])
    counts = np.bincount(row)
    random = np.random.default_rng(4)
    chosen, relative = [], []
    for name in np.unique(family):
        members = np.flatnonzero((family == name) & (counts >= 2))
        if len(members) >= 2:
            one, other = random.permutation(members)[:2]
            chosen.append(one)
            relative.append(other)
    chosen, relative = np.array(chosen), np.array(relative)
    latent = model.latent(faces.steady)
    lines = [f"families of fiw_train (those not in the model): {len(chosen)} with a member enrolled and another shown"]
    for size in (*sizes, len(chosen)):
        ours_hit, default_hit, who = [], [], []
        for start in range(0, len(chosen) - size + 1, size):
            here = slice(start, start + size)
            enrolled = np.isin(row, chosen[here])
            ids, short = np.unique(row[enrolled], return_inverse=True)
            profiles = model.profiles(latent[enrolled], short, len(ids))
            probes = np.flatnonzero(np.isin(row, relative[here]))
            scores = model.scores(latent[probes], profiles)
            ordered = np.sort(scores, axis=1)
            clear = ordered[:, -1] - ordered[:, -2] >= MARGIN
            ours_hit.append((ordered[:, -1] >= model.tail.threshold(0.001, size)) & clear)
            apart = np.stack([np.linalg.norm(faces.single[enrolled] - faces.single[p], axis=1).min() for p in probes])
            default_hit.append(apart <= DEFAULT)
            who.append(names[row[probes]])
        people = np.concatenate(who)
        for rule, hit in (
            ("face_recognition: nearest within 0.6", default_hit),
            ("ours, shipped threshold at 0.1 %", ours_hit),
        ):
            lines.append(f"{rule + f', gallery of {size}':52}         relatives taken for somebody "
                         f"{interval(np.concatenate(hit).astype(float), people)}")  # fmt: skip
    lines.append(
        f"{'ours, marked as siblings in the register':52}         {marked_siblings(faces, model, chosen, relative)}"
    )
    return lines


def marked_siblings(faces: Faces, model: Population, chosen: np.ndarray, relative: np.ndarray) -> str:
    """The same through the whole decision, with every family a sibling group; whatever matches, nobody is cleared."""
    from datetime import date
    from types import MappingProxyType

    from consentguard.consent.decide import decide
    from consentguard.consent.policy.policy import Policy
    from consentguard.consent.question import Question
    from consentguard.consent.register.register import SCOPES, Consent, Person, Register
    from consentguard.values import Mode, Standing

    names, row = np.unique(faces.people, return_inverse=True)
    day, yes = date(2026, 11, 22), Consent(given=True, granted=date(2026, 9, 1))
    people = {
        str(names[one]): Person(str(names[one]), "pupil", "A", "B", sibling_group=str(names[one]).partition("/")[0],
                                consents=MappingProxyType(dict.fromkeys(SCOPES, yes)), biometric=yes)
        for one in chosen
    }  # fmt: skip
    register, policy = Register(MappingProxyType(people), "", "families"), Policy.shipped()
    enrolled = np.isin(row, chosen)
    gallery = Gallery.of(list(faces.people[enrolled]), faces.steady[enrolled], model, Operating(0.001, model.tail), "e")
    question = Question(policy.channel(None), Mode.MATCHED)
    probes = np.flatnonzero(np.isin(row, relative) | enrolled)
    cleared = matched = 0
    for probe in probes:  # one face a photo
        found = gallery.identify(faces.steady[[probe]], [True])
        matched += found[0].answer is Answer.MATCH
        decision = decide(found, register, policy, question, day)
        cleared += sum(who.standing is Standing.CONSENTED for who in decision.faces)
    return f"cleared {cleared} of {len(probes)} faces ({matched} matched somebody)"


def padded_table(families: Faces, padding: Faces, children: Faces, size: int = 400) -> list[str]:
    """The children among so many others; theirs are easier faces, so this flatters."""
    model = fit(families, children)
    names, row = np.unique(children.people, return_inverse=True)
    kept, prow = np.unique(padding.people, return_inverse=True)
    chosen = np.random.default_rng(2).permutation(len(kept))[: size - len(names)]
    lines = []
    parts: dict[float, list[Outcome]] = {rate: [] for rate in RATES}
    sets = folds(children.people, 5, 0)
    for held in sets:
        model = fit(families, children.only(~held))
        tail = Tail.of(stranger_scores(families, children.only(~held), 0, 4))
        inside = np.isin(prow, chosen)
        ids, short = np.unique(prow[inside], return_inverse=True)
        profiles = model.profiles(model.latent(padding.steady[inside]), short, len(ids))
        probes = np.flatnonzero(held)
        scores = np.concatenate([yearly(model, children, probes),
                                 model.scores(model.latent(children.steady[probes]), profiles)], axis=1)  # fmt: skip
        trial = Trial.of(scores, row[probes], children.people[probes], MARGIN)
        for rate in RATES:
            parts[rate].append(Outcome.under(trial, tail.threshold(rate, size)))
    for rate in RATES:
        lines.append(f"{f'ours, gallery padded to {size} with fiw_train':52}{100 * rate:6.1f}%  {joined(parts[rate])}")
    return lines


def det(shown: dict[str, Trial]) -> bytes:
    """FNIR over FPIR of the children, pooled scores, both logarithmic."""
    lines = {}
    for name, trial in shown.items():
        known = ~np.isnan(trial.own)
        steps = np.unique(trial.stranger)
        lines[name] = [
            (100 * float((trial.stranger >= t).mean()), 100 * float(((trial.own < t) | ~trial.best)[known].mean()))
            for t in steps[:: max(len(steps) // 200, 1)]
        ]
    plain = shown["one threshold on the distance"]
    usual = Outcome.under(plain, -DEFAULT)
    lines["face_recognition (0.6)"] = [(100 * float(usual.false.mean()), 100 * float(np.nanmean(usual.missed)))]
    return curves("Children 3 to 17, all enrolled", lines,
                  Axis("FPIR: strangers taken for somebody", (0.1, 0.3, 1, 3, 10, 30, 100), log=True, unit=" %"),
                  Axis("FNIR: enrolled not recognised", (5, 10, 20, 30, 50, 100), log=True, unit=" %"))  # fmt: skip


def speed(model: Population) -> list[str]:
    """50 faces against 100,000 templates, as `Gallery.identify` does it; by the wall clock of a machine that may be
    busy, and as the processor was ours, where two threads count twice.
    """
    random = np.random.default_rng(1)
    templates = random.normal(0, 0.1, (100_000, 128)).astype(np.float32) + model.mean
    probes, sound = templates[:50] + np.float32(0.01), [True] * 50
    lines = []
    for each in (3, 1):
        people = [f"P{number // each:06}" for number in range(100_000)]
        gallery = Gallery.of(people, templates, model, Operating(0.001, model.tail), "e")
        times = []
        for _ in range(25):
            wall, processor = time.perf_counter(), time.process_time()
            gallery.identify(probes, sound)
            times.append((1000 * (time.perf_counter() - wall), 1000 * (time.process_time() - processor)))
        (wall, processor), (fastest, _) = np.median(times, axis=0), np.min(times, axis=0)
        lines.append(f"50 faces against 100,000 templates of {len(gallery.ids):,} people: {wall:.0f} ms "
                     f"(fastest {fastest:.0f}), processor {processor:.0f}")  # fmt: skip
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--loader", type=Path, required=True, help="the folder of load.py")
    parser.add_argument("--cache", type=Path, help="a folder of yours for the embeddings, between runs")
    parser.add_argument("--splits", type=int, default=5, help="repetitions of the five folds (default 5)")
    options = parser.parse_args()
    load = loader(options.loader)
    sets = {name: described(load, name, options.cache) for name in ("fgnet", "fiw_train", "lfw10", "orl")}
    lines = ["photos in which no face was found, was described, or was good enough to enrol"]
    for name, faces in sets.items():
        undescribed = int((~np.isfinite(faces.steady).all(axis=1)).sum())
        unseen = faces.photos - len(faces.people)
        lines.append(f"  {name:10} {faces.photos:6} photos: {unseen} not found, {undescribed} "
                     f"not described, {int((faces.faults > 0).sum())} below the gates of enrolment")  # fmt: skip
    families, children = usable(sets["fiw_train"]), school_age(sets["fgnet"])
    family = np.array([person.partition("/")[0] for person in families.people])
    first = np.isin(family, np.unique(family)[::2])
    table, shown = children_table(families, children, options.splits)
    lines += ["", *table, *padded_table(families.only(first), families.only(~first), children)]
    half = fit(families.only(first), children, tail=Population.shipped("dlib-resnet").tail)
    lines += ["", *families_table(families.only(~first), half, (30,))]
    for name in ("lfw10", "orl"):
        lines += ["", *adults_table(name, sets[name], Population.shipped("dlib-resnet"))]
    lines += ["", *speed(Population.shipped("dlib-resnet"))]
    text = "\n".join(lines)
    print(text)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "recognition.txt").write_text(text + "\n", encoding="utf-8")
    (RESULTS / "recognition-det.png").write_bytes(det(shown))


if __name__ == "__main__":
    main()
