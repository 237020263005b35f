"""The Ray engine on a cluster of two actors on this machine, one of which is killed while it works."""

from __future__ import annotations

import json
from collections import Counter
from contextlib import nullcontext
from pathlib import Path

import pytest
from batch.units import Mortal, Obedient, Unequipped
from fakes import sample_with

from consentguard.batch.local import Pool
from consentguard.batch.ray_actors import RayEngine, ray_engine
from consentguard.batch.remote import RemoteFolder
from consentguard.batch.scan import scan
from consentguard.batch.unit import Scanner, Settings, Task
from consentguard.consent.record.state import State
from consentguard.errors import CannotTell
from consentguard.guard.guard import Guard

pytest.importorskip("ray", reason="Ray has no wheel for this Python yet")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory):
    import ray

    patch = pytest.MonkeyPatch()
    patch.setenv("RAY_USAGE_STATS_ENABLED", "1")  # whatever the user has set, no statistics are sent
    patch.setenv("PYTHONPATH", str(Path(__file__).parents[1]))
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


@pytest.mark.filterwarnings("ignore")
def test_a_listing_judged_by_actors_of_which_one_is_killed_ends_as_the_folder_on_one_machine(
    cluster, tmp_path, photographs, body_policy_text
):
    (tmp_path / "photos" / "deep").mkdir(parents=True)
    for name in ("obama", "biden", "obama2"):
        (tmp_path / "photos" / "deep" / f"{name}.jpg").write_bytes(photographs[name])
    (tmp_path / "photos" / "cut.jpg").write_bytes(photographs["biden"][:9000])
    (tmp_path / "register.csv").write_bytes(sample_with({}))
    (tmp_path / "policy.toml").write_bytes(body_policy_text)
    State.create(tmp_path / "state")
    parts = {"register": tmp_path / "register.csv", "policy": tmp_path / "policy.toml", "state": tmp_path / "state"}
    guard = Guard.open(parts["register"], policy=parts["policy"], state=parts["state"])

    def scanned(folder, out, engine_of):
        settings = Settings(folder, tmp_path / out, asked={}, register_sha256=guard.register.sha256,
                            policy_sha256=guard.policy.fingerprint, **parts)  # fmt: skip
        with engine_of(settings) as engine:
            scan(guard, settings, engine)
        files = {path.name: path.read_bytes() for path in (tmp_path / out / "released").iterdir()}
        photos = json.loads((tmp_path / out / "report.json").read_text())["photos"]
        for photo in photos:
            del photo["content"]  # a listing knows it by something else than its bytes
        return photos, files

    photos, files = scanned(tmp_path / "photos", "local", lambda settings: Pool(Scanner(settings), 1))
    url = RemoteFolder(f"local://{tmp_path / 'photos'}")
    actors = scanned(url, "ray", lambda settings: nullcontext(RayEngine(Mortal(settings, notes=tmp_path), 2)))
    assert (tmp_path / "killed").exists()
    assert [photo["outcome"] for photo in photos] == ["cannot_tell", "released", "released", "released"]
    assert actors == (photos, files)
