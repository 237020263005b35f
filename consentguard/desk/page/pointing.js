// Who each face is: pointing at one, naming a class, and boxes drawn by hand.
import { $, STANDING, call, element, iou, svg } from "./basics.js";
import { before, draw, photo, said, say } from "./photo.js";

export let drawing = null; // the box that is drawn by hand, and what for
let pointed = null, entered = false;

// -- pointing at a face

export function point(at) {
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

for (const list of [$("marks"), $("faces")]) {
  list.addEventListener("click", (event) => {
    const { face, person } = event.target.closest("[data-face]")?.dataset ?? {};
    if (face === undefined || (drawing && list === $("marks"))) return;
    if (!person) { point(Number(face)); return; }
    pointed = photo.faces[face]; answer(person);
  });
}
$("marks").addEventListener("keydown", (event) => {
  const face = event.target.closest("[data-face]")?.dataset.face;
  if (face === undefined || (event.key !== "Enter" && event.key !== " ")) return;
  event.preventDefault(); event.stopPropagation();
  point(Number(face));
});
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

// -- drawing a box

export function startDrawing(kind) {
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

$("add").onclick = () => startDrawing("add"); $("crop").onclick = () => startDrawing("crop");
