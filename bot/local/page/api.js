/** The class server's HTTP routes; all paths are relative to the window `/w/<win>/`. */

/** A refusal of the server: HTTP status, Discord's error code, message and the errors by field. */
export class ApiError extends Error {
  constructor(status, body) {
    super(body?.message ?? `HTTP ${status}`);
    this.status = status;
    this.code = body?.code ?? 0;
    this.errors = body?.errors ?? {};
  }

  /** All sentences inside Discord's nested `errors`, or the message if there are none. */
  sentences() {
    const found = [];
    const walk = (node) => {
      if (!node || typeof node !== "object") return;
      for (const error of node._errors ?? []) found.push(error.message);
      for (const [key, child] of Object.entries(node)) if (key !== "_errors") walk(child);
    };
    walk(this.errors);
    return found.length ? found : [this.message];
  }
}

async function request(method, path, body) {
  const init = { method, headers: { Accept: "application/json" }, credentials: "same-origin" };
  if (body instanceof FormData) init.body = body;
  else if (body !== undefined) {
    init.body = JSON.stringify(body);
    init.headers["Content-Type"] = "application/json";
  }
  const response = await fetch(path, init);
  const text = await response.text();
  let data = null;
  try {
    data = text ? JSON.parse(text) : null;
  } catch {
    // An answer that is not JSON comes from something between us and the server.
  }
  if (!response.ok) throw new ApiError(response.status, data);
  return data;
}

/** JSON alone, or multipart with `payload_json` and `files[n]` when there are files. */
function withFiles(payload, files) {
  if (!files?.length) return payload;
  const form = new FormData();
  form.append("payload_json", JSON.stringify(payload));
  files.forEach((file, index) => form.append(`files[${index}]`, file, file.name));
  return form;
}

/** A server can keep several classes; `?guild=` in the address chooses one. */
function guild() {
  return new URLSearchParams(window.location.search).get("guild");
}

export const api = {
  people: () => request("GET", `api/people${guild() ? `?guild=${encodeURIComponent(guild())}` : ""}`),
  signIn: (person, locale) => request("POST", "api/session", { person, locale, ...(guild() ? { guild: guild() } : {}) }),
  signOut: () => request("DELETE", "api/session"),
  state: () => request("GET", "api/state"),
  /** One channel; the only way to an archived thread. */
  channel: (channelId) => request("GET", `api/channels/${channelId}`),

  /** Newest `limit` messages, or those before a message. */
  messages(channelId, { before, limit = 50 } = {}) {
    const query = new URLSearchParams({ limit: String(limit) });
    if (before) query.set("before", before);
    return request("GET", `api/channels/${channelId}/messages?${query}`);
  },
  sendMessage: (channelId, payload, files) =>
    request("POST", `api/channels/${channelId}/messages`, withFiles(payload, files)),
  deleteMessage: (channelId, messageId) => request("DELETE", `api/channels/${channelId}/messages/${messageId}`),
  typing: (channelId) => request("POST", `api/channels/${channelId}/typing`),
  /** One's direct messages with the bot, opened if need be. */
  direct: () => request("POST", "api/direct"),
  react: (channelId, messageId, emoji, present) =>
    request(present ? "PUT" : "DELETE", `api/channels/${channelId}/messages/${messageId}/reactions/${encodeURIComponent(emoji)}`),
  interact: (payload, files) => request("POST", "api/interactions", withFiles(payload, files)),
};
