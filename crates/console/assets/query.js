// Statements of a person who has logged in as a role, and the trace of one as a waterfall.
import { useRef, useState } from "./vendor/hooks.js";
import { countText, microsText } from "./figures.js";
import { logIn, logOut, loggedIn, runStatement } from "./node.js";
import { Panel, html } from "./parts.js";

const LEVELS = ["LOCAL_ONE", "ONE", "TWO", "THREE", "QUORUM", "LOCAL_QUORUM", "EACH_QUORUM", "ALL", "SERIAL", "LOCAL_SERIAL", "ANY"];

function Login({ enter }) {
  const [state, setState] = useState({ busy: false, error: null });
  const submit = async (event) => {
    event.preventDefault();
    const { role, password } = event.currentTarget.elements;
    setState({ busy: true, error: null });
    try {
      await logIn(role.value, password.value);
      enter();
    } catch (error) {
      setState({ busy: false, error: error.message });
    }
  };
  return html`<${Panel} title="Log in" note="as a role of the cluster, with its rights; where nobody has to log in, leave both empty">
    <form class="login" onSubmit=${submit}>
      <label>Role <input name="role" autocomplete="username" autocapitalize="off" spellcheck=${false}/></label>
      <label>Password <input name="password" type="password" autocomplete="current-password"/></label>
      <button class="act" disabled=${state.busy}>${state.busy ? "Asking…" : "Log in"}</button>
    </form>
    ${state.error && html`<p class="refused" role="alert">${state.error}</p>`}
  <//>`;
}

function Rows({ columns, rows }) {
  if (columns.length === 0) return html`<p class="quiet">Done; the statement answers no rows.</p>`;
  return html`<div class="scroll"><table class="rows">
    <thead><tr>${columns.map(([name, type]) => html`<th scope="col">${name} <span class="quiet">${type}</span></th>`)}</tr></thead>
    <tbody>${rows.map((row) => html`<tr>${row.map((value) => html`<td class=${value === null ? "quiet" : ""}>${value ?? "null"}</td>`)}</tr>`)}</tbody>
  </table></div>`;
}

// Each step is a bar from its time to that of the next step of the same thread, on the axis of the whole request.
function Waterfall({ trace }) {
  const sources = [...new Set([trace.coordinator, ...trace.events.map((event) => event.source)])].filter(Boolean);
  const end = Math.max(1, trace.duration_micros ?? 0, ...trace.events.map((event) => event.at_micros));
  const events = [...trace.events].sort((a, b) => a.at_micros - b.at_micros);
  const until = (event, at) => events.slice(at + 1).find((next) => next.source === event.source && next.thread === event.thread)?.at_micros
    ?? (event.source === trace.coordinator ? end : event.at_micros);
  const note = trace.duration_micros === null ? "not complete yet: the node was still writing it" : `${microsText(trace.duration_micros)} in all`;
  return html`<${Panel} title="Trace" wide=${true} note=${`${note}; times of each node are since it began with the request`}>
    <ul class="sources">${sources.map((source, at) => html`<li key=${source}><span class=${`swatch color-${at % 8}`} aria-hidden="true"></span>
      ${source}${source === trace.coordinator ? " (coordinator)" : ""}</li>`)}</ul>
    <div class="scroll"><table class="waterfall">
      <thead><tr><th scope="col" class="number">At</th><th scope="col">Node</th><th scope="col">From 0 to ${microsText(end)}</th><th scope="col">Step</th></tr></thead>
      <tbody>${events.map((event, at) => {
        const [from, to] = [event.at_micros / end, until(event, at) / end];
        return html`<tr><td class="number">${microsText(event.at_micros)}</td><td>${event.source}</td>
          <td><svg class="step" viewBox="0 0 200 10" preserveAspectRatio="none" aria-hidden="true"><rect class="bar-ground" width="200" height="10"/>
            <rect class=${`step-bar color-${sources.indexOf(event.source) % 8}`} x=${Math.min(from * 200, 198.5)} width=${Math.max(1.5, (to - from) * 200)} height="10"/></svg></td>
          <td class="activity">${event.activity}</td></tr>`;
      })}</tbody>
    </table></div>
  <//>`;
}

function Box({ leave }) {
  const [asked, setAsked] = useState({ consistency: "LOCAL_ONE", isTraced: false });
  const [state, setState] = useState({ busy: false, error: null, answer: null });
  const text = useRef(null);
  const run = async (from) => {
    const statement = from ? state.answer.statement : text.current.value;
    if (!statement.trim() || state.busy) return;
    setState((old) => ({ ...old, busy: true, error: null }));
    try {
      const page = await runStatement({ statement, consistency: asked.consistency, is_traced: asked.isTraced, from: from ?? null });
      if (page.error) return setState({ busy: false, error: page.error, answer: null });
      const rows = from ? [...state.answer.rows, ...page.rows] : page.rows;
      setState({ busy: false, error: null, answer: { ...page, rows, statement } });
    } catch (error) {
      setState({ busy: false, error: error.message, answer: null });
      if (error.status === 401) leave(error.message);
    }
  };
  const press = (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    run();
  };
  const { answer } = state;
  return html`<${Panel} title="Query" wide=${true} note=${`as ${loggedIn().role || "nobody in particular"}, at ${loggedIn().place}`}>
    <label class="statement-label">Statement
      <textarea ref=${text} name="statement" rows="4" spellcheck=${false} data-filter onKeyDown=${press}></textarea></label>
    <div class="actions">
      <button type="button" class="act" disabled=${state.busy} onClick=${() => run()}>${state.busy ? "Running…" : "Run"} <kbd>Ctrl Enter</kbd></button>
      <label>Consistency <select name="consistency" value=${asked.consistency}
        onChange=${(event) => setAsked({ ...asked, consistency: event.currentTarget.value })}>${LEVELS.map((level) => html`<option key=${level}>${level}</option>`)}</select></label>
      <label><input type="checkbox" name="trace" checked=${asked.isTraced}
        onChange=${(event) => setAsked({ ...asked, isTraced: event.currentTarget.checked })}/> Trace</label>
      <button type="button" class="leave" onClick=${() => leave(null)}>Log out</button>
    </div>
    <div aria-live="polite">
      ${state.error && html`<pre class="refused" role="alert">${state.error}</pre>`}
      ${answer && html`${answer.warnings.map((warning) => html`<p class="warning">${warning}</p>`)}
        <p class="quiet">${answer.columns.length > 0 ? `${countText(answer.rows.length)} ${answer.rows.length === 1 ? "row" : "rows"}${answer.next ? ", and more" : ""}, ` : ""}${microsText(answer.micros)} until the answer</p>
        <${Rows} columns=${answer.columns} rows=${answer.rows}/>
        ${answer.next && html`<button type="button" class="act more" disabled=${state.busy} onClick=${() => run(answer.next)}>More rows</button>`}`}
    </div>
  <//>
  ${answer?.trace && html`<${Waterfall} trace=${answer.trace}/>`}`;
}

export function Query() {
  const [, redraw] = useState(0);
  const [reason, setReason] = useState(null);
  const leave = (why) => {
    logOut();
    setReason(why);
    redraw((count) => count + 1);
  };
  return html`<div class="grid">
    ${reason && html`<p class="refused wide" role="alert">${reason}</p>`}
    ${loggedIn() ? html`<${Box} leave=${leave}/>` : html`<${Login} enter=${() => { setReason(null); redraw((count) => count + 1); }}/>`}
  </div>`;
}
