// The map page against the real program: what a person does changes what the map shows.
//   node explorer.mjs URL SCRATCH-FOLDER [PICTURE-FOLDER]
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { colorAt, eventually, openPage, settled } from "./page.mjs";

const [url, , pictures] = process.argv.slice(2);
const far = (a, b) => Math.max(...a.map((v, i) => Math.abs(v - b[i])));
const like = (want, tolerance = 40) => (got) => far(got, want) <= tolerance;

let view;
let left; // longitude and latitude in the left half of the rasters, and right
let right;
let upper;
let lower;

before(async () => {
  const [west, south, east, north] = (await (await fetch(`${url}/metadata/scene/red`)).json()).bounds;
  const at = (x, y) => [west + x * (east - west), south + y * (north - south)];
  [left, right, upper, lower] = [at(0.3, 0.5), at(0.7, 0.5), at(0.5, 0.75), at(0.5, 0.25)];
  view = await openPage(url);
});

after(async () => view?.close());

const shot = (name, page = view.page) => pictures && page.screenshot({ path: `${pictures}/${name}.png` });
const select = async (words, keys) => {
  await view.id("search").fill(words);
  const first = () => view.id("row-0").getAttribute("data-keys");
  await eventually(first, (found) => found === keys, `the search for ${words} does not find ${keys}`);
  await view.id("row-0").click();
};

test("the page opens on data, not on a blank map", async () => {
  await eventually(() => view.tiles.length, (n) => n > 0, "no tile was asked for");
  assert.match(await view.id("total").innerText(), /4/);
  await shot("first-look");
});

test("searching and selecting a dataset draws it", async () => {
  await select("scene red", "scene/red");
  await eventually(() => view.tiles.at(-1), (t) => t.includes("/singleband/scene/red/"), "tiles of another dataset");
  const [dark, bright] = await eventually(
    async () => [await colorAt(view.page, left), await colorAt(view.page, right)],
    ([a, b]) => far(a, b) > 100, "the halves look alike");
  assert.ok(dark[0] < bright[0]);
});

test("a stretch changes the pixels", async () => {
  await view.id("stretch-low").fill("0");
  await view.id("stretch-high").fill("2000");
  await view.id("stretch-high").press("Enter");
  await eventually(() => view.tiles.at(-1), (t) => t.includes("stretch_range=[0,2000]"), "the stretch is not asked for");
  await eventually(() => colorAt(view.page, left), like([33, 144, 140]), "1000 of 0..2000 is not the middle of viridis");
  await eventually(() => colorAt(view.page, right), like([253, 231, 36]), "3000 of 0..2000 is not the end of viridis");
});

test("dragging a handle of the histogram changes the stretch", async () => {
  const before = view.tiles.length;
  const handle = await view.id("stretch-handle-high").boundingBox();
  await view.page.mouse.move(handle.x + handle.width / 2, handle.y + handle.height / 2);
  await view.page.mouse.down();
  await view.page.mouse.move(handle.x - 30, handle.y + handle.height / 2, { steps: 5 });
  await view.page.mouse.up();
  await eventually(() => view.tiles.slice(before).some((t) => !t.includes("stretch_range=[0,2000]")), Boolean, "no new stretch");
});

test("a colour map changes the colours", async () => {
  await view.id("stretch-low").fill("1000");
  await view.id("stretch-high").fill("3000");
  await view.id("stretch-high").press("Enter");
  await view.id("colormap-toggle").click();
  await view.id("colormap-search").fill("reds");
  await view.id("colormap-reds").click();
  await eventually(() => view.tiles.at(-1), (t) => t.includes("colormap=reds&") || t.endsWith("colormap=reds"), "the colour map is not asked for");
  await eventually(() => colorAt(view.page, left), like([255, 245, 240]), "low values are not white");
  await eventually(() => colorAt(view.page, right), like([103, 0, 13]), "high values are not dark red");
  await shot("colormap");
});

test("RGB combines three bands", async () => {
  await view.id("tab-rgb").click();
  await view.id("rgb-r").selectOption("red");
  await view.id("rgb-g").selectOption("green");
  await view.id("rgb-b").selectOption("nir");
  await eventually(() => view.tiles.at(-1), (t) => t.includes("/rgb/scene/") && t.includes("r=red") && t.includes("b=nir"), "no RGB tiles");
  await eventually(() => colorAt(view.page, left), ([r, , b]) => b - r > 100, "the left half is not blue");
  await eventually(() => colorAt(view.page, right), ([r, , b]) => r - b > 100, "the right half is not red");
});

