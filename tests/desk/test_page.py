"""The desk's page in a real browser, against the real command: pointing, releasing, undoing, killed and reopened."""

import hashlib
import http.client
import json
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import closing
from datetime import UTC
from urllib.parse import urlsplit

import pytest
from axe_core_python.sync_playwright import Axe
from playwright.sync_api import expect, sync_playwright

from consentguard import State
from consentguard.consent.clock import now
from consentguard.consent.record.ledger import Ledger

expect.set_options(timeout=30_000)  # a page that waits for a photo on a busy machine
ARGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
        "--disable-component-update", "--disable-sync"]  # fmt: skip


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGS)
        yield started
        started.close()


@pytest.fixture
def opened(school):
    """Starts the command in the school's folder; gives its address and its process."""
    running = []
    subprocess.run([sys.executable, "-m", "consentguard", "init"], check=True, capture_output=True, cwd=school)

    def start(*options):
        command = [sys.executable, "-m", "consentguard", "desk", "photos", "--policy", "policy.toml", "--no-browser",
                   "--out", "out", *options]  # fmt: skip
        environment = {**os.environ, "CONSENTGUARD_THREADS": "2"}
        process = subprocess.Popen(
            command, cwd=school, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        running.append(process)
        assert process.stdout
        for line in process.stdout:
            if line.startswith("http://"):
                return line.strip(), process
        raise AssertionError(f"the desk did not open: {process.wait()}")

    yield start
    for process in running:
        process.kill()
        process.communicate()


def page_at(browser, address, **view):
    page = browser.new_context(viewport={"width": 1300, "height": 950, **view}).new_page()
    page.set_default_timeout(90_000)
    page.faults = []
    page.on("pageerror", lambda error: page.faults.append(str(error)))
    page.on("console", lambda said: page.faults.append(said.text) if said.type == "error" else None)
    page.goto(address)
    page.wait_for_selector("#queue button")
    return page


def go_to(page, name):
    page.click(f"#queue button:has-text('{name}')")
    expect(page.locator("#name")).to_have_text(name, timeout=90_000)
    expect(page.locator("#outcome")).not_to_contain_text("Looking", timeout=90_000)


def rows(school):
    return list(State.open(school / "state").audit.entries())


def test_a_class_photo_from_pointing_to_undo(opened, browser, school):
    address, _ = opened("--by", "Miriam Castlegate")
    page = page_at(browser, address)
    assert page.url == f"http://{urlsplit(address).netloc}/", "no secret stays in the address"
    go_to(page, "assembly.jpg")
    expect(page.locator("#faces li")).not_to_have_count(0)
    faces = page.locator("#faces li").count()

    # tag two by the keyboard alone, and hide one
    for key, name in (("1", "amara"), ("2", "Ben Holl")):
        page.locator("#photo").focus()
        page.keyboard.press(key)
        page.locator("#search").fill(name)
        expect(page.locator("#people li")).to_have_count(1)
        page.keyboard.press("Enter")
        expect(page.locator("#faces li .keeps")).to_have_count(int(key))
    page.keyboard.press("3")
    page.keyboard.press("h")
    expect(page.locator("#faces")).to_contain_text("hidden by you")

    # add one that was missed, by the mouse
    page.click("#add")
    frame = page.locator("#marks").bounding_box()
    page.mouse.move(frame["x"] + 10, frame["y"] + frame["height"] - 60)
    page.mouse.down()
    page.mouse.move(frame["x"] + 50, frame["y"] + frame["height"] - 15)
    page.mouse.up()
    expect(page.locator("#faces li")).to_have_count(faces + 1)

    # words beside it are judged while they are typed
    page.locator("#caption").fill("Amara Winterbourne at the assembly")
    expect(page.locator("#findings")).to_contain_text("surname", timeout=20_000)
    page.locator("#caption").fill("Our assembly")
    page.locator("#alt").focus()
    page.locator("#photo").focus()

    page.keyboard.press("Enter")
    expect(page.locator("#counts")).to_contain_text("1 released", timeout=90_000)
    (released,) = [row for row in rows(school) if row.kind == "released"]
    (copy,) = (school / "out/released").iterdir()
    assert hashlib.sha256(copy.read_bytes()).hexdigest() == released.body["sha256"]
    assert released.body["by"] == "Miriam Castlegate"
    assert sorted(released.body["people"]) == ["P001", "P002"]

    # a reload keeps everything, and an undo is honest
    page.reload()
    page.wait_for_selector("#queue button")
    go_to(page, "assembly.jpg")
    expect(page.locator("#outcome")).to_contain_text("Released")
    page.locator("#photo").focus()
    page.keyboard.press("u")
    expect(page.locator("#outcome")).to_contain_text("A copy is proposed", timeout=90_000)
    assert list((school / "out/released").iterdir()) == []
    assert "revoked" in [row.kind for row in rows(school)]
    assert page.faults == []
    assert sorted(path.name for path in school.rglob("*") if path.suffix in (".jpg", ".jpeg", ".png")) == [
        "assembly.jpg", "walk.jpg", "wall.jpg"
    ], "nothing of the originals is written"  # fmt: skip


def test_killed_and_opened_again_where_it_was(opened, browser, school):
    address, process = opened("--by", "Miriam Castlegate")
    page = page_at(browser, address)
    go_to(page, "wall.jpg")
    page.keyboard.press("Enter")
    expect(page.locator("#counts")).to_contain_text("1 released", timeout=90_000)
    process.send_signal(signal.SIGKILL)
    process.wait()
    go = page.locator("#queue button:has-text('walk.jpg')")
    go.click()
    expect(page.locator("#problem")).to_contain_text("has closed", timeout=20_000)

    address, _ = opened("--by", "Miriam Castlegate")
    page = page_at(browser, address)
    expect(page.locator("#counts")).to_contain_text("1 released", timeout=90_000)
    page.locator("#photo").focus()
    go_to(page, "walk.jpg")
    page.click("#refuse")
    page.locator("#why").fill("blurred")
    page.keyboard.press("Enter")
    expect(page.locator("#counts")).to_contain_text("1 refused", timeout=90_000)
    assert page.locator(".bar").get_attribute("aria-valuenow") == "67"


def test_somebody_says_who_decides_on_a_telephone_with_nothing_serious_for_axe(opened, browser):
    address, _ = opened()
    page = page_at(browser, address, width=390, height=800)
    expect(page.locator("#who-dialog")).to_be_visible()
    page.locator("#by-input").fill("Miriam Castlegate")
    page.click("#by-save")
    expect(page.locator("#by")).to_have_text("Miriam Castlegate")
    expect(page.locator("#outcome")).not_to_contain_text("Looking", timeout=90_000)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), "it fits a telephone"
    go_to(page, "walk.jpg")
    page.locator("#faces button").first.click()
    expect(page.locator("#people li").first).to_be_visible()
    for state in ("with the list of people open", "without"):
        found = Axe().run(page)["violations"]
        assert [one["id"] for one in found if one["impact"] in ("serious", "critical")] == [], state
        page.keyboard.press("Escape")


