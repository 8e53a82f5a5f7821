// What the console asks of the process that served it, which passes it on to a node.
import { useEffect, useRef, useState } from "./vendor/hooks.js";

const KEPT = "henge-console-token";
const ANSWER_MILLIS = 5000;
const DOCTOR_MILLIS = 20000;
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

export async function ask(path, millis = path === "doctor" ? DOCTOR_MILLIS : ANSWER_MILLIS) {
  let response;
  try {
    response = await fetch(`/api/${path}`, { headers: { "henge-console": token }, signal: AbortSignal.timeout(millis) });
  } catch (error) {
    const reason = error.name === "TimeoutError" ? `no answer within ${millis / 1000} s` : "henge admin console has ended";
    throw new Error(reason);
  }
  const body = await response.json().catch(() => null);
  if (!response.ok) throw new Error(body?.message ?? `the answer was ${response.status}`);
  return body;
}

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
