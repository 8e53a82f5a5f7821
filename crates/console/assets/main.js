// The console: what is asked of the node all the time, and one view of it.
import { render } from "./vendor/preact.js";
import { useEffect, useRef, useState } from "./vendor/hooks.js";
import { READS, WRITES, addPoint, addSample, secondsText, sumRate, together } from "./figures.js";
import { usePoll } from "./node.js";
import { html, shortAddress } from "./parts.js";
import { Overview, liveParts } from "./overview.js";
import { Tables } from "./tables.js";
import { Schema } from "./schema.js";
import { Requests } from "./requests.js";
import { Health } from "./health.js";
import { Query } from "./query.js";

const CLUSTER_MILLIS = 1000;
// While a member that seems up is silent: the node is about to take it for down.
const DOUBT_MILLIS = 200;
// A member that is killed is asked in vain within this time.
const ACTIVITY_MILLIS = 500;
// News is told by all within this time.
const AGREED_MILLIS = 5000;
// Between two points of the sparkline.
const POINT_MILLIS = 950;

const VIEWS = [
  { path: "overview", title: "Overview", view: Overview },
  { path: "tables", title: "Tables", view: Tables },
  { path: "schema", title: "Schema", view: Schema },
  { path: "requests", title: "Requests", view: Requests },
  { path: "health", title: "Health", view: Health },
  { path: "query", title: "Query", view: Query },
];

const viewOf = (hash) => VIEWS.find((one) => `#/${one.path}` === hash) ?? VIEWS[0];

// The view that the address names.
function useView() {
  const [view, setView] = useState(viewOf(location.hash));
  useEffect(() => {
    const follow = () => setView(viewOf(location.hash));
    addEventListener("hashchange", follow);
    return () => removeEventListener("hashchange", follow);
  }, []);
  return view;
}

