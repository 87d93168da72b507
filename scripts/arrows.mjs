/**
 * The arrows between the five rooms, checked on every import that is really written. npm hoists, so a wrong import would
 * resolve and the types would pass: only this notices.
 *
 *     core ‹── telephony ‹── server      core ‹── server      core ‹── desk      lab may import anything; nothing imports lab
 *
 * `node scripts/arrows.mjs` lists what is wrong, one line each: file:line, the import, the rule.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, normalize, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseSync } from 'vite';
import { findCycles } from './lib/cycles.mjs';
import { root } from './lib/checkout.mjs';

const rooms = ['core', 'telephony', 'server', 'desk', 'lab'];

/** Which rooms a room may import, by the names they export. */
const mayImport = {
  core: [],
  telephony: ['@denwaban/core', '@denwaban/core/wire'],
  server: ['@denwaban/core', '@denwaban/core/wire', '@denwaban/telephony', '@denwaban/telephony/media-process'],
  desk: ['@denwaban/core', '@denwaban/core/wire'],
  lab: [
    '@denwaban/core',
    '@denwaban/core/wire',
    '@denwaban/telephony',
    '@denwaban/telephony/media-process',
    '@denwaban/server',
  ],
};

/** Circles between folders that stand for now, each with its reason. One that is gone must go from here too. */
const knownCircles = {
  'server: directory, store':
    'the import of customers opens a connection of its own, and the store searches by the directory’s words',
  'server: http, realtime': 'one HTTP server carries both: http builds it, the live connections share its guards',
};

const isTest = (file) => /\.test\.tsx?$/.test(file) || /\/testing\//.test(file);
/** Protocol folders take bytes and return actions: of Node they may use what computes, not what acts. */
const pureFolders = ['sip', 'sdp', 'rtp', 'sctp'];
const computing = ['node:assert', 'node:assert/strict', 'node:buffer', 'node:crypto', 'node:util'];
/** What `node:net` offers besides sockets: reading addresses. */
const addressReaders = new Set(['isIP', 'isIPv4', 'isIPv6', 'BlockList', 'SocketAddress']);
const sockets = [
  'node:dgram',
  'node:net',
  'node:tls',
  'node:http',
  'node:https',
  'node:http2',
  'node-datachannel',
  'koffi',
  'ws',
];

/**
 * The rule that an import breaks, or null.
 * @param {{room: string, folder: string, file: string}} from `folder` is the first one under src, '' for files of src itself
 * @param {{target: string, names: string[]}} what the module, and what of it
 * @param {Set<string>} declared names in the room's manifest
 */
export function brokenRule(from, { target, names }, declared) {
  const { room, folder, file } = from;
  const test = isTest(file);
  if (target.startsWith('.')) {
    const to = normalize(join(dirname(file), target))
      .split(sep)
      .join('/');
    // Contract suites, harnesses for fuzzing and loads are no part of what a room exports: lab takes them from the sources.
    if (room === 'lab') return null;
    return to.split('/')[0] === room ? null : `a relative import leaves ${room}/`;
  }
  if (target.startsWith('@denwaban/')) return brokenArrow(from, target, test);
  const isNode = target.startsWith('node:') || builtinModules.includes(target);
  if (isNode && !target.startsWith('node:')) return 'write built-in modules with node:';
  if (isNode && (room === 'desk' || room === 'core') && !test) return `${room} has no node: modules`;
  if (room === 'telephony' && !test) {
    if (pureFolders.includes(folder) && isNode && !computing.includes(target) && !onlyReads(target, names))
      return `telephony/${folder} does no I/O`;
    const mayOpen = ['net', 'media', 'webrtc'].includes(folder);
    if (sockets.includes(target) && !mayOpen && !onlyReads(target, names))
      return 'only net/ (and media/, webrtc/ in the media process) opens sockets';
  }
  if (isNode) return null;
  const pkg = target
    .split('/')
    .slice(0, target.startsWith('@') ? 2 : 1)
    .join('/');
  if (room === 'core' && !test && !(pkg === 'zod' && folder === 'wire'))
    return 'core imports nothing but zod, and that in wire/ only';
  if (!declared.has(pkg)) return `${pkg} is not in the manifest of ${room}`;
  return null;
}

function onlyReads(target, names) {
  return target === 'node:net' && names.length > 0 && names.every((name) => addressReaders.has(name));
}

function brokenArrow({ room, folder, file }, target, test) {
  if (target === `@denwaban/${room}` || target.startsWith(`@denwaban/${room}/`))
    return 'a room imports itself by relative paths';
  if (!mayImport[room].includes(target)) {
    const known = Object.values(mayImport).flat();
    return known.includes(target)
      ? `${room} may not import ${target}`
      : `${target} is not an export: no deep imports, and nobody imports lab or desk`;
  }
  if (room === 'telephony' && folder !== 'carriers' && !test) return 'only carriers/ knows core';
  if (target === '@denwaban/telephony/media-process' && room === 'server' && !file.startsWith('server/src/cli/')) {
    return 'the media process is entered by server/src/cli/media-role.ts only';
  }
  return null;
}

/**
 * Every module that a source text names: static and dynamic imports, re-exports, `import('…')` types, require().
 * @returns {{target: string, offset: number, names: string[], onlyTypes: boolean}[]} `names` where they are written one by one
 */
