// Classes of a categorical raster: label, colour, share, drawn or not.
import type { App, Panel } from '../app.ts';
import type { State } from '../core/model.ts';
import { percent } from '../core/numbers.ts';
import { h, replace } from '../widgets/dom.ts';

export function classesPanel(app: App): Panel {
  const list = h('ul', { class: 'classes', testid: 'classes' });
  const all = h('button', { class: 'quiet', type: 'button', testid: 'classes-all' });
  const head = h('div', { class: 'bar' }, h('span', { class: 'key' }), all);
  const none = h('p', { class: 'hint', testid: 'classes-none' }, 'This dataset has no classes. They come from the colour table of a file, or from its metadata: ', h('code', {}, '{"classes": {"1": "Water"}}'), '.');
  const element = h('div', { class: 'tab-body' }, head, list, none);

  const toggle = (value: number) => {
    const { hidden } = app.store.state;
    app.store.update({ hidden: hidden.includes(value) ? hidden.filter((one) => one !== value) : [...hidden, value] });
  };
  const update = (_: App, state: State) => {
    const classes = app.scene?.classes ?? [];
    none.hidden = classes.length > 0 || !app.scene;
    head.hidden = list.hidden = !classes.length;
    const drawn = classes.filter(({ value }) => !state.hidden.includes(value)).length;
    head.firstElementChild!.textContent = drawn === classes.length ? `${classes.length} classes` : `${drawn} of ${classes.length} classes`;
    all.textContent = drawn === 0 || drawn < classes.length ? 'show all' : 'hide all';
    all.onclick = () => app.store.update({ hidden: drawn < classes.length ? [] : classes.map(({ value }) => value) });
    const focused = document.activeElement instanceof HTMLElement ? document.activeElement.dataset.testid : undefined;
    replace(list, ...classes.map(({ value, label, color, share }) => {
      const box = h('input', { type: 'checkbox', testid: `class-${value}-visible`, onchange: () => toggle(value) });
      box.checked = !state.hidden.includes(value);
      const swatch = h('span', { class: 'swatch', 'aria-hidden': 'true' });
      swatch.style.backgroundColor = color;
      const bar = h('span', { class: 'share', 'aria-hidden': 'true' });
      bar.style.width = `${(share ?? 0) * 100}%`;
      bar.style.backgroundColor = color;
      return h('li', { class: box.checked ? '' : 'off', testid: `class-${value}` }, h('label', { class: 'value' }, box, swatch, h('span', { class: 'name' }, label), share === null ? null : h('span', { class: 'figure' }, percent(share))),
        share === null ? null : h('span', { class: 'track' }, bar));
    }));
    if (focused) list.querySelector<HTMLElement>(`[data-testid="${focused}"]`)?.focus();
  };
  return { element, update };
}
