// The desk's page: shows what the guard saw, sends what a person says, and shows what comes of it.
const $ = (id) => document.getElementById(id);
const KEY = document.querySelector("meta[name=desk-key]").content;
const STANDING = {
  "consented": "may be shown", "no-consent": "no consent", "expired": "consent expired", "withdrawn": "consent withdrawn",
  "objection": "objection", "not-permitted": "not permitted", "unknown": "not known", "unsure": "not sure",
  "hidden-by-person": "hidden by you", "nobody": "nobody",
};
const STATES = {
  "person": "need a person", "proposal": "proposals", "as-is": "may go as they are", "waiting": "not judged yet",
  "released": "released", "refused": "refused",
};
const ONE = { // of a single photo of the queue
  "person": "needs a person", "proposal": "a copy is proposed", "as-is": "may go as it is", "waiting": "not judged yet",
  "released": "released", "refused": "refused",
};
const OUTCOME = {
  "publishable": "May go exactly as it is.", "needs_rewrite": "A copy is proposed.", "refused": "Must not go as it stands.",
  "cannot_tell": "Undecided, so it must not go.",
};
const KINDS = { "none": "As it is", "crop": "Crop", "silhouette": "People painted over", "cover": "Heads covered" };
let queue = [], shown = 100, photo = null, said = null, before = null, pointed = null, drawing = null, asking = 0, entered = false;

async function call(path, body) {
  const options = body === undefined ? {} : {
    method: "POST", body: body instanceof Blob ? body : JSON.stringify(body),
    headers: { "x-consentguard-desk": KEY, "content-type": body instanceof Blob ? "application/octet-stream" : "application/json" },
  };
  if (body instanceof File) options.headers["x-photo-name"] = encodeURIComponent(body.name);
  let answer;
  try { answer = await fetch(path, options); } catch { throw new Error("The desk has closed. Run `consentguard desk` again."); }
  const text = await answer.text();
  let told;
  try { told = JSON.parse(text); } catch { told = { error: text }; }
  if (!answer.ok) throw Object.assign(new Error(told.error), { verdict: told.verdict });
  return told;
}

function element(tag, properties = {}, ...inside) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...inside);
  return made;
}

function svg(tag, attributes, ...inside) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...inside);
  return made;
}

const problem = (error) => { $("problem").textContent = error ? error.message : ""; };

// -- the queue

async function loadQueue() {
  const state = $("filter").value;
  const told = await call(`/api/queue?count=${shown}${state ? `&state=${state}` : ""}`);
  queue = told.photos;
  const list = $("queue"), focused = document.activeElement?.dataset?.id;
  list.replaceChildren(...queue.map((one) => {
    const button = element("button", { type: "button", className: one.state }, one.name, element("small", { textContent: ONE[one.state] }));
    button.dataset.id = one.id;
    button.setAttribute("aria-current", String(photo?.id === one.id));
    button.onclick = () => open(one.id);
    return element("li", {}, button);
  }));
  if (focused) list.querySelector(`[data-id="${focused}"]`)?.focus();
  const among = state ? told.counts[state] : told.total;
  $("more").hidden = among <= queue.length;
  $("counts").replaceChildren(...Object.entries(told.counts).filter(([, n]) => n).map(([name, n]) => element("li", {}, element("b", { textContent: n }), ` ${n === 1 && name !== "proposal" ? ONE[name] : n === 1 ? "proposal" : STATES[name]}`)));
  const done = told.counts.released + told.counts.refused, share = told.total ? Math.round(100 * done / told.total) : 0;
  $("bar").style.width = `${share}%`;
  $("bar").parentElement.setAttribute("aria-valuenow", share);
  return told;
}

function step(by) {
  const at = queue.findIndex((one) => one.id === photo?.id);
  const to = queue[Math.min(Math.max(at + by, 0), queue.length - 1)];
  if (to && to.id !== photo?.id) open(to.id);
}

async function next() {
  const told = await loadQueue();
  const open_ = told.photos.filter((one) => !["released", "refused"].includes(one.state));
  const at = open_.findIndex((one) => one.id === photo?.id);
  const to = open_[at + 1] ?? open_.find((one) => one.id !== photo?.id);
  if (to) await open(to.id);
}

// -- one photo