export function importsOf(file, text) {
  const { module, program, errors } = parseSync(file, text);
  if (errors.length > 0) throw new Error(`${file}: ${errors[0].message}`);
  const found = [];
  const add = (target, offset, entries = []) => {
    const names = entries.map((entry) => entry.importName.name).filter((name) => typeof name === 'string');
    found.push({ target, offset, names, onlyTypes: entries.length > 0 && entries.every((entry) => entry.isType) });
  };
  for (const { moduleRequest, start, entries } of module.staticImports) add(moduleRequest.value, start, entries);
  for (const { entries } of module.staticExports) {
    for (const entry of entries) if (entry.moduleRequest) add(entry.moduleRequest.value, entry.start, [entry]);
  }
  visit(program, (node) => {
    const source =
      node.type === 'ImportExpression' || node.type === 'TSImportType' ? (node.source ?? node.argument) : null;
    const required =
      node.type === 'CallExpression' && node.callee.type === 'Identifier' && node.callee.name === 'require';
    const value = source ?? (required ? node.arguments[0] : null);
    const literal = value?.type === 'TSLiteralType' ? value.literal : value;
    if (typeof literal?.value === 'string') {
      found.push({ target: literal.value, offset: node.start, names: [], onlyTypes: node.type === 'TSImportType' });
    }
  });
  return found;
}

function visit(node, see) {
  if (Array.isArray(node)) for (const one of node) visit(one, see);
  else if (node && typeof node === 'object') {
    if (typeof node.type === 'string') see(node);
    for (const key of Object.keys(node)) if (key !== 'parent') visit(node[key], see);
  }
}

/** Source files below `folder`, as paths relative to the checkout with `/`. */
function sourcesOf(checkout, folder) {
  const found = [];
  const enter = (path) => {
    if (!existsSync(join(checkout, path))) return;
    for (const entry of readdirSync(join(checkout, path), { withFileTypes: true })) {
      const below = `${path}/${entry.name}`;
      if (entry.isDirectory()) {
        if (!['dist', 'node_modules', 'out'].includes(entry.name)) enter(below);
      } else if (/\.(ts|tsx|mts|js|mjs)$/.test(entry.name) && !entry.name.endsWith('.d.ts')) found.push(below);
    }
  };
  enter(folder);
  return found;
}

function declaredIn(checkout, room) {
  const names = [];
  for (const [manifest, fields] of [
    [`${room}/package.json`, ['dependencies', 'devDependencies', 'optionalDependencies']],
    ['package.json', ['devDependencies']],
  ]) {
    if (!existsSync(join(checkout, manifest))) continue;
    const content = JSON.parse(readFileSync(join(checkout, manifest), 'utf8'));
    for (const field of fields) for (const name of Object.keys(content[field] ?? {})) names.push(name);
  }
  return names;
}

/** @returns {string[]} one line for each broken rule */
export function findBrokenArrows(checkout = root, circles = checkout === root ? knownCircles : {}) {
  const broken = [];
  const met = new Set();
  for (const room of rooms) {
    const declared = new Set((room === 'lab' ? rooms : [room]).flatMap((one) => declaredIn(checkout, one)));
    /** Which folders of this room import which, with a file as witness. Tests may look anywhere. */
    const edges = new Map();
    for (const file of sourcesOf(checkout, room)) {
      const text = readFileSync(join(checkout, file), 'utf8');
      const folder = folderOf(file);
      for (const { target, offset, names, onlyTypes } of importsOf(file, text)) {
        const rule = brokenRule({ room, folder, file }, { target, names }, declared);
        if (rule) broken.push(`${file}:${text.slice(0, offset).split('\n').length} imports ${target}: ${rule}`);
        if (!target.startsWith('.') || isTest(file) || onlyTypes) continue;
        const to = folderOf(
          normalize(join(dirname(file), target))
            .split(sep)
            .join('/'),
        );
        if (to === folder || to === '' || folder === '') continue; // files of src itself wire the folders together
        if (!edges.has(folder)) edges.set(folder, new Map());
        if (!edges.get(folder).has(to)) edges.get(folder).set(to, file);
      }
    }
    for (const cycle of findCycles(edges)) {
      const name = `${room}: ${[...cycle].sort().join(', ')}`;
      if (name in circles) {
        met.add(name);
        continue;
      }
      const steps = cycle.map(
        (folder, i) =>
          `${folder} → ${cycle[(i + 1) % cycle.length]} (${edges.get(folder).get(cycle[(i + 1) % cycle.length])})`,
      );
      broken.push(`${room}: folders import each other in a circle: ${steps.join(', ')}`);
    }
  }
  for (const name of Object.keys(circles)) {
    if (!met.has(name)) broken.push(`${name}: this circle is no more: take it out of knownCircles`);
  }
  return broken;
}

/** `telephony/src/sip/parse.ts` → `sip`; '' for a file of src itself. */
function folderOf(file) {
  const parts = file.split('/');
  return parts[1] === 'src' ? (parts.length > 3 ? parts[2] : '') : parts.length > 2 ? parts[1] : '';
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const broken = findBrokenArrows();
  for (const line of broken) process.stdout.write(`${line}\n`);
  process.exitCode = broken.length > 0 ? 1 : 0;
}
