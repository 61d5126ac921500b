// Three bands as red, green and blue.
import type { App, Panel } from '../app.ts';
import { possiblePresets } from '../core/bands.ts';
import type { Histogram, Range, State } from '../core/model.ts';
import { rgbStretches } from '../drawing.ts';
import { rgbBands, withBand } from '../scene.ts';
import { select, setOptions, slider } from '../widgets/controls.ts';
import { h, replace } from '../widgets/dom.ts';
import { Stretch } from '../widgets/stretch.ts';

const slots = [['r', 'Red'], ['g', 'Green'], ['b', 'Blue']] as const;

export function rgbPanel(app: App): Panel {
  const look = (change: Partial<State['rgb']>) => app.store.update({ rgb: { ...app.store.state.rgb, ...change } });
  const bandsNow = () => (app.scene ? rgbBands(app.store.state, app.scene) : []);
  const choose = (bands: readonly string[]) => {
    const before = bandsNow();
    look({ bands, stretches: app.store.state.rgb.stretches.map((one, k) => (before[k] === bands[k] ? one : null)) });
  };
  const chips = h('div', { class: 'presets', role: 'group', 'aria-label': 'Presets', testid: 'rgb-presets' });
  const selects = slots.map(([id, name], k) => select(name, `rgb-${id}`, (value) => choose(bandsNow().map((band, slot) => (slot === k ? value : band)))));
  const stretches = slots.map(([id, name], k) => new Stretch({
    name: `${name} stretch`, testid: `rgb-${id}-stretch`, compact: true,
    change: (range) => look({ stretches: app.store.state.rgb.stretches.map((one, slot) => (slot === k ? range : one)) }),
  }));
  const gamma = slider({ label: 'Gamma', testid: 'rgb-gamma', low: 0.2, high: 3, step: 0.05, rest: 1, show: (value) => value.toFixed(2), change: (value) => look({ gamma: value }) });
  const saturation = slider({ label: 'Saturation', testid: 'rgb-saturation', low: 0, high: 2, step: 0.05, rest: 1, show: (value) => value.toFixed(2), change: (value) => look({ saturation: value }) });
  const element = h('div', { class: 'tab-body' }, chips,
    ...slots.map(([id, name], k) => h('div', { class: `slot ${id}` }, h('label', { class: 'row' }, h('span', { class: 'key' }, name), selects[k]), stretches[k]!.element)),
    gamma.element, saturation.element);

  const histograms: (Histogram | null)[] = [null, null, null];
  const asked = ['', '', ''];
  let automatic: Range[] = [];
  const draw = () => stretches.forEach((stretch, k) => {
    const chosen = app.store.state.rgb.stretches[k] ?? null;
    stretch.set({ histogram: histograms[k] ?? null, stretch: chosen ?? automatic[k] ?? null, automatic: !chosen, colors: [] });
  });
  const update = (_: App, state: State) => {
    const { scene } = app;
    gamma.set(state.rgb.gamma);
    saturation.set(state.rgb.saturation);
    if (!scene) return;
    const bands = rgbBands(state, scene);
    selects.forEach((element_, k) => setOptions(element_, scene.bands, bands[k] ?? ''));
    const presets = possiblePresets(scene.roles);
    chips.hidden = !presets.length;
    replace(chips, ...presets.map((preset) => h('button', {
      class: 'preset', type: 'button', testid: `preset-${preset.name.toLowerCase()}`, 'aria-pressed': String(preset.bands.every((band, k) => band === bands[k])), onclick: () => choose(preset.bands),
    }, preset.name)));
    if (state.tab !== 'rgb') return;
    const auto = { ...state, rgb: { ...state.rgb, stretches: [null, null, null] } };
    rgbStretches(auto, scene, app.server).then((found) => {
      automatic = found;
      draw();
    }, () => undefined);
    bands.forEach((band, k) => {
      const keys = withBand(scene.keys, band);
      const id = keys.join('/');
      if (asked[k] === id) return;
      asked[k] = id;
      histograms[k] = null;
      app.server.histogram(keys, 256).then((found) => {
        if (asked[k] !== id) return;
        histograms[k] = found;
        draw();
      }, () => undefined);
    });
    draw();
  };
  return { element, update };
}
