"""Every form in which a page says something beside a picture, one line each. The pupil is P001 of the sample."""

# ruff: noqa: E501

from __future__ import annotations

import json

import pytest

from consentguard.hook.captions import captions_in

NAME = "Amara Winterbourne"
IMG = '<img src="pond.jpg" alt="">'
MD = "![the pond](pond.jpg)"

GUILTY = {
    # -- YAML and front matter
    "yaml, folded": ("a.yaml", "- file: pond.jpg\n  alt: >-\n    Amara\n    Winterbourne\n"),
    "yaml, literal": ("a.yml", f"- file: pond.jpg\n  caption: |\n    By the pond\n    {NAME}\n"),
    "yaml, literal with keep": ("a.yml", f"photo: pond.jpg\ncaption: |2+\n    {NAME}\n"),
    "yaml, on the next line": ("a.yml", f"photo: pond.jpg\nalt:\n  {NAME}\n"),
    "yaml, over two lines": ("a.yml", "photo: pond.jpg\nalt: By the pond, Amara\n  Winterbourne\n"),
    "yaml, quoted over two lines": ("a.yml", 'photo: pond.jpg\nalt: "Amara\n  Winterbourne"\n'),
    "yaml, escaped": ("a.yml", r'{photo: pond.jpg, alt: "Amara W\x69nterbourne"}' + "\n"),
    "yaml, flow": ("a.yml", f"[{{photo: pond.jpg, alt: {NAME}}}]\n"),
    "yaml, anchor": ("a.yml", f"who: &who {NAME}\nphoto: {{src: pond.jpg, alt: *who}}\nalt: *who\ncaption: x\ntitle: &t {NAME}\n"),
    "yaml, any key beside a picture": ("a.yml", f"- image: pond.jpg\n  pupil: {NAME}\n"),
    "yaml, tags beside a picture": ("a.yml", f"image: pond.jpg\ntags:\n  - pond\n  - {NAME}\n"),
    "yaml, imageAlt": ("a.yml", f"hero: pond.jpg\nimageAlt: >\n  {NAME}\n"),
    "yaml, Welsh": ("a.yml", f"hero: pond.jpg\nalt_cy: >\n  {NAME}\n"),
    "yaml, that no reader reads": ("a.yml", f"{{% if x %}}\nphoto: pond.jpg\nalt: |\n  {NAME}\n{{% endif %}}: ]\n"),
    "front matter, folded": ("a.md", "---\nimage: pond.jpg\nimage_alt: >-\n  Amara\n  Winterbourne\n---\nText.\n"),
    "front matter, heroAlt": ("a.mdx", f"---\nhero: pond.jpg\nheroAlt: {NAME}\n---\nText.\n"),
    "front matter of a page": ("a.njk", "---\nimage: pond.jpg\nalt: >-\n  Amara\n  Winterbourne\n---\n<p>x</p>\n"),
    "front matter, CRLF": ("a.md", "---\r\nimage: pond.jpg\r\nalt: >-\r\n  Amara\r\n  Winterbourne\r\n---\r\nText.\r\n"),
    "front matter, TOML": ("a.md", '+++\nimage = "pond.jpg"\nalt = """\nAmara\nWinterbourne"""\n+++\nText.\n'),
    # -- TOML
    "toml, three quotes": ("a.toml", f'file = "pond.jpg"\nalt = """\nBy the pond:\n{NAME}"""\n'),
    "toml, three single quotes": ("a.toml", f"file = 'pond.jpg'\ncaption = '''\n{NAME}'''\n"),
    "toml, escaped": ("a.toml", 'file = "pond.jpg"\nalt = "Amara W\\u0069nterbourne"\n'),
    "toml, dotted": ("a.toml", f'photo.src = "pond.jpg"\nphoto."alt" = "{NAME}"\n'),
    "toml, a list": ("a.toml", f'files = ["pond.jpg"]\ncaptions = ["one", "{NAME}"]\n'),
    "toml, that no reader reads": ("a.toml", f'file = "pond.jpg"\n{{{{ x }}}}\nwho = "{NAME}"\n'),
    # -- JSON
    "json, unicode escapes": ("a.json", json.dumps({"src": "pond.jpg", "alt": "Amara W\u0131nterbourne"}).replace("\\u0131", "\\u0069")),
    "json, all escaped": ("a.json", '{"src":"pond.jpg","alt":"' + "".join(f"\\u{ord(c):04x}" for c in NAME) + '"}'),
    "json, imageAlt": ("a.json", f'{{"image": "pond.jpg", "imageAlt": "{NAME}"}}'),
    "json, beside a picture": ("a.json", f'[{{"file": "pond.jpg", "pupil": "{NAME}"}}]'),
    "json, a list beside": ("a.json", f'[{{"file": "pond.jpg", "shown": ["{NAME}"]}}]'),
    "json, captions of lists": ("a.json", f'{{"files": ["pond.jpg"], "captions": {{"1": "{NAME}"}}}}'),
    "json, a pair": ("a.json", f'[["pond.jpg", "{NAME}"]]'),
    "json, HTML in a value": ("a.json", json.dumps({"html": f"<figure>{IMG}<p>{NAME}</p></figure>"})),
    "json lines": ("a.jsonl", f'{{"src": "a.jpg"}}\n{{"src": "pond.jpg", "caption": "{NAME}"}}\n'),
    "json, with comments": ("a.json", f'{{// x\n"src": "pond.jpg", "pupil": "{NAME}"}}'),
    "web manifest": ("a.webmanifest", f'{{"icons": [{{"src": "a.png"}}], "description": "{NAME}"}}'),
    "notebook, Markdown": ("a.ipynb", json.dumps({"cells": [{"cell_type": "markdown", "source": ["![the pond](pond.jpg)\n", "*Amara\n", "Winterbourne*"]}]})),
    "notebook, HTML result": ("a.ipynb", json.dumps({"cells": [{"cell_type": "code", "source": [], "outputs": [{"data": {"text/html": [IMG, f"<p>{NAME}</p>"]}}]}]})),
    # -- tables
    "csv, caption": ("a.csv", f"file,caption\npond.jpg,{NAME}\n"),
    "csv, quoted": ("a.csv", 'file;caption\npond.jpg;"Amara\nWinterbourne"\n'),
    "csv, any column beside a picture": ("a.csv", f"pond.jpg,{NAME}\n"),
    "csv, caption in another row": ("a.csv", f"file,Image Caption\npond.jpg,\n,{NAME}\n"),
    "tsv": ("a.tsv", f"file\talt\npond.jpg\t{NAME}\n"),
    # -- HTML
    "og:image:alt": ("a.html", f'<meta property="og:image:alt" content="{NAME}">{IMG}'),
    "twitter:image:alt": ("a.html", f"<meta content='{NAME}' name=twitter:image:alt>{IMG}"),
    "meta description": ("a.html", f'<meta name="description" content="{NAME}"><img src=pond.jpg>'),
    "JSON-LD name": ("a.html", f'<script type="application/ld+json">{{"@type":"ImageObject","contentUrl":"pond.jpg","name":"{NAME}"}}</script>'),
    "JSON-LD, escaped": ("a.html", '<script type="application/ld+json">{"@type":"ImageObject","contentUrl":"pond.jpg","name":"Amara W\\u0069nterbourne"}</script>'),
    "page data, escaped": ("a.html", IMG + '<script type="application/json">{"pupil":"Amara W\\u0069nterbourne","src":"pond.jpg"}</script>'),
    "paragraph after": ("a.html", f"<body>{IMG}<p>{NAME}</p></body>"),
    "paragraph before": ("a.html", f"<body><p>{NAME}</p>{IMG}</body>"),
    "heading before": ("a.html", f"<body><h2>{NAME}</h2><p>{IMG}</p></body>"),
    "paragraph around": ("a.html", f"<p>{IMG} {NAME}</p>"),
    "card": ("a.html", f'<div class=card><div>{IMG}</div><div><h3>Pond</h3><p>By <b>Amara</b> Winter<i>bourne</i></p></div></div>'),
    "row of a table": ("a.html", f"<table><tr><td>{IMG}</td><td>{NAME}</td></tr></table>"),
    "list item": ("a.html", f"<ul><li>{IMG}<li>x<br>{IMG}<br>{NAME}</ul>"),
    "definition": ("a.html", f"<dl><dt>{IMG}<dd>{NAME}</dl>"),
    "link to a picture": ("a.html", f'<a href="pond.jpg">{NAME}</a>'),
    "background": ("a.html", f'<div style="background:url(pond.jpg)"><span>{NAME}</span></div>'),
    "table caption": ("a.html", f"<table><caption>{NAME}</caption><tr><td>{IMG}</td></tr></table>"),
    "figcaption far away": ("a.html", f"{IMG}<p>a<p>b<p>c<figcaption>{NAME}</figcaption>"),
    "legend": ("a.html", f"{IMG}<p>a<p>b<fieldset><legend>{NAME}</legend></fieldset>"),
    "data-caption": ("a.html", f'<a data-fancybox data-caption="{NAME}" href="pond.jpg">x</a>'),
    "data-sub-html": ("a.html", f'<a data-sub-html="&lt;h4&gt;{NAME}&lt;/h4&gt;" href="pond.jpg">x</a>'),
    "srcdoc": ("a.html", f'<iframe srcdoc="&lt;img src=pond.jpg&gt;&lt;p&gt;{NAME}&lt;/p&gt;"></iframe>'),
    "entities in a paragraph": ("a.html", f"<body>{IMG}<p>Amara W&#105;nter<wbr>bourne</p>"),
    "comment within": ("a.html", f"<body>{IMG}<p>Amara Winter<!-- x -->bourne</p>"),
    "video poster": ("a.html", f'<video poster="pond.jpg"></video><p>{NAME}</p>'),
    "upper case": ("a.html", f'<IMG SRC="POND.JPG" ALT="{NAME}">'),
    "php": ("a.php", f'<?php $alt = "{NAME}"; ?>{IMG}'),
    # -- JSX and other templates
    "jsx, joined strings": ("a.jsx", 'x = <img src={pond} alt={"Amara " + "Winter" + "bourne"} />'),
    "jsx, template": ("a.tsx", f"x = <Image src='pond.jpg' alt={{`{NAME}`}} />"),
    "jsx, children": ("a.jsx", 'x = <figure><img src="pond.jpg"/><p>{"Amara"}{" "}{"Winter" + "bourne"}</p></figure>'),
    "jsx, object": ("a.tsx", f'const p = {{src: "pond.jpg", imageAlt: "{NAME}"}}'),
    "a gallery in a program": ("a.js", f'export default [{{src: "pond.jpg", alt: "{NAME}"}}]'),
    "a gallery in a program, joined": ("a.mjs", 'g = [{src: "pond.jpg", caption: "Amara " +\n  "Winterbourne"}]'),
    "vue, bound": ("a.vue", f"<template><img :src=\"pond\" :alt=\"'{NAME}'\"></template>"),
    "pug": ("a.pug", f"img(src='pond.jpg' alt='{NAME}')"),
    "style": ("a.css", '.pond { background: url(pond.jpg) } .pond::after { content: "Amara " "Winterbourne" }'),
    "erb": ("a.erb", f'<%= image_tag "pond.jpg", alt: "{NAME}" %>'),
    "liquid picture": ("a.html", f"{{% picture pond.jpg --alt {NAME} %}}"),
    "liquid include": ("a.md", f'{{% include figure.html src="pond.jpg" caption="{NAME}" %}}'),
    "liquid block": ("a.md", f"{{% figure %}}\n{MD}\n\n{NAME}\n{{% endfigure %}}"),
    "hugo, positional": ("a.md", f'{{{{< figure "pond.jpg" "{NAME}" >}}}}'),
    "hugo, a block": ("a.md", '{{< figure src="pond.jpg" >}}Amara\n\nWinterbourne{{< /figure >}}'),
    "zola": ("a.md", f'{{{{ image(path="pond.jpg", alt="{NAME}") }}}}'),
    # -- WordPress, feeds, sitemaps
    "wordpress caption": ("a.html", f'[caption id="a" width="300"]{IMG} {NAME}[/caption]'),
    "wordpress caption attribute": ("a.html", f'[gallery ids="1"][caption caption="{NAME}"]{IMG}[/caption]'),
    "wordpress excerpt": ("a.xml", f"<item><guid>https://x/pond.jpg</guid><excerpt:encoded><![CDATA[{NAME}]]></excerpt:encoded></item>"),
    "wordpress alt": ("a.xml", f"<item><wp:postmeta><wp:meta_key>_wp_attachment_image_alt</wp:meta_key><wp:meta_value><![CDATA[{NAME}]]></wp:meta_value></wp:postmeta></item>"),
    "wordpress content": ("a.xml", f"<item><content:encoded><![CDATA[<p>{IMG}</p><p>{NAME}</p>]]></content:encoded></item>"),
    "rss, media:title": ("a.xml", f'<rss><item><media:content url="pond.jpg"><media:title>{NAME}</media:title></media:content></item></rss>'),
    "rss, media:text": ("a.rss", f'<item><media:content url="pond.jpg"/><media:text type="plain">{NAME}</media:text></item>'),
    "rss, media:credit": ("a.rss", f'<item><media:content url="pond.jpg"/><media:credit>{NAME}</media:credit></item>'),
    "rss, escaped HTML": ("a.xml", f"<item><description>&lt;img src='pond.jpg'&gt;&lt;p&gt;{NAME}&lt;/p&gt;</description></item>"),
    "rss, enclosure": ("a.xml", f'<item><title>x</title><dc:subject>{NAME}</dc:subject><enclosure url="pond.jpg"/></item>'),
    "atom": ("a.atom", f'<entry><title>x</title><summary>{NAME}</summary><link rel="enclosure" href="pond.jpg"/></entry>'),
    "sitemap": ("a.xml", f"<url><image:image><image:loc>pond.jpg</image:loc><image:caption>{NAME}</image:caption></image:image></url>"),
    "own XML": ("a.xml", f"<photos><photo><src>pond.jpg</src><pupil>{NAME}</pupil></photo></photos>"),
    "svg, text in pieces": ("a.svg", "<svg><text>Amara <tspan>Winter</tspan><tspan>bourne</tspan></text></svg>"),
    # -- Markdown and other plain texts
    "qmd": ("a.qmd", f"![{NAME}](pond.jpg)\n"),
    "reference title": ("a.md", f'![the pond][p]\n\nText.\n\n[p]: pond.jpg "{NAME}"\n'),
    "reference title on the next line": ("a.md", f"![the pond][p]\n\nText.\n\n[p]: pond.jpg\n  '{NAME}'\n"),
    "heading above": ("a.md", f"## {NAME}\n\n{MD}\n"),
    "underlined heading above": ("a.md", f"{NAME}\n------\n\n{MD}\n"),
    "caption below, in italics": ("a.md", f"{MD}\n\n*{NAME} by the pond*\n"),
    "figure line below": ("a.md", f"{MD}\n\nFigure 1: {NAME}\n"),
    "bold within a word": ("a.md", f"{MD}\nAmara Winter**bourne**\n"),
    "escaped": ("a.md", f"{MD}\nAmara\\ Winter\\-bourne and Amara Winter`bourne`\n"),
    "link within a name": ("a.md", f"{MD}\nAmara [Winter](x)bourne\n"),
    "list item, loose": ("a.md", f"- {MD}\n\n  {NAME}\n"),
    "raw HTML": ("a.md", f"{IMG}\n<p>{NAME}</p>\n"),
    "details": ("a.md", f"<details><summary>{NAME}</summary>\n\n{MD}\n</details>\n"),
    "fenced figure": ("a.md", f":::{{figure}} pond.jpg\n\nBy the pond.\n\n{NAME}\n:::\n"),
    "reST figure": ("a.rst", f".. figure:: pond.jpg\n   :width: 10\n\n   {NAME} by the pond\n"),
    "reST figure, legend": ("a.rst", f".. figure:: pond.jpg\n\n   The pond.\n\n   {NAME}\n"),
    "reST alt, continued": ("a.rst", ".. image:: pond.jpg\n   :alt: By the pond, Amara\n         Winterbourne\n"),
    "reST substitution": ("a.rst", f".. |pond| image:: pond.jpg\n   :alt: {NAME}\n"),
    "AsciiDoc": ("a.adoc", f"image::pond.jpg[{NAME}]\n"),
    "AsciiDoc, inline": ("a.adoc", f'See image:pond.jpg[pond, title="{NAME}"]\n'),
    "AsciiDoc, title": ("a.adoc", f".{NAME}\nimage::pond.jpg[]\n"),
    "AsciiDoc, without an ending": ("a.adoc", f"image::https://x/17[{NAME}]\n"),
    "Textile": ("a.textile", f"!pond.jpg({NAME})!\n"),
    "Org": ("a.org", f"#+CAPTION: {NAME}\n[[./pond.jpg]]\n"),
    "MediaWiki": ("a.wiki", f"[[File:pond.jpg|thumb|{NAME}]]\n"),
    "paragraph below": ("a.md", f"{MD}\n\n{NAME} fed the ducks.\n"),
    "paragraph above": ("a.md", f"{NAME} fed the ducks:\n\n{MD}\n"),
    "DokuWiki": ("a.txt", f"{{{{:pond.jpg|{NAME}}}}}"),
    # -- programs, and other data
    "slim": ("a.slim", f'img src="pond.jpg" alt="{NAME}"'),
    "a slide of a script": ("a.html", f"<script>var slides = [{{img: 'pond.jpg', who: '{NAME}'}}]</script>"),
    "program, any key": ("a.js", f'const pics = [{{src: "pond.jpg", who: "{NAME}"}}]'),
    "program, a call": ("a.ts", f'add("pond.jpg", "{NAME}")'),
    "program, a pair": ("a.js", f'const pics = [["pond.jpg", "{NAME}"]]'),
    "program, a list beside": ("a.js", f'x = {{src: "pond.jpg", shown: ["{NAME}"]}}'),
    "program, an object beside": ("a.js", f'x = {{photo: {{src: "pond.jpg"}}, who: "{NAME}"}}'),
    "program, under the picture": ("a.js", f"x = {{'pond.jpg': {{who: '{NAME}'}}}}"),
    "program, deep under the picture": ("a.js", f"x={{['pond.jpg']:{{said:{{who:['{NAME}']}}}}}}"),
    "program, quotes in a regex": ("a.js", f"""var q=/['"]/;x={{src:'pond.jpg',who:'{NAME}'}}"""),
    "program, a quote in a regex of a call": ("a.js", f"""s.split( /[^'/]"/g);x={{src:'pond.jpg',who:'{NAME}'}}"""),
    "program, a regex as a statement": ("a.js", f"""function a(b){{return/'/.test(b)}}\n/"/.test(a);x={{src:'pond.jpg',who:'{NAME}'}}"""),
    "program, a regex of an address": ("a.js", rf"s=s.replace(/https?:\/\//,'');x={{src:'pond.jpg',who:'{NAME}'}}"),
    "program, an address without quotes": ("a.mjs", f"/* @see */ x=<a>https://a.org</a>,{{src:'pond.jpg',who:'{NAME}'}}"),
    "program, a division": ("a.js", f"x={{w:(a+b)/2,src:'pond.jpg',h:c/2,who:'{NAME}'}}"),
    "program, a comment behind a bracket": ("a.js", f"x=[// it's all\n{{src:'pond.jpg',who:'{NAME}'}}]"),
    "program, short escape": ("a.ts", 'x = {img: "pond.jpg", alt: "Amara W\\u{69}nterbourne"}'),
    "style, escaped": ("a.css", '.a{background:url(pond.jpg)} .a::after{content:"Winter\\62 ourne"}'),
    "json with comments": ("a.jsonc", f'// x\n{{"photo": "pond.jpg", "note": "{NAME}",}}'),
    "json5": ("a.json5", f"{{photo: 'pond.jpg', note: '{NAME}',}}"),
    "json, an object beside": ("a.json", f'{{"photo": {{"src": "pond.jpg"}}, "who": "{NAME}"}}'),
    "yaml, under the picture": ("a.yml", f"pond.jpg:\n  who:\n    - {NAME}\n"),
    "properties": ("a.properties", f"photo.1=pond.jpg\nphoto.1.caption={NAME}\n"),
    "translations": ("a.po", f'#: pond.jpg\nmsgid "x"\nmsgstr "{NAME}"\n'),
    "subtitles": ("a.vtt", f"WEBVTT\n\n00:00 --> 00:02\n{NAME}\n"),
    "XMP beside": ("pond.xmp", f"<x:xmpmeta><dc:description><rdf:Alt><rdf:li>{NAME}</rdf:li></rdf:Alt></dc:description></x:xmpmeta>"),
    "an alt text without end": ("a.html", f'<img src="pond.jpg" alt="{"x " * 60_000}{NAME}">'),
    "TeX": ("a.tex", f"\\includegraphics{{pond}}\n\\caption{{{NAME}}}\n"),
}  # fmt: skip