async function open(id) {
  const mine = ++asking;
  problem();
  if (photo && said?.tags.length) before = { width: $("original").naturalWidth, tags: said.tags, people: said.people };
  $("empty").hidden = true; $("work").hidden = false;
  $("outcome").textContent = "Looking at it…"; $("preview").hidden = $("nothing").hidden = true;
  $("post").hidden = $("undo").hidden = $("release").disabled = $("refuse").disabled = true; // until it is clear of which photo
  try {
    const told = await call(`/api/photo/${id}`);
    if (mine !== asking) return;
    $("caption").value = told.caption; $("alt").value = told.alt;
    take(told);
    $("original").src = `/api/photo/${id}/original?edge=1600`;
    $("photo").focus({ preventScroll: true });
  } catch (error) {
    if (mine !== asking) return;
    photo = { id, faces: [], findings: [], state: "person" }; said = { tags: [], people: [], choice: "", frame: null };
    $("name").textContent = queue.find((one) => one.id === id)?.name ?? "";
    $("outcome").textContent = OUTCOME.cannot_tell;
    $("original").removeAttribute("src"); $("preview").removeAttribute("src");
    $("use-alt").hidden = $("again").hidden = true; $("release").disabled = $("refuse").disabled = false;
    for (const list of ["faces", "findings", "choices"]) $(list).replaceChildren(); // those of the photo before
    $("caption").value = $("alt").value = $("class-said").textContent = "";
    draw(); problem(error);
  }
  await loadQueue();
}

function take(told) {
  photo = told; said = told.said; problem();
  photo.done = ["released", "refused"].includes(told.state);
  $("name").textContent = told.photo;
  const doing = told.outcome === "needs_rewrite" && KINDS[told.rewrite] ? `A copy is proposed: ${KINDS[told.rewrite].toLowerCase()}.` : OUTCOME[told.outcome];
  const ended = { released: "Released.", refused: "Refused by you." }[told.state];
  $("outcome").textContent = ended ?? doing;
  $("undo").hidden = !ended; $("post").hidden = told.state !== "released" || document.body.dataset.posts !== "yes";
  $("use-alt").hidden = !told.described; $("use-alt").textContent = `Use: ${told.described}`; $("release").disabled = $("refuse").disabled = Boolean(ended);
  $("again").hidden = !before || said.tags.length > 0;
  $("class-said").textContent = said.people.length ? `${said.people.length} people named; point at a face to hide it` : "";
  if (told.of_the_run) $("run").textContent = told.of_the_run.map((message) => `${message[0].toUpperCase()}${message.slice(1).replace(/\. SCH 026: ".*"$/, "").replace(/\.$/, "")}.`).join(" ");
  draw(); faces(); findings(told.findings.map((one) => one.message)); preview().then(choices, problem);
}

function draw() {
  const marks = $("marks"), image = $("original");
  if (!image.naturalWidth || !photo) { marks.replaceChildren(); return; }
  const [width, height] = photo.size ?? [image.naturalWidth, image.naturalHeight];
  marks.setAttribute("viewBox", `0 0 ${width} ${height}`);
  marks.style.left = `${image.offsetLeft}px`; marks.style.top = `${image.offsetTop}px`;
  marks.style.width = `${image.clientWidth}px`; marks.style.height = `${image.clientHeight}px`;
  const px = width / Math.max(image.clientWidth, 1);
  const narrow = image.clientWidth < 480; // there the words of one face would lie over those of the next
  const box = ([l, t, r, b], kind, label, number, short) => {
    const g = svg("g", { class: kind }, svg("rect", { x: l, y: t, width: r - l, height: b - t }));
    if (label) {
      const words = svg("text", { x: l, y: Math.max(t - 5 * px, 14 * px) }, narrow && short ? String(short) : label);
      words.style.fontSize = `${14 * px}px`; words.style.strokeWidth = `${4 * px}px`; // a style attribute would be against the page's own rules
      g.append(words);
    }
    if (number !== undefined) {
      g.setAttribute("tabindex", "0"); g.setAttribute("role", "button"); g.setAttribute("aria-label", label);
      g.addEventListener("click", () => { if (!drawing) point(number); });
      g.addEventListener("keydown", (event) => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); event.stopPropagation(); point(number); } });
    }
    return g;
  };
  marks.replaceChildren(
    ...(photo.hands ?? []).map((one) => box(one.box, "hand")),
    ...(photo.heads_from_behind ?? []).map((one) => box(one.box, "behind", "from behind")),
    ...photo.faces.map((one, at) => box(one.box, one.action, `${one.number ?? "+"} ${STANDING[one.standing] ?? one.standing}`, at, one.number)),
    ...(said.frame ? [box(said.frame, "draft", "your crop")] : []),
  );
}

