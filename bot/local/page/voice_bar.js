/** The message box's voice: the button, the time that is left, and the recorder above the box. */

import { api } from "./api.js";
import { Countdown, handedIn, phraseInTime } from "./deadline.js";
import { announce, h } from "./dom.js";
import { reasonOf } from "./interactions.js";
import { markdown } from "./markdown.js";
import { Recorder, recordButton } from "./recorder.js";
import { CHANNEL, FLAG, bot, channelName, emit, store } from "./store.js";
import { t } from "./texts.js";

export class VoiceBar {
  /** @param {{complain: function(string), focus: function(), reply: object}} composer */
  constructor(composer) {
    this.composer = composer;
    this.recorder = null;
    this.countdown = new Countdown(announce);
    this.button = recordButton(t("recordVoice"), () => this.toggle());
    this.slot = h("span", { class: "composer-slot", data: { slot: "voice" } }, this.countdown.element, this.button);
    this.place = h("div");
  }

  destroy() {
    this.countdown.destroy();
    this.close();
  }

  close() {
    this.recorder?.close();
  }

  /**
   * Opens the recorder above the box.
   * @param {{label: string, use: function(File, object)}} wants
   */
  record(wants) {
    this.composer.complain("");
    const before = document.activeElement;
    this.recorder = new Recorder({
      ...wants,
      place: this.place,
      closed: () => {
        this.recorder = null;
        if (document.activeElement !== document.body) return;
        if (before?.isConnected) before.focus();
        else this.composer.focus();
      },
    });
    this.recorder.begin();
  }

  toggle() {
    if (this.recorder) this.close();
    else this.record(this.voiceMessage());
  }

  /** Words that were given to one person are read to the bot alone, wherever the button was pressed. */
  voiceMessage() {
    const channel = store.channels.get(store.channelId);
    const phrase = phraseInTime();
    const direct = channel.type === CHANNEL.DM;
    const apart = phrase && String(phrase.message.channel_id) !== store.channelId;
    const above = apart ? h("div", { class: "phrase markdown" }, markdown(phrase.message.content)) : null;
    if (phrase) {
      const label = direct ? t("recordSend", { channel: bot().name }) : t("recordSendPrivate", { bot: bot().name });
      return { above, label, use: (file, facts) => this.sendPhrase(phrase, file, facts) };
    }
    const to = `${channel.type === CHANNEL.TEXT ? "#" : ""}${channelName(channel)}`;
    return { label: t("recordSend", { channel: to }), use: (file, facts) => this.send(store.channelId, file, facts) };
  }

  async sendPhrase(phrase, file, facts) {
    const channelId = await directChannel(this.composer);
    await this.send(channelId, file, facts);
    handedIn(phrase);
    emit("open-channel", channelId);
  }

  /** Before something is sent: a finished recording goes with it, a running one is pointed out. Resolves to whether to go on. */
  async settle() {
    if (this.recorder?.state === "done") return this.recorder.use();
    if (this.recorder?.state !== "recording") return true;
    this.composer.complain(t("recordStillRunning"));
    return false;
  }

  async send(channelId, file, { seconds, waveform }) {
    const { composer } = this;
    const attachments = [{ id: "0", filename: file.name, duration_secs: Math.round(seconds * 100) / 100, waveform }];
    try {
      const answer = channelId === store.channelId ? composer.reply.payload() : {};
      await api.sendMessage(channelId, { content: "", flags: FLAG.VOICE, attachments, ...answer }, [file]);
    } catch (error) {
      composer.complain(reasonOf(error));
      throw error;
    }
    composer.reply.clear();
    composer.focus();
  }
}

async function directChannel(composer) {
  try {
    return String((await api.direct()).id);
  } catch (error) {
    composer.complain(reasonOf(error));
    throw error;
  }
}
