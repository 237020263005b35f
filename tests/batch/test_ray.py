"""The Ray engine on a cluster of two actors on this machine, one of which is killed while it works."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from units import Obedient, Unequipped

from consentguard.batch.ray_actors import RayEngine, ray_engine
from consentguard.batch.unit import Task
from consentguard.errors import CannotTell

pytest.importorskip("ray", reason="Ray has no wheel for this Python yet")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory):
    import ray

    patch = pytest.MonkeyPatch()
    patch.setenv("RAY_USAGE_STATS_ENABLED", "1")  # whatever the user has set, no statistics are sent
    patch.setenv("PYTHONPATH", str(Path(__file__).parent))
    with ray_engine(Obedient(tmp_path_factory.mktemp("notes")), 2, None):
        yield ray
    patch.undo()


def _run(unit, names):
    return list(RayEngine(unit, 2).run(Task(Path(name), name) for name in names))


@pytest.mark.filterwarnings("ignore")
def test_killed_actors_lose_nothing_and_judge_nothing_twice(cluster, tmp_path):
    names = [f"{number}.jpg" for number in range(30)] + ["once-1", "kill-a"] + [f"{number}.png" for number in range(10)]
    judged = _run(Obedient(tmp_path), names)
    assert Counter(one.task.content for one in judged) == Counter(names)
    (lost,) = (one for one in judged if not one.message.startswith("by "))
    assert lost.task.content == "kill-a"
    assert "twice" in lost.message


@pytest.mark.filterwarnings("ignore")
def test_what_the_unit_says_of_the_whole_scan_ends_it(cluster):
    with pytest.raises(CannotTell, match=r"centerface.onnx is missing"):
        _run(Unequipped(), ["a", "b"])


def test_no_statistics_are_sent(cluster):
    from ray._common.usage.usage_lib import usage_stats_enabled

    assert not usage_stats_enabled()