def test_nobody_else_is_answered(opened):
    address, _ = opened("--by", "Office")
    place = urlsplit(address)

    def ask(method, path, **headers):
        connection = http.client.HTTPConnection(place.hostname, place.port, timeout=20)
        connection.putrequest(method, path, skip_host=True)
        for name, value in {"host": place.netloc, "content-length": "2", **headers}.items():
            connection.putheader(name.replace("_", "-"), value)
        connection.endheaders(b"{}" if method == "POST" else None)
        answer = connection.getresponse()
        with closing(connection):
            return answer.status, dict(answer.getheaders()), answer.read()

    status, headers, _ = ask("GET", f"/?{place.query}")
    cookie = headers["set-cookie"].partition(";")[0]
    assert status == 303
    status, headers, page = ask("GET", "/", cookie=cookie)
    assert status == 200
    (key,) = re.findall(r'name="desk-key" content="([^"]+)"', page.decode())
    assert ask("GET", "/api/queue", cookie=cookie)[0] == 200
    ours = {"cookie": cookie, "x_consentguard_desk": key}
    assert ask("POST", "/api/register", **ours)[0] == 200
    photo = json.loads(ask("GET", "/api/queue", cookie=cookie)[2])["photos"][0]["id"]
    one = f"/api/photo/{photo}"
    for method, path in (("GET", "/api/queue"), ("GET", f"{one}/original"), ("POST", f"{one}/release")):
        assert ask(method, path)[0] == 403, "without the cookie"
        assert ask(method, path, **{**ours, "host": "evil.example"})[0] == 403, "under another name"
        assert ask(method, path, **ours, origin="http://evil.example")[0] == 403, "from another page"
    assert ask("POST", f"{one}/release", cookie=cookie, content_type="text/plain")[0] == 403, "from a form"
    assert ask("GET", "/page/../session.py", cookie=cookie)[0] == 404
    assert ask("GET", "/api/photo/0/original", cookie=cookie)[0] == 422


