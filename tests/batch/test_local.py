"""The local engine with real processes: some are killed, some hang, and no photo is lost or judged twice."""

from collections import Counter
from pathlib import Path

import pytest
from batch.units import Obedient, Stillborn, Unequipped

from consentguard.batch.local import Pool
from consentguard.batch.output import OutputFailed
from consentguard.batch.unit import Task
from consentguard.errors import CannotTell


def _run(unit, names, workers=2, **how):
    with Pool(unit, workers, **how) as pool:
        return list(pool.run(Task(Path(name), name) for name in names))


def test_every_photo_gets_one_verdict_and_all_workers_work(tmp_path):
    names = [f"{number}.jpg" for number in range(200)]
    judged = _run(Obedient(tmp_path), names)
    assert Counter(one.task.content for one in judged) == Counter(names)
    assert len({one.message for one in judged}) == 2


def test_a_photo_that_kills_its_worker_is_undecided_and_costs_nobody_else_anything(tmp_path):
    names = [f"{number}.jpg" for number in range(20)]
    names[0:0], names[7:7], names[-1:-1] = ["kill-a"], ["kill-b"], ["kill-c"]
    judged = {one.task.content: one for one in _run(Obedient(tmp_path), names)}
    assert set(judged) == set(names)
    lost = {name for name, one in judged.items() if "ended while looking" in one.message}
    assert lost == {"kill-a", "kill-b", "kill-c"}
    assert judged["kill-a"].verdict["outcome"] == "cannot_tell"


def test_a_worker_killed_from_outside_costs_nothing(tmp_path):
    names = ["a", "once-1", "b", "once-2", "c"]
    judged = _run(Obedient(tmp_path), names)
    assert Counter(one.task.content for one in judged) == Counter(names)
    assert all(one.message.startswith("by ") for one in judged)


def test_a_photo_that_hangs_is_given_up(tmp_path):
    judged = {one.task.content: one for one in _run(Obedient(tmp_path), ["a", "hang", "b"], longest=1.0)}
    assert "took too long" in judged["hang"].message
    assert judged["a"].message.startswith("by ")
    assert judged["b"].message.startswith("by ")


def test_workers_that_cannot_start_end_the_scan(tmp_path):
    with pytest.raises(CannotTell, match="exit code 7"):
        _run(Stillborn(), ["a", "b"])


def test_what_the_unit_says_of_the_whole_scan_ends_it(tmp_path):
    with pytest.raises(CannotTell, match=r"centerface.onnx is missing"):
        _run(Unequipped(), ["a", "b"])
    with pytest.raises(OutputFailed, match="no space"):
        _run(Obedient(tmp_path), ["a", "full", "b"])


def test_tasks_are_asked_for_only_when_there_is_room(tmp_path):
    taken = []

    def tasks():
        for number in range(50):
            taken.append(number)
            yield Task(Path(str(number)), str(number))

    with Pool(Obedient(tmp_path), 2) as pool:
        results = pool.run(tasks())
        for number, _ in enumerate(results, start=1):
            assert len(taken) <= number + 2 * 2 + 2
    assert len(taken) == number == 50


def test_leaving_the_pool_leaves_no_process(tmp_path):
    with Pool(Obedient(tmp_path), 2) as pool:
        next(pool.run(Task(Path(str(number)), str(number)) for number in range(5)))
        processes = [worker.process for worker in pool._workers]
        assert all(process.is_alive() for process in processes)
    assert not any(process.is_alive() for process in processes)
