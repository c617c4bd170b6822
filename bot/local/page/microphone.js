/** Sound from the microphone: opened when somebody asks for it, closed with the end of the take. Touches no document. */

/** What browsers can write, best first, and how such a file's name ends. */
const KINDS = [["audio/webm;codecs=opus", "webm"], ["audio/mp4", "m4a"], ["audio/ogg;codecs=opus", "ogg"], ["audio/webm", "webm"]];
/** A take ends by itself after so many seconds. */
export const LONGEST_S = 300;
const STEP_MS = 100;
/** Softer than this (a share of full scale, in decibels) counts as nothing. */
const FLOOR_DB = -60;
/** Discord's preview of a voice message has at most so many points. */
const POINTS = 256;
const BITS_PER_SECOND = 96_000;
/** The voice as it is: what cancels noise would change how somebody sounds. */
const CONSTRAINTS = { audio: { channelCount: { ideal: 1 }, echoCancellation: false, noiseSuppression: false, autoGainControl: true } };

/** The key of the sentence why a take could not begin. */
export function problemOf(error) {
  return {
    NotAllowedError: "micRefused", SecurityError: "micRefused", NotFoundError: "micMissing",
    OverconstrainedError: "micMissing", Insecure: "micInsecure", NotSupportedError: "micOld",
  }[error.name] ?? "micBusy";
}

function kindOfFile() {
  return KINDS.find(([type]) => window.MediaRecorder?.isTypeSupported(type));
}

function refuse(name) {
  const error = new Error(name);
  error.name = name;
  throw error;
}

export class Take {
  /**
   * Asks for the microphone and records.
   * @param {{tick: function({seconds: number, level: number}), ended: function(object)}} listeners
   *   `tick` ten times a second (level from 0 to 1); `ended` once with {file, seconds, waveform, why}: `why` is
   *   "stopped", "long" or "lost" (the microphone was taken away).
   */
  constructor(listeners) {
    this.listeners = listeners;
    this.levels = [];
    this.chunks = [];
    this.why = "lost";
  }

  /** Resolves when sound is being recorded; throws what `problemOf` explains. */
  async begin() {
    // Browsers give a microphone to pages of this machine or with https alone.
    if (!window.isSecureContext || !navigator.mediaDevices?.getUserMedia) refuse("Insecure");
    const kind = kindOfFile();
    if (!kind) refuse("NotSupportedError");
    const stream = await navigator.mediaDevices.getUserMedia(CONSTRAINTS);
    this.stream = stream;
    if (this.cancelled) {
      this.close();
      return;
    }
    try {
      this.listen(stream);
      this.record(stream, kind);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  listen(stream) {
    this.context = new AudioContext();
    this.analyser = this.context.createAnalyser();
    // Long enough that nothing between two looks is missed.
    this.analyser.fftSize = 8192;
    this.context.createMediaStreamSource(stream).connect(this.analyser);
    this.samples = new Float32Array(this.analyser.fftSize);
  }

  record(stream, [type, ending]) {
    this.recorder = new MediaRecorder(stream, { mimeType: type, audioBitsPerSecond: BITS_PER_SECOND });
    this.recorder.addEventListener("dataavailable", (event) => this.chunks.push(event.data));
    this.recorder.addEventListener("stop", () => this.finish(type, ending));
    this.recorder.start();
    this.since = performance.now();
    this.timer = setInterval(() => this.tick(), STEP_MS);
  }

  get seconds() {
    return (performance.now() - this.since) / 1000;
  }

  tick() {
    this.analyser.getFloatTimeDomainData(this.samples);
    const power = this.samples.reduce((sum, value) => sum + value * value, 0) / this.samples.length;
    const level = Math.min(1, Math.max(0, 1 - (10 * Math.log10(power || 1e-12)) / FLOOR_DB));
    this.levels.push(level);
    this.listeners.tick({ seconds: this.seconds, level });
    if (this.seconds >= LONGEST_S) this.stop("long");
  }

  stop(why = "stopped") {
    if (this.recorder?.state !== "recording") return;
    this.why = why;
    this.length = this.seconds;
    this.recorder.stop();
  }

  /** Throws away what was recorded so far. */
  cancel() {
    this.cancelled = true;
    if (this.recorder?.state === "recording") this.recorder.stop();
    this.close();
  }

  close() {
    clearInterval(this.timer);
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    this.context?.close();
    this.context = null;
  }

  finish(type, ending) {
    const seconds = this.length ?? this.seconds;
    if (this.context) this.close();
    if (this.cancelled) return;
    const name = `${new Date().toTimeString().slice(0, 8).replaceAll(":", "")}.${ending}`;
    const file = { blob: new Blob(this.chunks, { type: type.split(";")[0] }), name };
    this.listeners.ended({ ...file, seconds, waveform: waveform(this.levels), why: this.why });
  }
}

/** Loudness in at most 256 points from 0 to 255, as base64. */
function waveform(levels) {
  const count = Math.min(POINTS, levels.length);
  const points = Array.from({ length: count }, (_, index) => {
    const part = levels.slice(Math.floor((index * levels.length) / count), Math.ceil(((index + 1) * levels.length) / count));
    return Math.round(255 * Math.max(...part));
  });
  return btoa(String.fromCharCode(...points));
}
