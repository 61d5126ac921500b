// One band: which, how its values are spread over which colours.
import type { App, Panel } from '../app.ts';
import type { Histogram, State } from '../core/model.ts';
import { autoStretch } from '../drawing.ts';
import { withBand } from '../scene.ts';
import { ColormapPicker } from '../widgets/colormap.ts';
import { select, setOptions, slider } from '../widgets/controls.ts';
import { h } from '../widgets/dom.ts';
import { Stretch } from '../widgets/stretch.ts';

export function bandPanel(app: App): Panel {
  const look = (change: Partial<State['band']>) => app.store.update({ band: { ...app.store.state.band, ...change } });
  const band = select('Band', 'band', (value) => app.scene && app.show(withBand(app.scene.keys, value), { fit: false }));
  const stretch = new Stretch({ name: 'Stretch', testid: 'stretch', change: (range) => look({ stretch: range }) });
  const colors = new ColormapPicker('colormap', (colormap) => look({ colormap }));
  const gamma = slider({ label: 'Gamma', testid: 'gamma', low: 0.2, high: 3, step: 0.05, rest: 1, show: (value) => value.toFixed(2), change: (value) => look({ gamma: value }) });
  const contrast = slider({ label: 'Contrast', testid: 'contrast', low: -10, high: 10, step: 0.5, rest: 0, show: (value) => (value > 0 ? `+${value}` : String(value).replace('-', '−')), change: (value) => look({ contrast: value }) });
  const key = h('span', { class: 'key' }, 'Band');
  const element = h('div', { class: 'tab-body' }, h('label', { class: 'row' }, key, band), stretch.element, colors.element, gamma.element, contrast.element);

  let asked = '';
  let histogram: Histogram | null = null;
  const update = (_: App, state: State) => {
    const { scene } = app;
    colors.set(state.band.colormap, app.ramps);
    gamma.set(state.band.gamma);
    contrast.set(state.band.contrast);
    key.textContent = app.server.names.at(-1)?.key ?? 'Band';
    if (!scene) return;
    setOptions(band, scene.bands, scene.keys.at(-1) ?? '');
    const automatic = autoStretch(scene.dataset.percentiles, scene.dataset.range);
    const draw = () => stretch.set({
      histogram, stretch: app.store.state.band.stretch ?? automatic, automatic: !app.store.state.band.stretch,
      colors: app.ramps[app.store.state.band.colormap] ?? [],
    });
    const id = scene.keys.join('/');
    if (asked !== id && state.tab === 'band') {
      asked = id;
      histogram = null;
      const empty: Histogram = { low: automatic[0], high: automatic[1], counts: [0], valid: 0, total: 0 };
      app.server.histogram(scene.keys, 256).catch(() => empty).then((found) => {
        if (asked !== id) return;
        histogram = found;
        if (app.scene === scene) draw();
      });
    }
    draw();
  };
  return { element, update };
}