INNOCENT = {
    "first name": ("a.html", f"<body>{IMG}<p>Amara by the pond</p>"),
    "another paragraph of HTML": ("a.html", f"<body>{IMG}<p>The pond.</p><p>Year 4.</p><p>{NAME}</p></body>"),
    "another paragraph of Markdown": ("a.md", f"{MD}\n\nThe pond.\n\n{NAME}\n"),
    "another mapping": ("a.json", f'[{{"src": "pond.jpg"}}, {{"pupil": "{NAME}"}}]'),
    "another mapping of YAML": ("a.yml", f"- src: pond.jpg\n- pupil: {NAME}\n"),
    "another row": ("a.csv", f"file,pupil\npond.jpg,Amara\n,{NAME}\n"),
    "no picture": ("a.html", f"<p>{NAME}</p>"),
    "no picture, data": ("a.yml", f"caption: {NAME}\n"),
    "a comment": ("a.html", f"<body>{IMG}<!-- {NAME} --><p>x</p>"),
    "a long page": ("a.html", f"<body><main><p>{IMG}</p>" + "<p>Words.</p>" * 200 + f"<p>{NAME}</p></main></body>"),
    "a program": ("a.js", f'import pond from "./pond.jpg"; const author = "{NAME}"'),
    "a program, a picture in a call": ("a.js", f"x = [load('pond.jpg'), {{author: '{NAME}'}}]"),
    "a lock file": ("package-lock.json", '{"packages": {"node_modules/winter": {"resolved": "https://x/winter-1.0.png.tgz"}}}'),
}  # fmt: skip


