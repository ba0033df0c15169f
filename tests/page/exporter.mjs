// The program, as the test starts and stops it.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const running = new Set();
const directory = mkdtempSync(join(tmpdir(), "revenue-exporter-page-"));

process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
  rmSync(directory, { recursive: true, force: true });
});
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => process.exit(1));

export async function freePort() {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address();
  probe.close();
  await once(probe, "close");
  return port;
}

/** Starts the program; resolves when it answers. */
export async function start(binary, port, ...command) {
  const options = [...command, "--web.listen-address", `127.0.0.1:${port}`, "--log.level", "error"];
  const child = spawn(binary, options, { stdio: ["ignore", "ignore", "inherit"] });
  running.add(child);
  const base = `http://127.0.0.1:${port}`;
  for (const end = Date.now() + 15000; Date.now() < end; await pause(50)) {
    if (child.exitCode !== null) break;
    if (await fetch(`${base}/-/healthy`).then((answer) => answer.ok, () => false)) return { child, base };
  }
  throw new Error(`${command.join(" ")} does not answer`);
}

export async function stop({ child }) {
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  await ended;
  running.delete(child);
}

/** A configuration of these accounts of `vendor`, each asked `every` so often; its path. */
export function configured(vendor, names, every) {
  const key = (name) => {
    const path = join(directory, `${name}.key`);
    writeFileSync(path, `a-key-of-${name}`, { mode: 0o600 });
    return path;
  };
  const account = (name) => `
  - account: ${name}
    api_key_file: ${key(name)}
    base_url: ${vendor.address}
    timezone: UTC
    budget: {requests: 6000, per: 1h, reserve: 0%}
    history: {days: 0}
    views: [{view: all, ranges: [{range: today, every: ${every}}]}]`;
  const path = join(directory, `${names.length}.yml`);
  writeFileSync(path, `taprain:${names.map(account).join("")}\nstate: {directory: ""}\n`);
  return path;
}

export const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));
