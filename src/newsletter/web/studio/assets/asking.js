// Asks the studio to do something: texts in, an object out; throws what it refuses, in its words.

export async function ask(address, texts) {
  let answer;
  try {
    answer = await fetch(address, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(texts) });
  } catch {
    throw new Error("The studio does not answer. Is it still running?");
  }
  const found = await answer.json().catch(() => ({ problem: `The studio refused (${answer.status}). Open it again by its link.` }));
  if (!answer.ok) throw new Error(found.problem ?? `${answer.status}`);
  return found;
}