def test_it_closes_itself_when_nobody_uses_it(opened):
    _, process = opened("--by", "Office", "--idle", "0.02")
    assert process.wait(timeout=60) == 0


def test_it_opens_nowhere_else(school):
    done = subprocess.run([sys.executable, "-m", "consentguard", "desk", "photos", "--host", "0.0.0.0", "--no-browser"],
                          cwd=school, capture_output=True, text=True, check=False, timeout=60)  # fmt: skip
    assert done.returncode == 2
    assert "this computer only" in done.stderr


def test_thousands_of_photos_wait_without_delay(school):
    from consentguard.desk.photos import Photos

    folder = school / "many"
    folder.mkdir()
    for number in range(5000):
        (folder / f"{number:05}.jpg").write_bytes(b"\xff\xd8\xff\xe0 not looked at yet")
    start = time.process_time()
    photos = Photos(folder)
    assert len(photos) == 5000
    assert time.process_time() - start < 10, "nothing loads them all"


def test_a_suggestion_is_confirmed_and_a_release_posted_or_taken_back(opened, browser, school, photographs):
    """Where policy compares faces: who it may be is offered; posting says what is missing; taking back asks first."""
    policy = school / "policy.toml"
    policy.write_text(policy.read_text().replace('"tagged"]\ndpia = ""', '"tagged", "matched"]\ndpia = "DPIA 1"'))
    (school / "references/T001").mkdir(parents=True)
    (school / "references/T001/1.jpg").write_bytes(photographs["obama3"])
    enrol = [sys.executable, "-m", "consentguard", "enrol", "--policy", "policy.toml", "--photos", "references"]
    subprocess.run(enrol, check=True, capture_output=True, cwd=school)
    (school / "photos/talk.jpg").write_bytes(photographs["obama"])

    page = page_at(browser, opened("--by", "Miriam Castlegate")[0])
    go_to(page, "talk.jpg")
    expect(page.locator("#faces")).to_contain_text("is hidden")
    expect(page.locator("#run")).to_contain_text("Text in the picture was not read")  # of every photo: said once
    expect(page.locator("#findings")).not_to_contain_text("was not read")
    perhaps = page.get_by_role("button", name="Perhaps Miriam Castlegate (may be shown): yes")
    expect(perhaps).to_be_visible()
    perhaps.click()
    expect(page.locator("#faces")).to_contain_text("stays: may be shown T001")
    expect(perhaps).to_have_count(0)
    page.get_by_role("button", name="Use: A photo of one adult.").click()
    expect(page.locator("#alt")).to_have_value("A photo of one adult.")
    page.click("#release")
    expect(page.locator("#queue button:has-text('talk.jpg')")).to_contain_text("released", timeout=90_000)

    go_to(page, "talk.jpg")
    page.click("#post")
    expect(page.locator("#post-alt")).to_have_value("A photo of one adult.")
    page.click("#post-now")
    expect(page.locator("#post-problem")).to_contain_text("posting doctor")  # what is missing, and where it goes
    page.click("#post-close")

    page.click("summary:has-text('Look somebody up')")
    page.fill("#lookup", "T001")
    page.click("#found button:has-text('T001')")
    page.click("#found button:has-text('Take back')")
    page.fill("#back-why", "the wrong photo")
    page.click("#back-dialog button:has-text('Take it back')")
    expect(page.locator("#found")).to_contain_text("Taken back.")
    assert not list((school / "out/released").glob("*.jpg"))
    expect(page.locator("#queue button:has-text('talk.jpg')")).not_to_contain_text("released")
    assert [fault for fault in page.faults if "400" not in fault] == []