function faces() {
  $("faces").replaceChildren(...photo.faces.map((one, at) => {
    const who = one.person ? ` ${one.person}` : "";
    const text = `${STANDING[one.standing] ?? one.standing}${who}${one.where ? `, ${one.where}` : ""}`;
    const change = element("button", { type: "button", textContent: "Say who", onclick: () => point(at) });
    change.setAttribute("aria-label", `Say who face ${one.number ?? "that was added"} is`);
    const like = photo.suggested?.[one.number], settled = said.tags.some((tag) => iou(tag.box, one.box) >= 0.5);
    const confirm = like && !settled && !photo.done ? [element("button", { type: "button", className: "perhaps", textContent: `Perhaps ${like.name} (${STANDING[like.standing]}): yes`, onclick: () => { pointed = one; answer(like.id); } })] : [];
    return element("li", {}, element("b", { textContent: one.number ?? "+" }), element("span", { className: one.action === "keep" ? "keeps" : "hides", textContent: `${one.action === "keep" ? "stays" : "is hidden"}: ${text}` }), ...confirm, change);
  }));
}

function findings(messages) {
  $("findings").replaceChildren(...messages.map((message) => element("li", { textContent: message })));
}

async function preview() {
  const id = photo.id, image = $("preview");
  const answer = await fetch(`/api/photo/${id}/preview`);
  if (id !== photo?.id) return;
  const there = answer.status === 200;
  $("nothing").hidden = there; if (!there) image.hidden = true;
  if (!there) { document.body.dataset.previewed = `${id} nothing`; return; }
  const url = URL.createObjectURL(await answer.blob());
  image.onload = () => { image.hidden = false; URL.revokeObjectURL(url); document.body.dataset.previewed = `${id} ${Date.now()}`; };
  image.src = url;
}

async function choices() {
  const id = photo.id;
  let told;
  try { told = await call(`/api/photo/${id}/choices`); } catch { $("choices").replaceChildren(); return; }
  if (id !== photo?.id) return;
  $("choices").replaceChildren(...told.choices.map((one) => {
    const button = element("button", { type: "button", title: one.why, onclick: () => say({ choice: one.digest, frame: null }) },
      ...(one.preview ? [picture(one.preview)] : []), KINDS[one.kind] ?? one.kind);
    button.setAttribute("aria-pressed", String(one.chosen));
    return button;
  }));
}

function picture(base64) { // as a blob: the page's own rules allow no data address
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  const url = URL.createObjectURL(new Blob([bytes], { type: "image/jpeg" }));
  return element("img", { src: url, alt: "", onload: () => URL.revokeObjectURL(url) });
}

async function say(changed) { // whoever is tagged otherwise gets other proposals
  const mine = ++asking, sent = { ...said, ...("tags" in changed || "people" in changed ? { choice: "" } : {}), ...changed, caption: $("caption").value, alt: $("alt").value };
  try {
    const told = await call(`/api/photo/${photo.id}/say`, sent);
    if (mine === asking) take(told);
  } catch (error) { if (mine === asking) problem(error); }
  loadQueue();
}

// -- pointing at a face

const iou = (a, b) => {
  const w = Math.min(a[2], b[2]) - Math.max(a[0], b[0]), h = Math.min(a[3], b[3]) - Math.max(a[1], b[1]);
  if (w <= 0 || h <= 0) return 0;
  const area = (x) => (x[2] - x[0]) * (x[3] - x[1]);
  return w * h / (area(a) + area(b) - w * h);
};

function point(at) {
  const face = photo.faces[at];
  if (!face || photo.state === "released" || photo.state === "refused") return;
  pointed = face;
  $("face-title").textContent = `Who is ${face.number ? `face ${face.number}` : "the face you added"}${face.where ? `, ${face.where}` : ""}?`;
  $("say-nobody").hidden = document.body.dataset.nobody !== "yes" || face.added;
  $("search").value = ""; entered = false;
  $("people").replaceChildren(); delete $("people").dataset.text; // the list of the face before
  people();
  $("face-dialog").showModal();
  $("search").focus();
}

