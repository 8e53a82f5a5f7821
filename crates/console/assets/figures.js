// From counts since the start to rates and quantiles, and figures as people read them.

// Rates and quantiles are those of about this time, and no less than two samples apart.
const WINDOW_MILLIS = 8000;
// Points of a sparkline, about a second each.
export const POINTS_MAX = 180;

// The samples of a node, the newest last; begun anew when it has restarted.
export function addSample(samples, activity) {
  const last = samples.at(-1);
  if (last && activity.at_millis === last.at_millis) return samples;
  const kept = last && activity.at_millis > last.at_millis ? samples : [];
  return [...kept.filter((sample) => activity.at_millis - sample.at_millis <= 2 * WINDOW_MILLIS), activity];
}

// What happened between two samples: by operation the requests, failures and latencies, and the seconds between them.
export function latest(samples) {
  const now = samples?.at(-1);
  const before = samples?.find((sample) => now.at_millis - sample.at_millis <= WINDOW_MILLIS);
  if (!before || before === now) return null;
  const was = new Map(before.operations.map((operation) => [operation.operation, operation]));
  const operations = now.operations.map((operation) => {
    const old = was.get(operation.operation);
    const counts = new Map((old?.latencies ?? []).map((bucket) => [bucket.micros_max, bucket.requests]));
    return {
      operation: operation.operation,
      requests: operation.requests - (old?.requests ?? 0),
      failed: operation.failed - (old?.failed ?? 0),
      latencies: operation.latencies.map(({ micros_max, requests }) => [micros_max, requests - (counts.get(micros_max) ?? 0)]),
    };
  });
  return { seconds: (now.at_millis - before.at_millis) / 1000, operations };
}

// The sum of what happened on several nodes: by operation requests and failures per second, and latencies.
export function together(parts) {
  const all = new Map();
  for (const { seconds, operations } of parts) {
    for (const { operation, requests, failed, latencies } of operations) {
      const sum = all.get(operation) ?? { operation, perSecond: 0, failedPerSecond: 0, latencies: new Map() };
      sum.perSecond += requests / seconds;
      sum.failedPerSecond += failed / seconds;
      for (const [micros, count] of latencies) sum.latencies.set(micros, (sum.latencies.get(micros) ?? 0) + count);
      all.set(operation, sum);
    }
  }
  return all;
}

// The time that this part of the requests did not exceed: the end of its bucket, "more" beyond the last one, null of none.
export function quantile(latencies, part) {
  const buckets = [...latencies].filter(([, count]) => count > 0).sort(([a], [b]) => (a ?? Infinity) - (b ?? Infinity));
  const total = buckets.reduce((sum, [, count]) => sum + count, 0);
  if (total === 0) return null;
  let seen = 0;
  for (const [micros, count] of buckets) {
    seen += count;
    if (seen >= total * part) return micros ?? "more";
  }
  return null;
}

// Rates of tables are those between the newest answer and the oldest that is no older than this before it.
const TABLES_WINDOW_MILLIS = 17000;

export const nameOf = (table) => `${table.keyspace}.${table.table}`;

// The answers of which rates are made, each with its time, the newest last. A tab that nobody looks at asks seldom: the last stays.
export function addTables(samples, tables, millis) {
  const counts = new Map(tables.map((table) => [nameOf(table), table]));
  const kept = samples.filter((sample) => sample === samples.at(-1) || millis - sample.millis <= TABLES_WINDOW_MILLIS);
  return [...kept, { millis, counts }];
}

// The reads and writes of a table per second; null until two answers know it. A node that has restarted and a table that was
// truncated count from 0: only answers since then are compared.
export function tableRates(samples, name) {
  const now = samples.at(-1)?.counts.get(name);
  let [first, since] = [now, 0];
  for (const { millis, counts } of [...samples].reverse()) {
    const before = counts.get(name);
    if (!before || before.reads > first.reads || before.writes > first.writes) break;
    [first, since] = [before, millis];
  }
  if (!now || first === now) return null;
  const seconds = (samples.at(-1).millis - since) / 1000;
  return { reads: (now.reads - first.reads) / seconds, writes: (now.writes - first.writes) / seconds };
}

export const READS = ["read", "scan"];
export const WRITES = ["write", "cas", "batch", "counter"];

export function sumRate(operations, names) {
  return names.reduce((sum, name) => sum + (operations.get(name)?.perSecond ?? 0), 0);
}

export function addPoint(points, point) {
  return [...points, point].slice(-POINTS_MAX);
}

const trimmed = (number) => (number >= 100 ? number.toFixed(0) : number >= 10 ? number.toFixed(1) : number.toFixed(2));

export function rateText(rate) {
  if (rate === null || rate === undefined) return "–";
  if (rate === 0) return "0";
  if (rate >= 1e6) return `${trimmed(rate / 1e6)} M`;
  if (rate >= 1e4) return `${trimmed(rate / 1e3)} k`;
  return rate >= 10 ? rate.toFixed(0) : rate.toFixed(1);
}

export function microsText(micros) {
  if (micros === null || micros === undefined) return "–";
  if (micros === "more") return "> 10 s";
  if (micros < 1000) return `${micros} µs`;
  if (micros < 1e6) return `${+(micros / 1000).toFixed(1)} ms`;
  return `${+(micros / 1e6).toFixed(1)} s`;
}

export function bytesText(bytes) {
  if (bytes === null || bytes === undefined) return "–";
  const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
  let at = 0;
  let value = bytes;
  while (value >= 1024 && at < units.length - 1) {
    value /= 1024;
    at += 1;
  }
  return `${at === 0 ? value : trimmed(value)} ${units[at]}`;
}

export function secondsText(seconds) {
  if (seconds === null || seconds === undefined) return "–";
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172800) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86400)} d`;
}

export const countText = (count) => (count === null || count === undefined ? "–" : count.toLocaleString("en"));
export const shareText = (share) => `${(share * 100).toFixed(1)} %`;
