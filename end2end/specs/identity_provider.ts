// A certified OpenID Connect provider (npm's oidc-provider) on a free port, with people of the test's choice and a sign-in
// page of one field; and a panel of its own that trusts it.

import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

import Provider, { type Context } from "oidc-provider";

/// What the provider knows of a person, by the name that is typed on its page.
export type People = Record<string, { name?: string; groups?: string[]; email?: string; email_verified?: boolean }>;

const client = { client_id: "workshop", client_secret: "a secret of the tests, and of nothing else" };

export class SingleSignOn {
  private constructor(
    readonly url: string,
    private readonly server: Server,
    private readonly panel: ChildProcess,
    private readonly folder: string,
  ) {}

  static async start(people: People, rules: string[]): Promise<SingleSignOn> {
    let answer = (_request: IncomingMessage, response: ServerResponse) => void response.writeHead(503).end();
    const server = createServer((request, response) => answer(request, response));
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

    // The panel is there before its provider: it must not need it to start.
    const folder = mkdtempSync(join(tmpdir(), "workshop-oidc-"));
    const secret = join(folder, "client-secret");
    writeFileSync(secret, `${client.client_secret}\n`);
    const panel = spawn(
      "../target/debug/workshop",
      [
        ["demo", "--json", "--listen", "127.0.0.1:0", "--seats", "6", "--site", "../target/site"],
        ["--oidc-issuer", issuer, "--oidc-client-id", client.client_id, "--oidc-client-secret-file", secret],
        ["--oidc-scopes", "profile,email,groups", "--oidc-contact", "Grace, room 7"],
        rules.flatMap((rule) => ["--oidc-rule", rule]),
      ].flat(),
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    const described = createInterface({ input: panel.stdout! })[Symbol.asyncIterator]().next();
    const ended = new Promise<never>((_, reject) => {
      panel.once("error", reject);
      panel.once("exit", (code) => reject(new Error(`the panel ended with ${code}`)));
    });
    ended.catch(() => {});
    const { url } = JSON.parse((await Promise.race([described, ended])).value);

    answer = handler(issuer, `${url}/oidc/callback`, people);
    return new SingleSignOn(url, server, panel, folder);
  }

  async stop() {
    const ended = new Promise((exit) => this.panel.once("exit", exit));
    this.panel.kill();
    await ended;
    this.server.closeAllConnections();
    this.server.close();
    rmSync(this.folder, { recursive: true });
  }
}

function handler(issuer: string, redirect: string, people: People) {
  const scope = "openid profile email groups";
  const provider = new Provider(issuer, {
    clients: [{ ...client, redirect_uris: [redirect] }],
    pkce: { required: () => true },
    claims: { profile: ["name"], email: ["email", "email_verified"], groups: ["groups"] },
    // Claims of the scopes stand in the ID token, as most providers do it.
    conformIdTokenClaims: false,
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_context: Context, interaction: { uid: string }) => `/interaction/${interaction.uid}` },
    findAccount: (_context: Context, accountId: string) => ({
      accountId,
      claims: () => ({ sub: accountId, ...people[accountId] }),
    }),
    // Nobody is asked whether the panel may know who they are: the school runs both.
    loadExistingGrant: async (context: Context) => {
      const { clientId } = context.oidc.client;
      const grant = new provider.Grant({ clientId, accountId: context.oidc.session.accountId });
      grant.addOIDCScope(scope);
      await grant.save();
      return grant;
    },
    cookies: { keys: ["a key of the tests"] },
    ttl: { Grant: 600, Interaction: 600, Session: 600, IdToken: 300, AccessToken: 300 },
  });
  const others = provider.callback();
  return (request: IncomingMessage, response: ServerResponse) => {
    if (!request.url?.startsWith("/interaction/")) return void others(request, response);
    if (request.method === "GET") {
      response.setHeader("content-type", "text/html");
      response.end(
        `<!doctype html><html lang="en"><title>The school's sign-in</title><form method="post">` +
          `<label>Account <input name="login"></label><button>Go</button></form>`,
      );
      return;
    }
    let form = "";
    request.on("data", (chunk) => (form += chunk));
    request.on("end", () => {
      const accountId = new URLSearchParams(form).get("login");
      void provider.interactionFinished(request, response, { login: { accountId } });
    });
  };
}
