/** The page's WebSocket: delivers events and comes back by itself when the server was away. */

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 8000;

export class Socket {
  /**
   * @param {{event: function(string, any), open: function(), away: function(number)}} handlers `away` gets
   *   the milliseconds until the next try
   */
  constructor(handlers) {
    this.handlers = handlers;
    this.wait = FIRST_WAIT_MS;
    this.closed = false;
    this.connect();
  }

  connect() {
    clearTimeout(this.timer);
    const url = new URL("api/socket", window.location.href);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(url);
    this.socket = socket;
    socket.addEventListener("open", () => {
      this.wait = FIRST_WAIT_MS;
      this.handlers.open();
    });
    socket.addEventListener("message", (event) => {
      const { t, d } = JSON.parse(event.data);
      this.handlers.event(t, d);
    });
    socket.addEventListener("close", () => {
      if (this.closed || socket !== this.socket) return;
      this.handlers.away(this.wait);
      this.timer = setTimeout(() => this.connect(), this.wait);
      this.wait = Math.min(this.wait * 2, LONGEST_WAIT_MS);
    });
  }

  /** For good: when the person changes. */
  close() {
    this.closed = true;
    clearTimeout(this.timer);
    this.socket.close();
  }
}
