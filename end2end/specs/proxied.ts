// Replicas of one simulated cluster behind nginx, for specs that a single demo cannot show. Each spec has its own and
// ends it. NGINX_PROGRAM, WORKSHOP_BINARY and WORKSHOP_SITE are set by `cargo xtask test browser`.

import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { chmodSync, cpSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

import { test as base, expect } from "@playwright/test";

const program = process.env.NGINX_PROGRAM ?? "nginx";
const binary = process.env.WORKSHOP_BINARY ?? "";
const site = process.env.WORKSHOP_SITE ?? "";

type Described = { url: string; seats: { namespace: string; code: string }[]; instructor: string; kubectl: string };

/// A test with a proxy of its own, whose certificate nobody knows.
export const test = base.extend<{ proxied: Proxied }>({
  ignoreHTTPSErrors: true,
  proxied: async ({}, use, info) => {
    // What is shown does not depend on the screen, and each test starts a cluster of its own.
    info.skip(info.project.name !== "wide", "once is enough");
    const proxied = new Proxied();
    await use(proxied);
    await proxied.end();
  },
});

export { expect };

/// What a spec started, ended in reverse.
export class Proxied {
  readonly folder = mkdtempSync(join(tmpdir(), "workshop-proxied-"));
  private readonly processes: ChildProcess[] = [];

  constructor() {
    // nginx started by root works as nobody.
    chmodSync(this.folder, 0o755);
  }

  async end() {
    for (const process of this.processes.reverse()) await ended(process, "SIGTERM");
    rmSync(this.folder, { recursive: true, force: true });
  }

  /// Another build of the site: the same files under another hash. Without `whole` they are not there.
  build(hash: string, whole = true): string {
    const copy = join(this.folder, hash);
    cpSync(site, copy, { recursive: true });
    const was = readFileSync(join(copy, "build"), "utf8").trim();
    renameSync(join(copy, "pkg", was), join(copy, "pkg", whole ? hash : "elsewhere"));
    writeFileSync(join(copy, "build"), hash);
    return copy;
  }

  /// The simulated cluster and a first replica.
  async demo(port: number, publicUrl: string, folder = site): Promise<Described> {
    const options = ["--json", "--seats", "4", "--kubectl-listen", "127.0.0.1:0"];
    const line = await this.workshop(["demo", ...options, ...listening(port, publicUrl, folder)]);
    await ready(port);
    return JSON.parse(line);
  }

  /// A second replica of that cluster.
  async replica(kubectl: string, port: number, publicUrl: string, folder = site): Promise<ChildProcess> {
    const kubeconfig = join(this.folder, "kubeconfig");
    writeFileSync(kubeconfig, JSON.stringify({
      apiVersion: "v1",
      kind: "Config",
      clusters: [{ name: "simulated", cluster: { server: kubectl } }],
      users: [{ name: "admin", user: {} }],
      contexts: [{ name: "simulated", context: { cluster: "simulated", user: "admin" } }],
      "current-context": "simulated",
    }));
    await this.workshop(["serve", "--kubeconfig", kubeconfig, ...listening(port, publicUrl, folder)]);
    await ready(port);
    return this.processes[this.processes.length - 1];
  }

  /// nginx at the public URL in front of these ports by turns, with HTTP/2 where it is https; all else as it comes, but
  /// for `more`.
  async nginx(publicUrl: string, ports: number[], more = ""): Promise<Nginx> {
    const { port, protocol } = new URL(publicUrl);
    const nginx = new Nginx(this.folder, port, protocol === "https:", more);
    nginx.configure(ports);
    const started = spawn(program, ["-c", nginx.file, "-e", join(this.folder, "error.log")], { stdio: "inherit" });
    this.processes.push(started);
    nginx.process = started;
    await until(() => accepts(Number(port)));
    return nginx;
  }

  /// Starts it; returns its first line.
  private async workshop(options: string[]): Promise<string> {
    const started = spawn(binary, options, { stdio: ["ignore", "pipe", "inherit"] });
    this.processes.push(started);
    const lines = createInterface({ input: started.stdout! });
    for await (const line of lines) return line;
    throw new Error(`workshop ${options[0]} ended`);
  }
}

/// A running nginx.
export class Nginx {
  readonly file: string;
  process?: ChildProcess;

  constructor(private readonly folder: string, private readonly port: string, private readonly tls: boolean, private readonly more: string) {
    this.file = join(folder, "nginx.conf");
    execFileSync("openssl", [
      "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1",
      "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", join(folder, "key.pem"), "-out", join(folder, "cert.pem"),
    ], { stdio: "ignore" });
  }

  configure(ports: number[]) {
    const { folder } = this;
    const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    writeFileSync(this.file, `
      daemon off;
      pid ${folder}/nginx.pid;
      events {}
      http {
        access_log ${folder}/access.log;
        ${temporary.map((what) => `${what}_temp_path ${folder}/${what};`).join("\n")}
        upstream panel { ${ports.map((port) => `server 127.0.0.1:${port};`).join(" ")} }
        server {
          listen 127.0.0.1:${this.port} ${this.tls ? "ssl http2" : ""};
          ${this.tls ? `ssl_certificate ${folder}/cert.pem; ssl_certificate_key ${folder}/key.pem;` : ""}
          location / { proxy_pass http://panel; ${this.more} }
        }
      }`);
  }

  /// Takes new replicas in; open streams stay where they are.
  reload(ports: number[]) {
    this.configure(ports);
    this.process?.kill("SIGHUP");
  }
}

/// Asks a process to end, and waits until it has.
export async function ended(process: ChildProcess, signal: NodeJS.Signals) {
  if (process.exitCode !== null || process.signalCode !== null) return;
  const exit = new Promise((resolve) => process.once("exit", resolve));
  process.kill(signal);
  await exit;
}

/// Ports that are free now.
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(Array.from({ length: count }, async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return server;
  }));
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

function listening(port: number, publicUrl: string, folder: string): string[] {
  return ["--listen", `127.0.0.1:${port}`, "--public-url", publicUrl, "--site", folder];
}

async function ready(port: number) {
  const answer = () => fetch(`http://127.0.0.1:${port}/readyz`);
  await until(() => answer().then((answer) => answer.ok, () => false));
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const connection = connect(port, "127.0.0.1");
    connection.once("connect", () => resolve(true)).once("error", () => resolve(false));
    connection.once("connect", () => connection.end());
  });
}

/// A process that starts refuses connections at first, and tells nobody when it no longer does.
async function until(is: () => Promise<boolean>) {
  for (let tries = 0; tries < 200; tries += 1) {
    if (await is()) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error("it does not answer");
}
