"""What replies may hold that captions do not: threats, and requests for contact, an address or pictures of a child."""

from __future__ import annotations

import pytest

from consentguard.posting import moderation
from consentguard.posting.approaches import CONTACT, THREAT, approaches

THREATS = (
    "I'll kill you",
    "im gonna batter that teacher... I\u2019m gonna batter him",
    "someone should burn the school down",
    "burn this school down",
    "you'll regret this",
    "You will pay for that!",
    "watch your back miss",
    "I know where you live",
    "i know where your kids go to school",
    "you're dead",
    "hope you all die",
    "we'll be waiting outside",
    "coming for you tomorrow",
    "she deserves a slap",
    "Going to bring a knife",
    "W\u200batch your back",
)
CONTACTS = (
    "dm me",
    "Can you DM me please, I have a question about her",
    "message me on whatsapp",
    "add me on snap",
    "what's her address?",
    "anyone got her insta",
    "give me your phone number sweetie",
    "where does she live?",
    "where do these kids live",
    "what time does the club finish",
    "what time do they walk home",
    "send more pics of her",
    "got any photos of that boy",
    "more pictures of that girl please",
    "who's that girl on the left",
    "meet me after school",
    "can i talk to her",
    "how old is she",
    "ring me on 07700 900123",
    "which school bus does she get off",
)
INNOCENT = (
    "How lovely! Well done everyone",
    "What a brilliant day, thank you to all the staff",
    "They smashed it!",
    "We'll beat them next time, great match",
    "My daughter loved every minute of it",
    "So proud of the whole team",
    "Thank you for the photos",
    "Where was this? It looks amazing",
    "Is there a fair again next year?",
    "Can we get tickets at the office?",
    "The children sang beautifully, I was in tears",
    "Great to see you all at the church",
    "Have a lovely half term",
    "What a killer performance of the band",
    "Looks like they had fun in the rain",
    "Please remember the bake sale on Friday",
    "Love the hats!",
    "Can't wait for the next newsletter",
    "We will be there, see you at the fete",
    "Amazing sunflowers, what did you feed them?",
)


@pytest.mark.parametrize("text", THREATS)
def test_a_threat_is_known(text):
    assert THREAT in approaches(text)


@pytest.mark.parametrize("text", CONTACTS)
def test_a_request_for_contact_address_or_pictures_is_known(text):
    assert CONTACT in approaches(text)


@pytest.mark.parametrize("text", INNOCENT)
def test_a_kind_reply_is_neither(text):
    assert approaches(text) == ()


def test_such_a_reply_is_for_a_person_to_read_and_may_be_serious(guarded, make_poster, fake):
    ours = make_poster(guarded).post("Our sunflowers", **BY).id
    reply = fake.add_post("9001", "what time does she finish? dm me", replies_to=ours)
    fake.add_post("9000", "how lovely!", replies_to=ours)
    reading = moderation.judge(guarded, make_poster(guarded).account)
    (incident,) = reading.incidents
    assert (reading.read, incident.post.id, incident.post.author_name) == (2, reply, "a_stranger")
    assert (incident.serious, incident.why) == (True, "it asks for contact, an address or pictures")
    assert [(action.what, action.link) for action in incident.actions] == [
        ("look", f"https://x.com/a_stranger/status/{reply}")
    ]


def test_an_action_links_what_it_is_about(guarded, make_poster, fake):
    ours = make_poster(guarded).post("Our sunflowers", **BY).id
    reply = fake.add_post("9001", "@RackhamPrimary what a bunch of wankers", replies_to=ours)
    (incident,) = moderation.judge(guarded, make_poster(guarded).account).incidents
    links = {action.what: action.link for action in incident.actions}
    assert links["hide"] == links["report"] == f"https://x.com/a_stranger/status/{reply}"
    assert links["mute"] == links["block"] == "https://x.com/a_stranger"


BY = {"channel": "main", "by": "Miriam Castlegate"}
