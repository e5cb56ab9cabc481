// Parts of pages from the studio; throws in words why there is none.

// Each start of the studio has a new key, and only its link carries it.
export const ANEW = "The studio was started again: open the link it printed";
export const AWAY = "The studio does not answer. Is it still running?";

export async function fetched(address) {
  let answer, text;
  try {
    answer = await fetch(address);
    text = await answer.text();
  } catch {
    throw new Error(AWAY);
  }
  if (answer.ok) return text;
  if (answer.status === 401) throw new Error(ANEW);
  const page = new DOMParser().parseFromString(text, "text/html");
  const said = page.querySelector(".problem .place + p") ?? page.querySelector(".empty p, p");
  throw new Error(said?.textContent ?? `The studio cannot show this (${answer.status}).`);
}
