/**
 * Sends interactions and remembers which ones are still unanswered, so that INTERACTION_DONE and
 * INTERACTION_FAILED find the command, button or form they belong to.
 */

import { ApiError, api } from "./api.js";
import { t } from "./texts.js";

/** interaction id -> {done, failed} */
const waiting = new Map();
/** Events that overtook the HTTP answer carrying their id. */
const early = new Map();

/** Numbers of the interaction types. */
export const INTERACTION = { COMMAND: 2, COMPONENT: 3, AUTOCOMPLETE: 4, MODAL_SUBMIT: 5 };

/**
 * Sends one interaction.
 * @param {object} payload as in the contract with the server
 * @param {File[]} [files]
 * @param {{sent?: function(string), done?: function(), failed?: function(string)}} [outcome]
 * @returns {Promise<object>} the server's answer; throws ApiError on a refusal
 */
export async function interact(payload, files = [], outcome = {}) {
  const answer = await api.interact(payload, files);
  const id = answer?.interaction_id;
  if (!id) return answer;
  outcome.sent?.(id);
  if (early.has(id)) {
    const finish = early.get(id);
    early.delete(id);
    finish(outcome);
  } else waiting.set(id, outcome);
  return answer;
}

function settle(id, finish) {
  const outcome = waiting.get(id);
  waiting.delete(id);
  if (outcome) finish(outcome);
  else {
    early.set(id, finish);
    setTimeout(() => early.delete(id), 10_000);
  }
}

/** INTERACTION_DONE: the bot acknowledged. */
export function interactionDone({ interaction_id: id }) {
  settle(id, (outcome) => outcome.done?.());
}

/** INTERACTION_FAILED: no acknowledgement within three seconds, or the bot is away. */
export function interactionFailed({ interaction_id: id, reason }) {
  settle(id, (outcome) => outcome.failed?.(reason ?? ""));
}

/** MODAL_OPEN: a form is an answer too. Without the interaction's id it answers whatever was waiting. */
export function modalOpened({ interaction_id: id }) {
  const ids = id ? [id] : [...waiting.keys()];
  for (const one of ids) settle(one, (outcome) => outcome.done?.());
}

/** What a person reads when a request was refused or did not arrive. */
export function reasonOf(error) {
  if (error instanceof ApiError) return t("serverError", { reason: error.sentences().join(" ") });
  return t("networkError");
}