async function people() {
  const mine = $("search").value, told = await call("/api/register", { text: mine, class: mine ? null : $("class").value || null });
  if (mine !== $("search").value) return;
  const like = mine ? undefined : photo.suggested?.[pointed.number];
  const listed = like ? [{ ...like, suggested: true }, ...told.people.filter((one) => one.id !== like.id)] : told.people;
  $("people").replaceChildren(...listed.map((one, at) => {
    const line = element("li", { onclick: () => answer(one.id) }, element("span", { textContent: `${one.name}${one.class ? `, class ${one.class}` : ""}${one.suggested ? " (suggested: look, then confirm)" : ""}` }),
      element("small", { className: one.standing === "consented" ? "keeps" : "hides", textContent: STANDING[one.standing] }));
    line.setAttribute("role", "option"); line.dataset.id = one.id; line.setAttribute("aria-selected", String(at === 0));
    return line;
  }));
  $("people").dataset.text = mine;
  if (entered) enter();
}

function enter() { // takes whoever is chosen, once the list is that of what was typed
  entered = $("people").dataset.text !== $("search").value;
  const id = entered ? null : $("people").querySelector("[aria-selected=true]")?.dataset.id;
  if (id) answer(id);
}

function answer(says) {
  const tags = said.tags.filter((tag) => iou(tag.box, pointed.box) < 0.5);
  if (says) tags.push({ box: pointed.box, says, added: Boolean(pointed.added) });
  $("face-dialog").close();
  say({ tags });
}

function choose(by) {
  const lines = [...$("people").children], at = lines.findIndex((line) => line.getAttribute("aria-selected") === "true");
  const to = lines[Math.min(Math.max(at + by, 0), lines.length - 1)];
  lines.forEach((line) => line.setAttribute("aria-selected", String(line === to)));
  to?.scrollIntoView({ block: "nearest" });
}

// -- drawing a box

function startDrawing(kind) {
  drawing = drawing?.kind === kind ? null : { kind };
  for (const name of ["add", "crop"]) $(name).setAttribute("aria-pressed", String(drawing?.kind === name));
  $("marks").style.cursor = drawing ? "crosshair" : "";
}

function place(event) {
  const marks = $("marks"), frame = marks.getBoundingClientRect(), view = marks.viewBox.baseVal;
  const clamp = (value, most) => Math.round(Math.min(Math.max(value, 0), most));
  return [clamp((event.clientX - frame.left) / frame.width * view.width, view.width), clamp((event.clientY - frame.top) / frame.height * view.height, view.height)];
}

$("marks").addEventListener("pointerdown", (event) => {
  if (!drawing) return;
  event.preventDefault();
  $("marks").setPointerCapture(event.pointerId);
  drawing.from = place(event);
  drawing.mark = svg("g", { class: "draft" }, svg("rect", {}));
  $("marks").append(drawing.mark);
});
$("marks").addEventListener("pointermove", (event) => {
  if (!drawing?.from) return;
  const [x, y] = place(event), [fx, fy] = drawing.from;
  drawing.box = [Math.min(x, fx), Math.min(y, fy), Math.max(x, fx), Math.max(y, fy)];
  const rect = drawing.mark.firstChild, [l, t, r, b] = drawing.box;
  for (const [name, value] of Object.entries({ x: l, y: t, width: r - l, height: b - t })) rect.setAttribute(name, value);
});
$("marks").addEventListener("pointerup", () => {
  if (!drawing?.from) return;
  const { kind, box } = drawing;
  startDrawing(kind);
  if (!box || box[2] - box[0] < 4 || box[3] - box[1] < 4) { draw(); return; }
  if (kind === "add") say({ tags: [...said.tags, { box, says: "hide", added: true }] });
  else say({ frame: box, choice: "" });
});

// -- deciding

async function act(what, body = {}) {
  if (!photo) return false;
  try {
    const told = await call(`/api/photo/${photo.id}/${what}`, body);
    problem();
    if (told.faces) take(told); else await loadQueue();
    return true;
  } catch (error) {
    problem(error);
    if (error.verdict) take({ ...photo, ...error.verdict, id: photo.id, said, state: photo.state, size: photo.size }), problem(error);
    return false;
  }
}

async function release() {
  if ($("release").disabled || !$("release").offsetParent) return;
  $("release").disabled = true; $("outcome").textContent = "Looking once more…";
  if (await act("release")) await next(); else $("release").disabled = false;
}

