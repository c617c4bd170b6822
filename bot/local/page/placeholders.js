/** What stands in the channel, for oneself alone, between sending a command and the bot's answer. */

import { addLocal, bot, log, removeMessage, store } from "./store.js";
import { t } from "./texts.js";

/**
 * The outcome handlers of a command for `interact`.
 * @param {string} channelId
 * @param {string} name full name of the command as the bot registered it
 * @param {number} [commandType] 2 or 3 for one of a context menu
 */
export function outcome(channelId, name, commandType = 1) {
  let id = null;
  const user = { id: store.me.id, name: store.me.name };
  const local = (key) => ({
    id: `local-${id}-${key}`, channel_id: channelId, author: { id: bot().id, username: bot().name, bot: true },
    interactionId: id, interaction_metadata: { id, type: 2, name, command_type: commandType, user },
  });
  return {
    sent: (interactionId) => {
      id = interactionId;
      const answered = log(channelId).list.some((message) => message.interaction_metadata?.id === id);
      if (!answered) addLocal(channelId, { ...local("sending"), local: "sending" });
    },
    done: () => removeMessage(channelId, `local-${id}-sending`),
    failed: () => {
      removeMessage(channelId, `local-${id}-sending`);
      addLocal(channelId, { ...local("failed"), failed: t("notResponding") });
    },
  };
}
