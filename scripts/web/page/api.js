/* Talking to the server. Every failure becomes a Problem with a sentence for people. */

/** What went wrong: `detail` is to be shown; `nearest` moods, if the server offers some. */
export class Problem extends Error {
  constructor(detail, { status = 0, nearest = [], name = "" } = {}) {
    super(detail);
    this.detail = detail;
    this.status = status;
    this.nearest = nearest;
    this.kind = name;
  }
}

async function problemOf(response) {
  let told = {};
  try {
    told = await response.json();
  } catch {
    // no problem document: the status has to do
  }
  const wait = response.headers.get("Retry-After");
  const detail = told.detail || told.title || `The server answered with status ${response.status}.`;
  return new Problem(wait ? `${detail} (again in ${wait} s)` : detail, {
    status: response.status,
    nearest: Array.isArray(told.nearest) ? told.nearest : [],
    name: String(told.type || "").split(/[/:]/).pop(),
  });
}

/** Ask the server; gives the JSON it answers with. An aborted request rejects with AbortError. */
export async function call(path, { params, method = "GET", body, signal } = {}) {
  const address = params && String(params) ? `${path}?${params}` : path;
  const options = { method, signal, headers: { Accept: "application/json" } };
  if (body !== undefined) {
    options.headers["Content-Type"] = "application/json";
    options.body = JSON.stringify(body);
  }
  let response;
  try {
    response = await fetch(address, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem("The server does not answer. Is it still running?");
  }
  if (!response.ok) throw await problemOf(response);
  try {
    return await response.json();
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem("The server's answer broke off. Ask again.");
  }
}
