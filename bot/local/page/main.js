/** Starts the page: the first screen or, with a session, the class. */

import { ApiError, api } from "./api.js";
import { AppView } from "./app_view.js";
import { fill, h } from "./dom.js";
import { interactionDone, interactionFailed, modalOpened } from "./interactions.js";
import { openModal } from "./modal.js";
import { Socket } from "./socket.js";
import { showStart } from "./start.js";
import { apply, emit, forget, loadState, setCommands, store } from "./store.js";
import { setLocale, t } from "./texts.js";
import { startClock } from "./timestamps.js";

const root = document.getElementById("app");
let socket = null;
let view = null;
let commandsTimer = null;

/** Events that are not about what the page knows. */
const ACTIONS = {
  MODAL_OPEN: (modal) => {
    modalOpened(modal);
    openModal(modal);
  },
  // The event says only that something changed; which commands this person may use is in the state.
  COMMANDS_UPDATE: () => {
    clearTimeout(commandsTimer);
    commandsTimer = setTimeout(async () => {
      const mine = socket;
      const state = await api.state().catch(() => null);
      if (state && socket === mine) setCommands(state.commands);
    }, 200);
  },
  INTERACTION_DONE: interactionDone,
  INTERACTION_FAILED: interactionFailed,
};

/** Fetches the state and shows the class; without a session the first screen. */
async function enter() {
  let state;
  try {
    state = await api.state();
  } catch (error) {
    if (error instanceof ApiError && [401, 403].includes(error.status)) return leave();
    fill(root, h("p", { class: "boot-error", role: "alert" }, t("networkError")));
    setTimeout(enter, 1500);
    return undefined;
  }
  setLocale(state.me.locale ?? state.me.user?.locale);
  loadState(state);
  view = new AppView(root, { switchPerson });
  connect();
  return undefined;
}

function connect() {
  let opened = false;
  socket = new Socket({
    event: (type, data) => {
      if (ACTIONS[type]) ACTIONS[type](data);
      else apply(type, data);
    },
    open: async () => {
      emit("connection", { away: null });
      if (opened) await resume();
      opened = true;
    },
    away: (wait) => {
      emit("connection", { away: Date.now() + wait, retry: () => socket.connect() });
      checkSession();
    },
  });
}

/** A refused socket does not say why: a server that was started anew knows nobody, so ask whether we still sit here. */
function checkSession() {
  const mine = socket;
  api.state().catch((error) => {
    if (socket === mine && error instanceof ApiError && error.status === 401) leave();
  });
}

/** After an interruption the server may know more, or another session, or none. */
async function resume() {
  try {
    loadState(await api.state());
  } catch (error) {
    if (error instanceof ApiError && [401, 403].includes(error.status)) leave();
  }
}

function leave() {
  socket?.close();
  view?.destroy();
  socket = view = null;
  forget();
  return showStart(root, enter);
}

async function switchPerson() {
  await api.signOut().catch(() => {});
  leave();
}

startClock();
fill(root, h("p", { class: "boot-error" }, t("loading")));
document.addEventListener("visibilitychange", () => {
  if (!document.hidden && store.channelId && store.unread.delete(store.channelId)) emit("channels");
});
enter();
