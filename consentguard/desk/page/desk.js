// The desk's page: shows what the guard saw, sends what a person says, and shows what comes of it. This file starts it,
// and has the keys, dropped photos, the register, and who sits here.
import { $, STANDING, call, element, problem } from "./basics.js";
import { refuse, release, takeBack, undo } from "./deciding.js";
import { draw, loadQueue, next, open, photo, step } from "./photo.js";
import { drawing, point, startDrawing } from "./pointing.js";

// -- keys and buttons

$("help").onclick = () => $("help-dialog").showModal();
$("boxes").onclick = () => { const off = $("marks").toggleAttribute("hidden"); $("boxes").setAttribute("aria-pressed", String(!off)); };
$("zoom").onclick = () => { const on = $("stage").classList.toggle("zoomed"); $("zoom").setAttribute("aria-pressed", String(on)); draw(); };

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
