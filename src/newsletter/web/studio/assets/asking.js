// Asks the studio to do something: texts in, an object out; throws what it refuses, in its words.
import { ANEW, AWAY } from "/assets/fetching.js";

export async function ask(address, texts) {
  let answer;
  try {
    answer = await fetch(address, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(texts) });
  } catch {
    throw new Error(AWAY);
  }
  if (answer.status === 401) throw new Error(ANEW);
  const found = await answer.json().catch(() => ({ problem: `The studio refused (${answer.status}).` }));
  if (!answer.ok) throw new Error(sentence(found.problem ?? `${answer.status}`));
  return found;
}

// With a capital, unless it begins with the name of a file.
function sentence(words) {
  return words.replace(/^[a-z]+(?=[ ,])/, (word) => word[0].toUpperCase() + word.slice(1));
}
