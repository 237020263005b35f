// What every part of the page uses: elements, calls to the desk, and its words.
export const $ = (id) => document.getElementById(id);
const KEY = document.querySelector("meta[name=desk-key]").content;
export const STANDING = {
  "consented": "may be shown", "no-consent": "no consent", "expired": "consent expired", "withdrawn": "consent withdrawn",
  "objection": "objection", "not-permitted": "not permitted", "unknown": "not known", "unsure": "not sure",
  "hidden-by-person": "hidden by you", "nobody": "nobody",
};
export const STATES = {
  "person": "need a person", "proposal": "proposals", "as-is": "may go as they are", "waiting": "not judged yet",
  "released": "released", "refused": "refused",
};
export const ONE = { // of a single photo of the queue
  "person": "needs a person", "proposal": "a copy is proposed", "as-is": "may go as it is", "waiting": "not judged yet",
  "released": "released", "refused": "refused",
};
export const OUTCOME = {
  "publishable": "May go exactly as it is.", "needs_rewrite": "A copy is proposed.", "refused": "Must not go as it stands.",
  "cannot_tell": "Undecided, so it must not go.",
};
export const KINDS = { "none": "As it is", "crop": "Crop", "silhouette": "People painted over", "cover": "Heads covered" };

export async function call(path, body) {
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

export function element(tag, properties = {}, ...inside) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...inside);
  return made;
}

export function svg(tag, attributes, ...inside) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...inside);
  return made;
}

export function picture(base64) { // as a blob: the page's own rules allow no data address
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  const url = URL.createObjectURL(new Blob([bytes], { type: "image/jpeg" }));
  return element("img", { src: url, alt: "", onload: () => URL.revokeObjectURL(url) });
}

export const problem = (error) => { $("problem").textContent = error ? error.message : ""; };

export const iou = (a, b) => {
  const w = Math.min(a[2], b[2]) - Math.max(a[0], b[0]), h = Math.min(a[3], b[3]) - Math.max(a[1], b[1]);
  if (w <= 0 || h <= 0) return 0;
  const area = (x) => (x[2] - x[0]) * (x[3] - x[1]);
  return w * h / (area(a) + area(b) - w * h);
};