@pytest.mark.parametrize("form", GUILTY)
def test_a_surname_beside_a_picture_is_found(judge, form):
    path, text = GUILTY[form]
    reasons = [reason for verdict in judge.judge(path, text.encode()) for reason in verdict.reasons]
    assert "surname" in reasons, [caption.text for caption in captions_in(path, text)]


@pytest.mark.parametrize("form", INNOCENT)
def test_what_stands_elsewhere_passes(judge, form):
    path, text = INNOCENT[form]
    assert judge.judge(path, text.encode()) == ()


NAMES = ("amara-winterbourne.html", "pupils/AmaraWinterbourne.md", "amara_winterbourne/index.html",
         "news/2026-11-01-amara-winterbourne-wins.markdown", "letters/Winterbourne.pdf")  # fmt: skip


@pytest.mark.parametrize("path", NAMES)
def test_pages_and_folders_are_not_called_after_a_pupil(office, judge, path):
    from dataclasses import replace

    data = b"%PDF-1.7" if path.endswith("pdf") else b"<p>words</p>"
    freely = replace(judge.policy, hook=replace(judge.policy.hook, unjudged=("*.pdf",)))
    judge = type(judge)(judge._register, freely, judge._state)
    (verdict,) = judge.judge(path, data)
    assert (verdict.outcome.value, verdict.reasons) == ("refused", ("file-name",))