function ask(dialog) { // Esc leaves returnValue as the last time made it
  dialog.returnValue = "";
  dialog.showModal();
}

const refuse = () => { if (!$("refuse").disabled) { $("why").value = ""; ask($("why-dialog")); } };
$("why-dialog").addEventListener("close", async () => {
  if ($("why-dialog").returnValue === "ok" && $("why").value.trim() && await act("refuse", { why: $("why").value })) await next();
});
async function undo() {
  if ($("undo").hidden) return;
  const { id, copy } = photo;
  if (copy?.posts) { // what is public is deleted too, and for that a reason is asked
    takeBack(copy, async (lines) => { await open(id); $("problem").textContent = lines.join(" "); });
    return;
  }
  await act("undo");
  await loadQueue();
}

$("use-alt").onclick = () => { $("alt").value = photo.described; say({}); };

// -- posting what was released, and taking back

let posting = null; // the photo whose text stands in the dialog, whatever is opened meanwhile
$("post").onclick = () => {
  posting = photo;
  $("post-text").value = $("caption").value; $("post-alt").value = $("alt").value || photo.described || "";
  $("post-problem").textContent = ""; ask($("post-dialog"));
};
$("post-now").onclick = async () => {
  const mine = posting;
  $("post-now").disabled = true; $("post-problem").textContent = "Posting…";
  try {
    const { link } = await call(`/api/photo/${mine.id}/post`, { text: $("post-text").value, alt: $("post-alt").value });
    if (photo?.id === mine.id) { if (photo.copy) photo.copy.posts += 1; $("outcome").textContent = `Posted: ${link}`; }
    $("post-dialog").close();
  } catch (error) { $("post-problem").textContent = `Not posted: ${error.message}\nTo see what the account lacks, run consentguard posting doctor.`; }
  $("post-now").disabled = false;
};
$("post-close").onclick = () => $("post-dialog").close();

let taking = null;
function takeBack(release, told) {
  taking = { release, told };
  $("back-what").textContent = `Release ${release.sha256.slice(0, 16)} for ${release.channel} ${release.revoked ? "was taken back already." : "is taken back on the record: nothing accepts it any more."} ${release.posts ? "What was posted of it is deleted at X." : "Nothing of it is posted."} Copies that lie elsewhere you take away yourself.`;
  $("back-why").value = ""; ask($("back-dialog"));
}
$("back-dialog").addEventListener("close", async () => {
  const { release, told } = taking, why = $("back-why").value;
  if ($("back-dialog").returnValue !== "ok" || !why.trim()) return;
  try {
    const done = await call("/api/take-back", { sha256: release.sha256, why });
    told(["Taken back.", ...done.deleted.map((id) => `Post ${id} is deleted.`), ...done.left]);
    await loadQueue();
  } catch (error) { told([error.message]); }
});

let typing;
for (const name of ["caption", "alt"]) {
  $(name).addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(async () => {
      const told = await call("/api/words", { caption: $("caption").value, alt: $("alt").value });
      findings([...photo.findings.map((one) => one.message), ...told.findings.map((one) => one.message)]);
    }, 200);
  });
  $(name).addEventListener("change", () => say({}));
}

// -- keys and buttons

