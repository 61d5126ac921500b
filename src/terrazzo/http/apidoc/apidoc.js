// Shows swagger.json and tries its operations. No libraries.
const root = new URL('.', document.baseURI).href;
const make = (name, text = '', properties = {}) => Object.assign(document.createElement(name), { textContent: text, ...properties });

const typeOf = (schema = {}) => {
  if (schema.$ref) return schema.$ref.split('/').pop();
  if (schema.type === 'array') return `[${typeOf(schema.items)}]${schema.minItems && schema.minItems === schema.maxItems ? ` × ${schema.minItems}` : ''}`;
  if (schema.oneOf) return schema.oneOf.map(typeOf).join(' or ');
  return schema.type ?? 'any';
};

function limitsOf(schema) {
  const inner = schema.items ?? schema;
  const parts = [];
  if (inner.minimum !== undefined) parts.push(`≥ ${inner.minimum}`);
  if (inner.maximum !== undefined) parts.push(`≤ ${inner.maximum}`);
  if (schema.default !== undefined) parts.push(`default ${JSON.stringify(schema.default)}`);
  return parts.join(', ');
}

function parameterRow(parameter) {
  const json = parameter.content?.['application/json'];
  const schema = json?.schema ?? parameter.schema ?? {};
  const row = make('tr');
  const name = make('td');
  name.append(make('code', parameter.name), parameter.required ? ' *' : '');
  const type = make('td', `${json ? 'JSON ' : ''}${typeOf(schema)} `);
  type.append(make('small', limitsOf(schema)));
  const about = make('td', parameter.description ?? '');
  const choices = schema.enum ?? schema.items?.enum;
  if (choices) about.append(make('div', choices.join(', '), { className: 'choices' }));
  const example = json ? json.example : parameter.example;
  const input = make('input', '', {
    name: parameter.name,
    placeholder: example === undefined ? '' : typeof example === 'string' ? example : JSON.stringify(example),
    ariaLabel: `value of ${parameter.name}`,
  });
  const cell = make('td');
  cell.append(input);
  row.append(name, type, about, cell);
  return row;
}

async function run(method, path, operation, panel, output) {
  let url = path;
  const query = new URLSearchParams();
  for (const parameter of operation.parameters ?? []) {
    const value = panel.querySelector(`input[name="${CSS.escape(parameter.name)}"]`).value;
    if (parameter.in === 'path') url = url.replace(`{${parameter.name}}`, value.split('/').map(encodeURIComponent).join('/'));
    else if (value !== '') query.append(parameter.name, value);
  }
  const address = `${root}${url.slice(1)}${query.size ? `?${query}` : ''}`;
  const body = panel.querySelector('textarea')?.value;
  const answer = await fetch(address, method === 'post' ? { method: 'POST', body, headers: { 'Content-Type': 'application/json' } } : {});
  output.replaceChildren(make('p', `${answer.status} ${answer.headers.get('content-type')}`), make('a', address, { href: address }));
  if (answer.headers.get('content-type')?.startsWith('image/')) {
    output.append(make('p'), make('img', '', { src: URL.createObjectURL(await answer.blob()), alt: 'the picture' }));
    return;
  }
  const text = await answer.text();
  let shown = text;
  try { shown = JSON.stringify(JSON.parse(text), null, 1); } catch { /* not JSON */ }
  output.append(make('pre', shown.slice(0, 20000)));
}

function show(method, path, operation) {
  const box = make('details');
  box.dataset.text = `${method} ${path} ${operation.summary}`.toLowerCase();
  const head = make('summary');
  head.append(make('span', method.toUpperCase(), { className: `method ${method}` }), ' ', make('code', path), ` — ${operation.summary}`);
  const panel = make('div');
  if (operation.parameters?.length) {
    const table = make('table');
    const titles = make('tr');
    titles.append(...['Parameter', 'Type', 'Meaning', 'Try'].map((title) => make('th', title)));
    table.append(titles);
    table.append(...operation.parameters.map(parameterRow));
    panel.append(table);
  }
  if (operation.requestBody) panel.append(make('p', 'Body (JSON)'), make('textarea', '{"keys": []}', { rows: 3, cols: 60 }));
  const answers = make('ul');
  for (const [status, answer] of Object.entries(operation.responses ?? {})) answers.append(make('li', `${status}: ${answer.description}`));
  const output = make('div');
  const button = make('button', 'Try it', { type: 'button' });
  button.addEventListener('click', () => run(method, path, operation, panel, output).catch((error) => output.replaceChildren(make('p', String(error)))));
  panel.append(answers, button, output);
  box.append(head, panel);
  return box;
}

async function start() {
  const document_ = await (await fetch(`${root}swagger.json`)).json();
  const { info, tags, paths } = document_;
  document.querySelector('#about').textContent = `${info.description} Terrazzo ${info['x-terrazzo-version']}, API ${info.version}.`;
  const main = document.querySelector('#operations');
  for (const tag of tags) {
    const section = make('section');
    section.append(make('h2', tag.name), make('p', tag.description));
    for (const [path, methods] of Object.entries(paths)) {
      for (const [method, operation] of Object.entries(methods)) {
        if (operation.tags?.includes(tag.name)) section.append(show(method, path, operation));
      }
    }
    main.append(section);
  }
  document.querySelector('#find').addEventListener('input', ({ target }) => {
    const wanted = target.value.toLowerCase();
    for (const section of main.children) {
      const boxes = [...section.querySelectorAll('details')];
      for (const box of boxes) box.hidden = !box.dataset.text.includes(wanted);
      section.hidden = boxes.every((box) => box.hidden);
    }
  });
}

start().catch((error) => { document.querySelector('#about').textContent = `The description could not be read: ${error}`; });