// Numbers choose views, a slash goes to the filter, a question mark shows the keys.
function useKeys(toggleHelp) {
  useEffect(() => {
    const press = (event) => {
      const writes = event.target.closest?.("input, textarea, select");
      if (event.key === "Escape") return writes ? event.target.blur() : toggleHelp(false);
      if (writes || event.ctrlKey || event.metaKey || event.altKey) return;
      const view = VIEWS[Number(event.key) - 1];
      if (view) location.hash = `#/${view.path}`;
      else if (event.key === "?") toggleHelp(true);
      else if (event.key === "/") {
        event.preventDefault();
        document.querySelector("[data-filter]")?.focus();
      }
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, []);
}

// The samples of each node, and the sums that the sparkline draws.
function useRecord() {
  const record = useRef({ samples: new Map(), points: [], pointed: 0 });
  const take = (activity) => {
    const { samples, points, pointed } = record.current;
    const kept = new Map();
    for (const { host_id, health } of activity.members) {
      if (health) kept.set(host_id, addSample(samples.get(host_id) ?? [], health.activity));
    }
    const live = liveParts(kept);
    const operations = together(live.values());
    const point = { reads: sumRate(operations, READS), writes: sumRate(operations, WRITES) };
    const isDue = live.size > 0 && performance.now() - pointed >= POINT_MILLIS;
    record.current = isDue
      ? { samples: kept, points: addPoint(points, point), pointed: performance.now() }
      : { samples: kept, points, pointed };
  };
  return [record.current, take];
}

// True while a member that seems up does not answer.
function isInDoubt(members, words) {
  const silent = new Set(words.filter((word) => word.error).map((word) => word.host_id));
  return members.some((member) => member.is_up && silent.has(member.host_id));
}

function Summary({ cluster, activity }) {
  const apart = useRef(0);
  if (!cluster.data) return null;
  const members = cluster.data.members;
  const up = members.filter((member) => member.is_up).length;
  // One that joins has told none yet; and what is new, each step of a plan too, takes some rounds of gossip to be told.
  const versions = new Set(members.filter((member) => member.is_up && member.schema_version).map((member) => member.schema_version));
  apart.current = versions.size <= 1 ? 0 : apart.current || Date.now();
  const agrees = apart.current === 0 || Date.now() - apart.current < AGREED_MILLIS;
  const moving = members.filter((member) => member.state !== "normal").length;
  const hints = (activity.data?.members ?? []).reduce((sum, word) => sum + (word.health?.hints.count ?? 0), 0);
  const facts = [
    [up === members.length ? "good" : "bad", `${up} of ${members.length === 1 ? "1 node" : `${members.length} nodes`} up`],
    [agrees ? "good" : "warn", agrees ? "schema agrees" : `${versions.size} versions of the schema`],
    [moving === 0 ? "calm" : "warn", moving === 0 ? "no node moves" : moving === 1 ? "1 node joins or leaves" : `${moving} nodes join or leave`],
    [hints === 0 ? "calm" : "warn", hints === 0 ? "no hints wait" : hints === 1 ? "1 hint waits" : `${hints.toLocaleString("en")} hints wait`],
  ];
  return html`<ul class=${cluster.error ? "summary old" : "summary"} aria-label="The cluster in short">${facts.map(([look, text]) => html`<li key=${text} class=${look}>${text}</li>`)}</ul>`;
}

// Said above all else while the node does not answer: what is shown then is old.
function Silence({ cluster }) {
  if (!cluster.error) return null;
  const since = secondsText((Date.now() - cluster.failing) / 1000);
  const shown = cluster.at ? ` What is shown is from ${new Date(cluster.at).toLocaleTimeString()}.` : "";
  return html`<p class="silence" role="alert">No answer for ${since}: ${cluster.error}.${shown}</p>`;
}

function Help({ close }) {
  const dialog = useRef(null);
  useEffect(() => dialog.current.showModal(), []);
  return html`<dialog ref=${dialog} onClose=${close} aria-label="Keys">
    <h2>Keys</h2>
    <dl class="facts">${VIEWS.map((one, at) => html`<dt key=${one.path}><kbd>${at + 1}</kbd></dt><dd>${one.title}</dd>`)}
      <dt><kbd>/</kbd></dt><dd>to the filter, or to the statement</dd><dt><kbd>Esc</kbd></dt><dd>out of it</dd>
      <dt><kbd>Tab</kbd></dt><dd>through nodes, columns and tables; a chosen node stands out in the ring</dd></dl>
    <form method="dialog"><button autofocus>Close</button></form>
  </dialog>`;
}

function Console() {
  const view = useView();
  const [helps, setHelps] = useState(false);
  const [record, take] = useRecord();
  const facts = usePoll("console", 60000);
  const [inDoubt, doubt] = useState(false);
  const cluster = usePoll("reports/cluster", inDoubt ? DOUBT_MILLIS : CLUSTER_MILLIS);
  const activity = usePoll("reports/activity", ACTIVITY_MILLIS, take);
  useEffect(() => {
    doubt(isInDoubt(cluster.data?.members ?? [], activity.data?.members ?? []));
  }, [cluster.data, activity.data]);
  useKeys(setHelps);
  useEffect(() => {
    document.title = `${view.title} – ${cluster.data?.name ?? "Henge"} console`;
  }, [view, cluster.data?.name]);
  const answering = shortAddress(cluster.data?.members.find((member) => member.answers)?.address ?? "the node");
  return html`<a class="skip" href=${`#/${view.path}`} onClick=${() => document.getElementById("view").focus()}>To the content</a>
    <header class="top">
      <h1><img src="/icon.svg" alt="" width="22" height="22"/>${cluster.data?.name ?? "Henge"}</h1>
      <nav aria-label="Views">${VIEWS.map((one, at) => html`<a key=${one.path} href=${`#/${one.path}`}
        aria-current=${one === view ? "page" : undefined}>${one.title}<kbd aria-hidden="true">${at + 1}</kbd></a>`)}</nav>
      <div class="end"><${Summary} cluster=${cluster} activity=${activity}/>
        <button type="button" class="help" aria-label="Keys" onClick=${() => setHelps(true)}>?</button></div>
    </header>
    <${Silence} cluster=${cluster}/>
    <main id="view" tabindex="-1" class=${cluster.error ? "old" : ""}>
      <${view.view} cluster=${cluster} activity=${activity} samples=${record.samples} points=${record.points} answering=${answering}/>
    </main>
    <footer>as ${answering} has it, by ${facts.data?.place ?? "its admin socket"} · henge ${facts.data?.release ?? ""} · reports only; statements run as the role that logs in</footer>
    ${helps && html`<${Help} close=${() => setHelps(false)}/>`}`;
}

render(html`<${Console}/>`, document.getElementById("console"));