$("release").onclick = release; $("refuse").onclick = refuse; $("undo").onclick = undo; $("next").onclick = next;
$("help").onclick = () => $("help-dialog").showModal();
$("add").onclick = () => startDrawing("add"); $("crop").onclick = () => startDrawing("crop");
$("boxes").onclick = () => { const off = $("marks").toggleAttribute("hidden"); $("boxes").setAttribute("aria-pressed", String(!off)); };
$("zoom").onclick = () => { const on = $("stage").classList.toggle("zoomed"); $("zoom").setAttribute("aria-pressed", String(on)); draw(); };
$("original").onload = draw;
new ResizeObserver(draw).observe($("original"));
$("filter").onchange = () => { shown = 100; loadQueue(); };
$("more").onclick = () => { shown = Math.min(shown + 200, 500); loadQueue(); };
$("class").onchange = async () => {
  const name = $("class").value;
  if (!photo) return;
  const told = name ? await call("/api/register", { text: "", class: name }) : { people: [] };
  say({ people: told.people.filter((one) => one.standing === "consented").map((one) => one.id) });
};
$("again").onclick = () => {
  const near = before.tags.filter((tag) => !tag.added).map((tag) => {
    const best = photo.faces.map((face) => [iou(face.box, tag.box), face]).sort((a, b) => b[0] - a[0])[0];
    return best && best[0] > 0.3 ? { box: best[1].box, says: tag.says, added: false } : null;
  }).filter(Boolean);
  say({ tags: near, people: before.people });
};
$("say-hide").onclick = () => answer("hide"); $("say-nobody").onclick = () => answer("nobody"); $("say-clear").onclick = () => answer("");
$("face-close").onclick = () => $("face-dialog").close();
$("search").addEventListener("input", people);
$("search").addEventListener("keydown", (event) => {
  if (event.key === "ArrowDown" || event.key === "ArrowUp") { event.preventDefault(); choose(event.key === "ArrowDown" ? 1 : -1); }
  if (event.key === "Enter") { event.preventDefault(); enter(); }
});
$("face-dialog").addEventListener("keydown", (event) => {
  if (event.key.toLowerCase() === "h" && (event.target !== $("search") || !$("search").value)) { event.preventDefault(); answer("hide"); }
});

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || document.querySelector("dialog[open]")) return;
  if (["INPUT", "TEXTAREA", "SELECT"].includes(event.target.tagName)) return;
  const key = event.key.toLowerCase(), button = event.target.tagName === "BUTTON" || event.target.tagName === "SUMMARY";
  const keys = {
    arrowright: () => step(1), arrowleft: () => step(-1), n: next, r: refuse, u: undo, p: () => { if (!$("post").hidden) $("post").click(); }, a: () => startDrawing("add"), c: () => startDrawing("crop"),
    b: () => $("boxes").click(), z: () => $("zoom").click(), "?": () => $("help").click(),
  };
  if (key === "enter" && !button) { event.preventDefault(); release(); return; }
  if (/^[1-9]$/.test(key)) { const at = photo?.faces.findIndex((one) => one.number === Number(key)); if (at >= 0) { event.preventDefault(); point(at); } return; }
  if (key === "escape" && drawing) { startDrawing(drawing.kind); return; }
  if (keys[key]) { event.preventDefault(); keys[key](); }
});

// -- photos that are dropped, and the register

async function drop(files) {
  let last;
  for (const file of files) { try { last = (await call("/api/drop", file)).id; } catch (error) { problem(error); } }
  await loadQueue();
  if (last) open(last);
}
$("choose").onchange = () => drop($("choose").files);
for (const name of ["dragover", "drop"]) document.addEventListener(name, (event) => {
  event.preventDefault();
  $("drop").classList.toggle("over", name === "dragover");
  if (name === "drop") drop(event.dataTransfer.files);
});
document.addEventListener("dragleave", () => $("drop").classList.remove("over"));

$("lookup").addEventListener("input", async () => {
  const text = $("lookup").value;
  const told = text.trim() ? await call("/api/register", { text }) : { people: [] };
  if (text !== $("lookup").value) return;
  $("found").replaceChildren(...told.people.slice(0, 12).map((one) => {
    const more = element("ul");
    const button = element("button", { type: "button", textContent: `${one.name}, ${one.id}: ${STANDING[one.standing]}`, onclick: async () => {
      const { releases } = await call("/api/shown", { id: one.id });
      more.replaceChildren(...(releases.length ? releases.map((each) => {
        const line = element("li", {}, `${each.at.slice(0, 10)} on ${each.channel}: ${each.sha256.slice(0, 16)}${each.revoked ? ", taken back, but still posted" : each.posts ? ", posted" : ""} `);
        line.append(element("button", { type: "button", textContent: "Take back", onclick: () => takeBack(each, (lines) => line.replaceChildren(lines.join(" "))) }));
        return line;
      }) : [element("li", { textContent: "No copy that stands, and no post that is up, shows this person." })]));
    } });
    return element("li", {}, button, more);
  }));
});

// -- who sits here

$("who-dialog").addEventListener("close", async () => {
  try { $("by").textContent = (await call("/api/sit-down", { by: $("by-input").value })).by; location.reload(); } catch { $("who-dialog").showModal(); }
});
if (!document.body.dataset.by) $("who-dialog").showModal();
$("by-line").hidden = !document.body.dataset.by;

const first = await loadQueue();
if (document.body.dataset.by && first.photos.length) await open(document.body.dataset.first || first.photos[0].id);
setInterval(() => { if (!document.hidden) loadQueue().catch(() => {}); }, 4000);
