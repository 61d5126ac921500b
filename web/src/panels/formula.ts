// A formula over the bands: typed or from the list of indices.
import type { App, Panel } from '../app.ts';
import { possibleIndices, type Index } from '../core/bands.ts';
import { FormulaError, functionNames, nameOf, tokens } from '../core/expression.ts';
import type { Histogram, State } from '../core/model.ts';
import { middle } from '../core/statistics.ts';
import { usableStretch } from '../core/layer.ts';
import { compileFor, formulaText, type Scene } from '../scene.ts';
import { ColormapPicker } from '../widgets/colormap.ts';
import { debounce, h, replace } from '../widgets/dom.ts';
import { Stretch } from '../widgets/stretch.ts';

export interface FormulaPanel extends Panel {
  complain: (message: string) => void; // "" for none
}

// EVI's constant is in the unit of the pixels: 1 for reflectance, 10000 where it is scaled.
const scaled = (index: Index, scene: Scene): string =>
  (scene.dataset.range?.[1] ?? 0) > 10 ? index.formula : index.formula.replace('10000', '1');

export function formulaPanel(app: App): FormulaPanel {
  const look = (change: Partial<State['formula']>) => app.store.update({ formula: { ...app.store.state.formula, ...change } });
  const chips = h('div', { class: 'presets', role: 'group', 'aria-label': 'Indices', testid: 'indices' });
  const paint = h('div', { class: 'paint', 'aria-hidden': 'true' });
  const input = h('textarea', { rows: 2, spellcheck: 'false', autocomplete: 'off', autocapitalize: 'off', 'aria-label': 'Formula', 'aria-describedby': 'formula-error', testid: 'formula' });
  const message = h('p', { class: 'error', id: 'formula-error', role: 'alert', testid: 'formula-error' });
  const names = h('div', { class: 'names', role: 'group', 'aria-label': 'Bands', testid: 'formula-bands' });
  const stretch = new Stretch({ name: 'Stretch', testid: 'formula-stretch', change: (range) => look({ stretch: range }) });
  const colors = new ColormapPicker('formula-colormap', (colormap) => look({ colormap }));
  const element = h('div', { class: 'tab-body' }, chips, h('div', { class: 'formula' }, paint, input), message, names, stretch.element, colors.element);

  const highlight = () => {
    const text = input.value;
    try {
      let from = 0;
      const parts: (string | HTMLElement)[] = [];
      for (const token of tokens(text)) {
        const kind = token.kind === 'name' ? (functionNames.includes(token.text) ? 'function' : 'band') : token.kind;
        parts.push(text.slice(from, token.at), h('span', { class: kind }, token.text));
        from = token.at + token.text.length;
      }
      paint.replaceChildren(...parts, text.slice(from), '\u200b');
    } catch {
      paint.replaceChildren(text, '\u200b');
    }
  };
  const complain = (text: string) => {
    message.textContent = text;
    input.setAttribute('aria-invalid', String(!!text));
  };
  const apply = debounce(350, () => look({ text: input.value.trim(), stretch: null }));
  input.addEventListener('input', () => {
    highlight();
    apply();
  });
  input.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter') return;
    event.preventDefault();
    look({ text: input.value.trim(), stretch: null });
  });
  const insert = (name: string) => {
    input.setRangeText(name, input.selectionStart, input.selectionEnd, 'end');
    input.focus();
    highlight();
    apply();
  };

  let histogram: Histogram | null = null;
  let asked = '';
  const draw = () => {
    const { formula } = app.store.state;
    const automatic = histogram ? usableStretch(middle(histogram)) : null;
    stretch.set({ histogram, stretch: formula.stretch ?? automatic, automatic: !formula.stretch, colors: app.ramps[formula.colormap] ?? [] });
  };
  const measure = (scene: Scene, state: State) => {
    let formula;
    try {
      formula = compileFor(state, scene);
    } catch (error) {
      if (error instanceof FormulaError) complain(error.message);
      return;
    }
    const id = `${scene.keys.join('/')} ${formula.expression} ${Object.values(formula.operands).join()}`;
    if (asked === id) return;
    asked = id;
    app.server.formulaHistogram(scene.keys, formula, scene.dataset.bounds).then((found) => {
      if (asked !== id) return;
      histogram = found;
      complain('');
      draw();
    }, (error: unknown) => {
      if (asked !== id) return;
      asked = '';
      complain(error instanceof Error ? error.message : String(error));
    });
  };

  const update = (_: App, state: State) => {
    const { scene } = app;
    colors.set(state.formula.colormap, app.ramps);
    if (!scene) return;
    const text = formulaText(state, scene);
    if (document.activeElement !== input && input.value !== text) {
      input.value = text;
      highlight();
    }
    const found = possibleIndices(scene.roles);
    chips.hidden = !found.length;
    replace(chips, ...found.map((index) => h('button', {
      class: 'preset', type: 'button', title: index.title, testid: `index-${index.name}`, 'aria-pressed': String(scaled(index, scene) === text),
      onclick: () => {
        input.value = scaled(index, scene);
        highlight();
        look({ text: input.value, stretch: null, colormap: app.ramps[index.colormap] ? index.colormap : state.formula.colormap });
      },
    }, index.name)));
    const roles = Object.entries(scene.roles).map(([role, band]) => ({ name: role, band }));
    const named = new Set(roles.map(({ band }) => band));
    const list = [...roles, ...scene.bands.filter((band) => !named.has(band)).map((band) => ({ name: nameOf(band), band }))];
    replace(names, ...list.slice(0, 16).map(({ name, band }) => h('button', { class: 'token', type: 'button', title: band, testid: `token-${name}`, onclick: () => insert(name) }, name)));
    if (state.tab === 'formula') measure(scene, state);
    draw();
  };
  return { element, update, complain };
}