def test_what_programs_and_styles_are_called_is_nobodys_business(judge):
    for path in ("src/winterbourne.js", "css/winterbourne.css", "pond.html", "news/2026/pond/index.md"):
        assert judge.judge(path, b"words") == (), path


LARGE = {
    "html": ("a.html", "<div><p>A heron.</p></div>\n", f"{IMG}<p>{NAME}</p>"),
    "nested": ("a.html", "<div>" + IMG, f"{IMG}<p>{NAME}</p>"),
    "unclosed": ("a.html", "<b><i>", f"{IMG}<p>{NAME}</p>"),
    "entities": ("a.html", "&amp", f"{IMG}<p>{NAME}</p>"),
    "comments": ("a.html", "<!-- <img src=a.jpg> ", f'<img alt="{NAME}">'),
    "attributes": ("a.html", '<a title="', f'"><img alt="{NAME}">'),
    "closing": ("a.html", "<p></div></p></b>", f"{IMG}<p>{NAME}</p>"),
    "markdown": ("a.md", "![pond](pond.jpg)\nA heron.\n\n", f"{MD} {NAME}"),
    "brackets": ("a.md", "![[", f"\n\n{MD} {NAME}"),
    "emphasis": ("a.md", "*a_`", f"\n\n{MD} {NAME}"),
    "deep json": ("a.json", "[", f'{{"src": "pond.jpg", "alt": "{NAME}"}}'),
    "yaml": ("a.yml", "- {src: pond.jpg, alt: A heron}\n", f"- {{src: pond.jpg, alt: {NAME}}}\n"),
    "deep yaml": ("a.yml", "[", f'{{src: pond.jpg, alt: "{NAME}"}}'),
    "deep toml": ("a.toml", "a = " + "[" * 50 + "\n", f'src = "pond.jpg"\nalt = "{NAME}"\n'),
    "csv": ("a.csv", "pond.jpg,A heron\n", f"pond.jpg,{NAME}\n"),
    "cdata": ("a.xml", "<![CDATA[<img>]]>", f"<i><loc>pond.jpg</loc><x>{NAME}</x></i>"),
    "shortcodes": ("a.md", "{{< figure ", f"\n\n{MD} {NAME}"),
    "wordpress": ("a.html", "[caption ]", f"{IMG}<p>{NAME}</p>"),
    "liquid": ("a.html", "{% picture ", f"{IMG}<p>{NAME}</p>"),
    "brackets of regexes": ("a.js", "=/[a", f"\nx={{src:'pond.jpg',who:'{NAME}'}}"),
    "beginnings of regexes": ("a.js", "=/a\\/ ", f"\nx={{src:'pond.jpg',who:'{NAME}'}}"),
    "keys": ("a.js", 'alt:"pond.jpg"+', f'"";alt:"{NAME}"'),
}  # fmt: skip


@pytest.mark.parametrize("form", LARGE)
def test_a_name_at_the_end_of_a_large_page_is_found_in_good_time(form):
    """What took a time that grows with the square of the page would not end here."""
    path, part, end = LARGE[form]
    text = part * (300_000 // len(part)) + end
    assert any(NAME in caption.text for caption in captions_in(path, text))
