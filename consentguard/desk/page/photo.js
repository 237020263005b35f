// The queue, and the photo that is open: what was seen in it, what is said of it, and what comes of that.
import { $, KINDS, ONE, OUTCOME, STANDING, STATES, call, element, iou, picture, problem, svg } from "./basics.js";

let queue = [], shown = 100, asking = 0, opened = 0;
export let photo = null, said = null, before = null; // `before`: what was said of the photo before

// -- the queue

export async function loadQueue() {
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

export function step(by) {
  const at = queue.findIndex((one) => one.id === photo?.id);
  const to = queue[Math.min(Math.max(at + by, 0), queue.length - 1)];
  if (to && to.id !== photo?.id) open(to.id);
}

export async function next() {
  const told = await loadQueue();
  const open_ = told.photos.filter((one) => !["released", "refused"].includes(one.state));
  const at = open_.findIndex((one) => one.id === photo?.id);
  const to = open_[at + 1] ?? open_.find((one) => one.id !== photo?.id);
  if (to) await open(to.id);
}

$("filter").onchange = () => { shown = 100; loadQueue(); };
$("more").onclick = () => { shown = Math.min(shown + 200, 500); loadQueue(); };

// -- one photo

export async function open(id) {
  const mine = ++asking; opened += 1;
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
    $("original").removeAttribute("src"); $("preview").removeAttribute("src"); $("preview").hidden = true;
    $("use-alt").hidden = $("again").hidden = true; $("release").disabled = $("refuse").disabled = false;
    for (const list of ["faces", "findings", "choices"]) $(list).replaceChildren(); // those of the photo before
    $("caption").value = $("alt").value = $("class-said").textContent = "";
    draw(); problem(error);
  }
  await loadQueue();
}

export function take(told) {
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

export function draw() {
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
      g.dataset.face = number; // pointing.js listens for it
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
    const change = element("button", { type: "button", textContent: "Say who" });
    change.dataset.face = at; // pointing.js listens for both
    change.setAttribute("aria-label", `Say who face ${one.number ?? "that was added"} is`);
    const like = photo.suggested?.[one.number], settled = said.tags.some((tag) => iou(tag.box, one.box) >= 0.5);
    const confirm = like && !settled && !photo.done ? [element("button", { type: "button", className: "perhaps", textContent: `Perhaps ${like.name} (${STANDING[like.standing]}): yes` })] : [];
    for (const button of confirm) Object.assign(button.dataset, { face: at, person: like.id });
    return element("li", {}, element("b", { textContent: one.number ?? "+" }), element("span", { className: one.action === "keep" ? "keeps" : "hides", textContent: `${one.action === "keep" ? "stays" : "is hidden"}: ${text}` }), ...confirm, change);
  }));
}

export function findings(messages) {
  $("findings").replaceChildren(...messages.map((message) => element("li", { textContent: message })));
}

async function preview() {
  const id = photo.id, image = $("preview"), mine = opened, left = () => id !== photo?.id || mine !== opened;
  const answer = await fetch(`/api/photo/${id}/preview`);
  if (left()) return;
  const there = answer.status === 200;
  $("nothing").hidden = there; if (!there) image.hidden = true;
  if (!there) { document.body.dataset.previewed = `${id} nothing`; return; }
  const url = URL.createObjectURL(await answer.blob());
  if (left()) return;
  image.onload = () => { image.hidden = left(); URL.revokeObjectURL(url); document.body.dataset.previewed = `${id} ${Date.now()}`; };
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

export async function say(changed) { // whoever is tagged otherwise gets other proposals
  const mine = ++asking, sent = { ...said, ...("tags" in changed || "people" in changed ? { choice: "" } : {}), ...changed, caption: $("caption").value, alt: $("alt").value };
  try {
    const told = await call(`/api/photo/${photo.id}/say`, sent);
    if (mine === asking) take(told);
  } catch (error) { if (mine === asking) problem(error); }
  loadQueue();
}

$("original").onload = draw;
new ResizeObserver(draw).observe($("original"));
