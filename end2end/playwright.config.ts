import { defineConfig } from "@playwright/test";

// Sizes of a laptop, a projector and a phone. The specs run on any panel that WORKSHOP describes.
const sizes = {
  wide: { width: 1440, height: 900 },
  projector: { width: 1024, height: 768 },
  phone: { width: 390, height: 844 },
};

export default defineConfig({
  testDir: "specs",
  fullyParallel: true,
  forbidOnly: !!process.env.CI,
  // A test that passes at its second try is a defect to be found, not to be hidden.
  retries: 0,
  workers: 4,
  // The HPA looks every 15 s and keeps its window of 80 s: a whole load takes about four minutes.
  timeout: 420_000,
  expect: { timeout: 15_000 },
  reporter: [["list"]],
  use: {
    launchOptions: {
      executablePath: process.env.CHROMIUM,
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    },
    screenshot: "only-on-failure",
    // What was done and asked; pictures of every step would keep two cores busy.
    trace: { mode: "retain-on-failure", screenshots: false, snapshots: false, sources: false },
  },
  projects: Object.entries(sizes).map(([name, viewport]) => ({
    name,
    use: { viewport, hasTouch: name === "phone" },
  })),
});
