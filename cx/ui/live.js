// Hears of each new version of the data and asks Python to rerun the fragment that it stands in.
//
// Only a visible tab listens: a hidden one would hold one of the browser's few connections to the server and
// have it rerun for nobody. Where events are not to be had, a slow heartbeat asks instead.

const PATIENCE = 2000; // milliseconds until a rerun that did not come is asked for again

const listeners = new WeakMap(); // one for each mounted component; the element outlives its reruns

class Listener {
  constructor() {
    this.onVisibility = () => (document.hidden ? this.close() : this.open());
    document.addEventListener("visibilitychange", this.onVisibility);
  }

  /** Take over what the latest rerun of the fragment said: the version it shows, and how to ask for another. */
  update({ url, version, heartbeat }, rerun) {
    Object.assign(this, { url, shown: version, heartbeat: 1000 * heartbeat, rerun });
    if (!document.hidden) this.open();
  }

  open() {
    if (this.events) return;
    this.events = new EventSource(this.url);
    this.events.onmessage = (event) => this.heard(Number(event.data));
    this.events.onerror = () => this.lost();
  }

  /** On connecting, the server says its version at once: what happened in between is never missed. */
  heard(version) {
    this.latest = version;
    this.patience = PATIENCE;
    this.ask();
  }

  /** Ask for a rerun until the page shows what was heard: a request is lost where Streamlit is reconnecting. */
  ask() {
    clearTimeout(this.again);
    if (this.shown === this.latest) return;
    this.rerun(this.latest);
    this.again = setTimeout(() => this.ask(), this.patience);
    this.patience = Math.min(2 * this.patience, this.heartbeat);
  }

  /** A dropped connection is the browser's to renew; a refused one (readyState closed) is ours. */
  lost() {
    if (this.events?.readyState !== EventSource.CLOSED) return;
    this.close();
    this.again = setTimeout(() => {
      this.rerun(Date.now());
      this.open();
    }, this.heartbeat);
  }

  close() {
    clearTimeout(this.again);
    this.events?.close();
    this.events = null;
  }

  end() {
    document.removeEventListener("visibilitychange", this.onVisibility);
    this.close();
  }
}

export default function ({ data, parentElement, setTriggerValue }) {
  if (!listeners.has(parentElement)) listeners.set(parentElement, new Listener());
  const listener = listeners.get(parentElement);
  listener.update(data, (value) => setTriggerValue("heard", value));
  return () => {
    listener.end();
    listeners.delete(parentElement);
  };
}