test("a formula is drawn, and a bad one is explained without losing the picture", async () => {
  await view.id("tab-formula").click();
  await view.id("formula").fill("(nir - red) / (nir + red)");
  await eventually(() => view.tiles.at(-1), (t) => t.includes("/compute/scene/") && t.includes("expression="), "no computed tiles");
  await eventually(
    async () => [await colorAt(view.page, left), await colorAt(view.page, right)],
    ([a, b]) => far(a, b) > 80, "the index does not tell the halves apart");
  const good = await settled(view.page, left);
  await view.id("formula").fill("(nir - red");
  await eventually(() => view.id("formula-error").innerText(), (text) => text.length > 5, "no error text");
  const still = await colorAt(view.page, left);
  assert.ok(far(still, good) < 30, `the last good picture went away: ${good} became ${still}`);
  view.faults.length = 0; // the browser reports the refused request by itself
});

test("classes are drawn in their colours and can be hidden", async () => {
  await select("cover class", "cover/class");
  await view.id("tab-classes").click();
  assert.match(await view.id("class-1").innerText(), /Water/);
  await eventually(() => view.tiles.at(-1), (t) => t.includes("explicit_color_map="), "no class tiles");
  await eventually(() => colorAt(view.page, upper), like([30, 60, 200]), "the upper half is not water");
  await eventually(() => colorAt(view.page, lower), like([20, 160, 40]), "the lower half is not wood");
  await shot("classes");
  await view.id("class-2-visible").click();
  await eventually(() => colorAt(view.page, lower), (c) => far(c, [20, 160, 40]) > 60, "wood is still drawn");
});

test("opacity lets the background through", async () => {
  const before = await colorAt(view.page, upper);
  await view.id("opacity").fill("0.2");
  await eventually(() => colorAt(view.page, upper), (c) => far(c, before) > 40, "opacity changes nothing");
});

test("the value under the pointer and in the popup is the raster's", async () => {
  await select("scene nir", "scene/nir");
  const at = await view.page.evaluate((where) => {
    const box = window.terrazzo.map.getContainer().getBoundingClientRect();
    const point = window.terrazzo.map.project(where);
    return [box.x + point.x, box.y + point.y];
  }, left);
  await view.page.mouse.move(at[0], at[1], { steps: 3 });
  await eventually(() => view.id("status-value").innerText(), (t) => /3[\s,.\u202f]?00\d/.test(t), "no value in the status line");
  await view.page.mouse.click(at[0], at[1]);
  await eventually(() => view.id("popup-values").innerText(), (t) => /3[\s,.\u202f]?00\d/.test(t), "no value in the popup");
  assert.match(await view.id("popup-native").innerText(), /EPSG:32633/);
});

test("the address holds the state: a second visitor sees the same", async () => {
  await select("scene red", "scene/red");
  await view.id("tab-band").click();
  await view.id("stretch-low").fill("500");
  await view.id("stretch-high").fill("3500");
  await view.id("stretch-high").press("Enter");
  const address = await eventually(() => view.page.url(), (u) => u.includes("3500"), "the address does not change");
  const other = await openPage(address);
  await eventually(() => other.tiles.at(-1), (t) => t?.includes("/singleband/scene/red/") && t.includes("stretch_range=[500,3500]"), "another picture");
  assert.deepEqual(other.faults, []);
  await other.close();
});

test("keys alone reach the search, a row and the zoom", async () => {
  await view.page.keyboard.press("Escape");
  await view.id("map").focus().catch(() => {});
  await view.page.evaluate(() => document.activeElement?.blur());
  await view.page.keyboard.press("/");
  assert.equal(await view.page.evaluate(() => document.activeElement?.getAttribute("data-testid")), "search");
});

test("a phone in the dark gets the map and its sheets", async () => {
  const phone = await openPage(url, { viewport: { width: 390, height: 844 }, colorScheme: "dark", hasTouch: true, isMobile: true });
  const map = await phone.id("map").boundingBox();
  assert.ok(map.height >= 0.6 * 844);
  await eventually(() => phone.tiles.length, (n) => n > 0, "no tile was asked for");
  await shot("phone", phone.page);
  assert.deepEqual(phone.faults, []);
  await phone.close();
});

test("nothing went wrong in the console and nothing was asked of the internet", () => {
  assert.deepEqual(view.faults, []);
});