def test_a_dialog_acts_on_what_it_was_opened_for_and_esc_does_nothing(opened, browser, school):
    (school / "photos/broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 no picture")
    page = page_at(browser, opened("--by", "Miriam Castlegate")[0])

    def revoked():
        return [row.kind for row in rows(school)].count("revoked")

    def release_the_wall():
        go_to(page, "wall.jpg")
        expect(page.locator("#release")).to_be_enabled()
        page.click("#release")
        expect(page.locator("#name")).not_to_have_text("wall.jpg", timeout=90_000)  # the next photo has opened
        go_to(page, "wall.jpg")
        expect(page.locator("#outcome")).to_have_text("Released.")

    # what is posted is the photo whose words stand in the dialog
    release_the_wall()
    wall = page.locator("#queue button:has-text('wall.jpg')").get_attribute("data-id")
    page.click("#post")
    page.evaluate("document.querySelector('#queue button:not([aria-current=true])').click()")
    expect(page.locator("#queue [aria-current=true]")).not_to_contain_text("wall.jpg", timeout=90_000)
    with page.expect_request("**/post") as sent:
        page.click("#post-now")
    assert sent.value.url.endswith(f"/photo/{wall}/post")
    expect(page.locator("#post-problem")).to_contain_text("Not posted")
    page.click("#post-close")

    # a photo that cannot be opened has nothing of the one before
    go_to(page, "walk.jpg")
    expect(page.locator("#faces li")).to_have_count(1)
    go_to(page, "wall.jpg")
    expect(page.locator("#undo")).to_be_visible()
    go_to(page, "broken.jpg")
    for left in ("#post", "#undo", "#use-alt", "#faces li", "#preview"):
        expect(page.locator(left).locator("visible=true")).to_have_count(0)

    # U on what is posted asks first, and Esc is no answer, whatever was answered before
    state = State.open(school / "state")
    (released,) = [row.body["sha256"] for row in rows(school) if row.kind == "released"][:1]
    Ledger(state).record_post(released, channel="main", post="17", at=now(UTC), by="Miriam Castlegate")
    go_to(page, "wall.jpg")
    page.keyboard.press("u")
    expect(page.locator("#back-what")).to_contain_text("What was posted of it is deleted at X.")
    page.fill("#back-why", "the wrong wall")
    page.click("#back-dialog button:has-text('Take it back')")
    expect(page.locator("#problem")).to_contain_text("consentguard takedown --post 17", timeout=90_000)
    assert revoked() == 1
    release_the_wall()
    page.keyboard.press("u")
    page.fill("#back-why", "not meant")
    left = page.evaluate("document.getElementById('back-dialog').returnValue")
    assert left == "", "the answer of the last time; there are browsers in which Esc leaves it"
    page.keyboard.press("Escape")
    expect(page.locator("#back-dialog")).to_be_hidden()
    go_to(page, "walk.jpg")
    go_to(page, "wall.jpg")
    expect(page.locator("#outcome")).to_have_text("Released.")
    assert revoked() == 1
