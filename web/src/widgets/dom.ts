// Elements in one line. Styles are set through the object model only: the page's policy
// allows no style attributes.

type Child = Node | string | null | undefined | false;
type Properties = Record<string, unknown>;

export function h<K extends keyof HTMLElementTagNameMap>(tag: K, properties: Properties = {}, ...children: Child[]): HTMLElementTagNameMap[K] {
  return dress(document.createElement(tag), properties, children);
}

export function svg<K extends keyof SVGElementTagNameMap>(tag: K, properties: Properties = {}, ...children: Child[]): SVGElementTagNameMap[K] {
  return dress(document.createElementNS('http://www.w3.org/2000/svg', tag), properties, children);
}

function dress<E extends Element>(element: E, properties: Properties, children: Child[]): E {
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith('on') && typeof value === 'function') element.addEventListener(name.slice(2), value as EventListener);
    else if (name === 'testid') element.setAttribute('data-testid', String(value));
    else element.setAttribute(name, value === true ? '' : String(value));
  }
  element.append(...children.filter((child): child is Node | string => !!child || child === ''));
  return element;
}

export function replace(element: Element, ...children: Child[]): void {
  element.replaceChildren(...children.filter((child): child is Node | string => !!child));
}

// Calls at most once per `wait` milliseconds of quiet; `now` runs what waits.
export function debounce<A extends unknown[]>(wait: number, run: (...values: A) => void): (...values: A) => void {
  let timer = 0;
  return (...values) => {
    clearTimeout(timer);
    timer = window.setTimeout(() => run(...values), wait);
  };
}

const paths: Record<string, string> = {
  plus: 'M8 3v10M3 8h10',
  minus: 'M3 8h10',
  home: 'M2.5 8 8 3l5.5 5M4 7v6h3V9.5h2V13h3V7',
  search: 'M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10Zm3.6-1.4L14 14',
  close: 'm4 4 8 8m0-8-8 8',
  down: 'm4 6 4 4 4-4',
  left: 'm10 3.5-4.5 4.5L10 12.5',
  right: 'M6 3.5 10.5 8 6 12.5',
  swap: 'M3 5.5h9.5M10 3l2.5 2.5L10 8M13 10.5H3.5M6 8l-2.5 2.5L6 13',
  moon: 'M13 9.5A5.5 5.5 0 0 1 6.5 3a5.5 5.5 0 1 0 6.5 6.5Z',
  sun: 'M8 5.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6ZM8 1.5v1.2M8 13.3v1.2M1.5 8h1.2M13.3 8h1.2M3.4 3.4l.9.9M11.7 11.7l.9.9M3.4 12.6l.9-.9M11.7 4.3l.9-.9',
  auto: 'M8 2.5a5.5 5.5 0 1 0 0 11ZM8 2.5a5.5 5.5 0 0 1 0 11',
  check: 'm3.5 8.5 3 3 6-7',
};

export function icon(name: keyof typeof paths): SVGSVGElement {
  return svg('svg', { viewBox: '0 0 16 16', class: 'icon', 'aria-hidden': 'true' }, svg('path', { d: paths[name] }));
}

export const ramp = (colors: readonly string[]): string => `linear-gradient(to right, ${colors.join(', ')})`;
