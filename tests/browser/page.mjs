// What the browser tests share: Chromium, the page, the colours of the map.
import { mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";

const require = createRequire(new URL("../../web/package.json", import.meta.url));
const { chromium } = require("playwright-core");

const FLAGS = [
  "--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader",
  "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync",
];

// A page of `viewport` at `url`, its first picture drawn. `faults` collects console errors and
// uncaught exceptions, `tiles` the tile requests.
export async function openPage(url, { viewport = { width: 1280, height: 800 }, ...options } = {}) {
  const profile = await mkdtemp(path.join(tmpdir(), "terrazzo-chromium-"));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", headless: true, args: FLAGS, viewport, ...options,
  });
  const page = context.pages()[0] ?? await context.newPage();
  const faults = [];
  const tiles = [];
  page.on("console", (message) => message.type() === "error" && faults.push(message.text()));
  page.on("pageerror", (error) => faults.push(String(error)));
  page.on("request", (request) => /\/\d+\/\d+\/\d+\.png/.test(request.url()) && tiles.push(decodeURIComponent(request.url())));
  await page.goto(url);
  await page.waitForFunction(() => window.terrazzo);
  await page.evaluate(() => window.terrazzo.ready);
  const close = async () => {
    await context.close();
    await rm(profile, { recursive: true, force: true });
  };
  return { page, faults, tiles, close, id: (name) => page.getByTestId(name) };
}

// Mean [r, g, b] of a square of 24 pixels around the place of a longitude and latitude.
export async function colorAt(page, lonlat) {
  const at = await page.evaluate((where) => {
    const box = window.terrazzo.map.getContainer().getBoundingClientRect();
    const point = window.terrazzo.map.project(where);
    return { x: box.x + point.x, y: box.y + point.y };
  }, lonlat);
  const shot = await page.screenshot({ clip: { x: at.x - 12, y: at.y - 12, width: 24, height: 24 } });
  return page.evaluate(async (base64) => {
    const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
    const bitmap = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
    const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
    const draw = canvas.getContext("2d");
    draw.drawImage(bitmap, 0, 0);
    const { data } = draw.getImageData(0, 0, bitmap.width, bitmap.height);
    const sum = [0, 0, 0];
    for (let i = 0; i < data.length; i += 4) for (let k = 0; k < 3; k++) sum[k] += data[i + k];
    return sum.map((s) => Math.round((s * 4) / data.length));
  }, shot.toString("base64"));
}

// Until `holds(value)` of a value that is asked for again and again; the last value.
export async function eventually(ask, holds, what) {
  let value;
  for (let i = 0; i < 60; i++) {
    value = await ask();
    if (holds(value)) return value;
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
  throw new Error(`${what}: ${JSON.stringify(value)}`);
}

// The colour at a place once it no longer changes.
export async function settled(page, lonlat) {
  let last = [-1, -1, -1];
  return eventually(async () => {
    const now = await colorAt(page, lonlat);
    const same = now.every((v, i) => Math.abs(v - last[i]) <= 1);
    last = now;
    return same ? now : null;
  }, Boolean, "the colour does not settle");
}
