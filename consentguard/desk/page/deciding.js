// What becomes of the photo: released, refused, undone, posted, taken back.
import { $, call, problem } from "./basics.js";
import { findings, loadQueue, next, open, photo, said, say, take } from "./photo.js";

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

export async function release() {
  if ($("release").disabled || !$("release").offsetParent) return;
  $("release").disabled = true; $("outcome").textContent = "Looking once more…";
  if (await act("release")) await next(); else $("release").disabled = false;
}

function ask(dialog) { // Esc leaves returnValue as the last time made it
  dialog.returnValue = "";
  dialog.showModal();
}

export const refuse = () => { if (!$("refuse").disabled) { $("why").value = ""; ask($("why-dialog")); } };
$("why-dialog").addEventListener("close", async () => {
  if ($("why-dialog").returnValue === "ok" && $("why").value.trim() && await act("refuse", { why: $("why").value })) await next();
});
export async function undo() {
  if ($("undo").hidden) return;
  const { id, copy } = photo;
  if (copy?.posts) { // what is public is deleted too, and for that a reason is asked
    takeBack(copy, async (lines) => { await open(id); $("problem").textContent = lines.join(" "); });
    return;
  }
  await act("undo");
  await loadQueue();
}

$("release").onclick = release; $("refuse").onclick = refuse; $("undo").onclick = undo; $("next").onclick = next;
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
export function takeBack(release, told) {
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

// -- the words beside it

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
