// What the console asks of the process that served it, which passes it on to a node.
import { useEffect, useRef, useState } from "./vendor/hooks.js";

const KEPT = "henge-console-token";
const KEPT_SESSION = "henge-console-session";
const ANSWER_MILLIS = 5000;
const DOCTOR_MILLIS = 20000;
const QUERY_MILLIS = 30000;
// Between two questions of a tab that nobody looks at.
const HIDDEN_MILLIS = 30000;

// The token comes in the fragment, which no browser sends anywhere, and leaves the address bar at once.
function takeToken() {
  const given = /^#([0-9a-f]{32})$/.exec(location.hash);
  if (given) {
    sessionStorage.setItem(KEPT, given[1]);
    history.replaceState(null, "", location.pathname);
  }
  return sessionStorage.getItem(KEPT) ?? "";
}

const token = takeToken();

async function request(path, options, millis) {
  let response;
  try {
    const headers = { ...options.headers, "henge-console": token };
    response = await fetch(`/api/${path}`, { ...options, headers, signal: AbortSignal.timeout(millis) });
  } catch (error) {
    const reason = error.name === "TimeoutError" ? `no answer within ${millis / 1000} s` : "henge admin console has ended";
    throw new Error(reason);
  }
  const body = await response.json().catch(() => null);
  if (!response.ok) throw Object.assign(new Error(body?.message ?? `the answer was ${response.status}`), { status: response.status });
  return body;
}

const ask = (path) => request(path, {}, path === "doctor" ? DOCTOR_MILLIS : ANSWER_MILLIS);

// The newest answer, asked for again and again: { data, at, error, failing }, with the times of the last answer and of the
// first failure since.
export function usePoll(path, millis, take) {
  const [state, setState] = useState({ data: null, at: 0, error: null, failing: 0 });
  const taken = useRef(take);
  taken.current = take;
  useEffect(() => {
    let timer = 0;
    let ended = false;
    const step = async () => {
      const asked = performance.now();
      timer = 0;
      try {
        const data = await ask(path);
        if (ended) return;
        taken.current?.(data);
        setState({ data, at: Date.now(), error: null, failing: 0 });
      } catch (error) {
        if (ended) return;
        setState((old) => ({ ...old, error: error.message, failing: old.failing || Date.now() }));
      }
      const pause = document.hidden ? Math.max(millis, HIDDEN_MILLIS) : millis;
      timer = setTimeout(step, Math.max(0, pause - (performance.now() - asked)));
    };
    // Of a tab that is looked at again the pause ends.
    const wake = () => {
      if (document.hidden || timer === 0) return;
      clearTimeout(timer);
      timer = 0;
      step();
    };
    document.addEventListener("visibilitychange", wake);
    step();
    return () => {
      ended = true;
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", wake);
    };
  }, [path, millis]);
  return state;
}

// The session of the person who has logged in: { session, role, place }, or null. The password is kept nowhere.
export function loggedIn() {
  return JSON.parse(sessionStorage.getItem(KEPT_SESSION) ?? "null");
}

export async function logIn(role, password) {
  const { error, ...told } = await send("log-in", { role, password });
  if (error) throw new Error(error);
  sessionStorage.setItem(KEPT_SESSION, JSON.stringify({ ...told, role }));
}

export function logOut() {
  if (loggedIn()) send("log-out", {}).catch(() => {});
  sessionStorage.removeItem(KEPT_SESSION);
}

export const runStatement = (asked) => send("query", asked);

function send(path, body) {
  const headers = { "content-type": "application/json", "henge-console-session": loggedIn()?.session ?? "" };
  return request(path, { method: "POST", headers, body: JSON.stringify(body) }, QUERY_MILLIS);
}
