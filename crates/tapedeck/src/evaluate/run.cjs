// Runs in the user's `node`: loads files, calls what was asked for, and writes one line of JSON for each call.
//
// The numbers of two open files come as arguments: one holds the request, the other takes the lines. Standard output is
// not used, it belongs to the user's code. `protocol.rs` has the shapes of both.
'use strict';

const { readFileSync, writeSync } = require('node:fs');
const { builtinModules, createRequire } = require('node:module');
const { dirname, resolve } = require('node:path');
const { fileURLToPath, pathToFileURL } = require('node:url');
const { inspect } = require('node:util');

const [requestFile, resultFile] = process.argv.slice(-2).map(Number);
const exit = process.exit.bind(process);
// A program given as text has all of this as globals. Code that forgets an import would work here only.
const GLOBAL_ANYWHERE = ['console', 'crypto', 'process'];
for (const name of [...builtinModules, 'require', 'exports', '__filename', '__dirname']) {
  if (!GLOBAL_ANYWHERE.includes(name)) delete globalThis[name];
}

const request = JSON.parse(readFileSync(requestFile, 'utf8'));

/** Characters of a message that are passed on. */
const LONGEST_MESSAGE = 4000;
/** Characters of a path inside of a value that are passed on. */
const LONGEST_PATH = 160;
/** Levels of a value. */
const DEEPEST = 100;
/** What JSON would turn into an empty object. */
const INEXPRESSIBLE = /^(?:Map|Set|WeakMap|WeakSet|RegExp|Error|DataView|ArrayBuffer|SharedArrayBuffer|.+Array)$/;
/** Codes of errors that say that Node cannot load a file, which does not mean that a bundler cannot. */
const UNLOADABLE = new Set([
  'ERR_MODULE_NOT_FOUND',
  'MODULE_NOT_FOUND',
  'ERR_PACKAGE_PATH_NOT_EXPORTED',
  'ERR_REQUIRE_ASYNC_MODULE',
  'ERR_REQUIRE_ESM',
  'ERR_UNKNOWN_FILE_EXTENSION',
  'ERR_UNSUPPORTED_DIR_IMPORT',
]);
/** Resources of the package `stacktape` have this. */
const IS_RESOURCE = Symbol.for('stacktape:setResourceName');

/** An outcome that is no value: a `Failure` of protocol.rs. */
class Failed extends Error {
  constructor(failure) {
    super(failure.kind);
    this.failure = failure;
  }
}

/** The call that is being worked on. */
let current = null;

function tell(outcome) {
  if (current === null) return;
  const line = Buffer.from(`${JSON.stringify({ index: current, ...outcome })}\n`);
  current = null;
  for (let written = 0; written < line.length; ) written += writeSync(resultFile, line, written);
}

async function main() {
  for (const [index, call] of request.calls.entries()) {
    current = index;
    try {
      const found = await load(call);
      const value = request.is_config ? await configOf(found, call) : await valueOf(found, call);
      const text = textOf(value, request.is_config ? 2 : 0);
      tell({ value: text, inputs: request.is_config && !call.is_bundle ? inputsOf(call.file) : [] });
    } catch (error) {
      tell({ failure: failureOf(error) });
    }
  }
}

// --- loading

const loading = new Map();

/** What a file exports by name, and what it exports by default as `standard`. */
function load(call) {
  if (!loading.has(call.program)) loading.set(call.program, loadAnew(call));
  return loading.get(call.program);
}

async function loadAnew(call) {
  process.argv = [process.execPath, call.file];
  process.setSourceMapsEnabled(call.is_bundle);
  if (call.is_bundle) globalThis.require = createRequire(call.file);
  try {
    return exportsOf(await import(pathToFileURL(call.program).href));
  } catch (error) {
    const failure = thrown(error);
    throw new Failed(!call.is_bundle && isUnloadable(error) ? { ...failure, kind: 'unloadable' } : failure);
  } finally {
    delete globalThis.require;
  }
}

const isUnloadable = (error) =>
  error instanceof SyntaxError ||
  (error instanceof Error && (UNLOADABLE.has(error.code) || error.message.includes('is not defined in ES module scope')));

/** Node and bundlers give `module.exports` as the default export: what is in it counts as exported, too. */
function exportsOf(namespace) {
  const names = new Map();
  let standard = namespace.default;
  const isHolder = standard !== null && typeof standard === 'object';
  if (isHolder || typeof standard === 'function') {
    for (const name of Object.keys(standard)) names.set(name, standard[name]);
  }
  for (const name of Object.keys(namespace)) names.set(name, namespace[name]);
  if (isHolder && Object.hasOwn(standard, 'default')) standard = standard.default;
  for (const name of ['default', '__esModule', 'module.exports']) names.delete(name);
  return { names, standard };
}

const listed = ({ names, standard }) => [...(standard === undefined ? [] : ['default']), ...names.keys()];

/** The user's files that go into a program which runs as it is, as far as its imports are written out. */
function inputsOf(entry) {
  const texts = new Map();
  const add = (path) => {
    if (texts.has(path) || path.includes('/node_modules/')) return texts.has(path);
    try {
      texts.set(path, readFileSync(path, 'utf8'));
    } catch {
      return false;
    }
    const imports = /(?:\bfrom|\bimport|\brequire)\s*\(?\s*["'](\.{1,2}\/[^"']*)["']/g;
    for (const [, specifier] of texts.get(path).matchAll(imports)) {
      const target = resolve(dirname(path), specifier);
      [target, `${target}.js`, `${target}.cjs`, `${target}.json`, `${target}/index.js`].some(add);
    }
    return true;
  };
  add(entry);
  return [...texts.keys()].sort();
}

// --- calling

async function valueOf({ names, standard }, call) {
  const isNamed = call.handler !== null;
  if (isNamed ? !names.has(call.handler) : standard === undefined) {
    throw new Failed({ kind: 'missing', exports: listed({ names, standard }) });
  }
  const value = isNamed ? names.get(call.handler) : standard;
  return typeof value === 'function' ? await value(...call.arguments) : await value;
}

async function configOf({ names, standard }, call) {
  const isConfig = standard !== undefined && !(typeof standard === 'object' && names.has('getConfig'));
  const config = isConfig ? standard : names.get('getConfig');
  if (config === undefined) throw new Failed({ kind: 'missing', exports: listed({ names, standard }) });
  const [input] = call.arguments;
  const value = typeof config === 'function' ? await config(input) : await config;
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    const kind = Array.isArray(value) ? 'an array' : value === null ? 'null' : `of type ${typeof value}`;
    throw new Failed({ kind: 'value', path: '', problem: `is ${kind}, not an object` });
  }
  if (Object.keys(value).length === 0) {
    // Which is what the package's `defineConfig` makes of a promise.
    throw new Failed({ kind: 'value', path: '', problem: 'is an empty object' });
  }
  const isOfClasses = Object.values(value.resources ?? {}).some((item) => Object(item) === item && IS_RESOURCE in item);
  return isOfClasses ? createRequire(call.file)('stacktape').defineConfig(() => value)(input) : value;
}

// --- values

function textOf(value, indentation) {
  const text = JSON.stringify(plain(value, [], new Set(), { left: request.largest }), null, indentation);
  if (Buffer.byteLength(text) > request.largest) throw new Failed({ kind: 'large' });
  return text;
}

/** A copy that holds nothing but what JSON can express. */
function plain(value, path, above, room) {
  room.left -= 2 + (typeof value === 'string' ? value.length : 0);
  if (room.left < 0) throw new Failed({ kind: 'large' });
  const problem = problemOf(value, path, above);
  if (problem) throw new Failed({ kind: 'value', path: pathOf(path), problem });
  if (value === null || typeof value !== 'object') return value;
  above.add(value);
  const copy = copyOf(value, path, above, room);
  above.delete(value);
  return copy;
}

function problemOf(value, path, above) {
  switch (typeof value) {
    case 'undefined':
      return 'is undefined';
    case 'function':
    case 'symbol':
      return `is a ${typeof value}`;
    case 'bigint':
      return 'is a BigInt: give it as a number or a string';
    case 'number':
      return Number.isFinite(value) ? null : `is ${value}, which JSON cannot express`;
    case 'object':
      break;
    default:
      return null;
  }
  if (value === null) return null;
  if (typeof value.then === 'function') return 'is a promise: `await` it';
  if (above.has(value)) return 'is circular: it is a part of itself';
  if (path.length > DEEPEST) return `is nested more than ${DEEPEST} levels deep`;
  const kind = Object.prototype.toString.call(value).slice(8, -1);
  const isTold = Array.isArray(value) || typeof value.toJSON === 'function';
  return !isTold && INEXPRESSIBLE.test(kind) ? `is of type ${kind}, which JSON cannot express` : null;
}

function copyOf(value, path, above, room) {
  if (typeof value.toJSON === 'function') return plain(value.toJSON(String(path.at(-1) ?? '')), path, above, room);
  if (Array.isArray(value)) return Array.from(value, (item, index) => plain(item, [...path, index], above, room));
  if (value instanceof Number || value instanceof String || value instanceof Boolean) return value.valueOf();
  // Without a prototype, so that every key is one like any other.
  const copy = Object.create(null);
  for (const key of Object.keys(value)) {
    room.left -= key.length;
    // As JSON has it: a key without a value is not there.
    const item = value[key];
    if (item !== undefined) copy[key] = plain(item, [...path, key], above, room);
  }
  return copy;
}

function pathOf(path) {
  const step = (key) => {
    if (typeof key === 'number') return `[${key}]`;
    return /^[\w$]+$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
  };
  const text = path.map(step).join('').replace(/^\./, '');
  return text.length > LONGEST_PATH ? `${text.slice(0, LONGEST_PATH)}…` : text;
}

// --- errors

const failureOf = (error) => (error instanceof Failed ? error.failure : thrown(error));

function thrown(error) {
  const isError = Object(error) === error && typeof error.message === 'string';
  const message = isError ? messageOf(error) : typeof error === 'string' ? error : inspect(error, { depth: 2 });
  return {
    kind: 'thrown',
    message: message.slice(0, LONGEST_MESSAGE),
    place: isError ? placeOf(String(error.stack)) : null,
  };
}

/** With the messages of what caused it. */
function messageOf(error) {
  const name = typeof error.name === 'string' && error.name !== 'Error' ? `${error.name}: ` : '';
  const told = [name + error.message];
  for (let cause = error.cause; Object(cause) === cause && told.length < 5; cause = cause.cause) {
    told.push(cause.message || String(cause.code ?? cause.name));
  }
  return told.join(': ');
}

/** Where in the user's own files an error comes from. */
function placeOf(stack) {
  for (const line of stack.split('\n')) {
    const match = /^\s+at (?:.*\()?((?:file:\/\/)?\/.*?):(\d+):(\d+)\)?$/.exec(line);
    if (match === null) continue;
    const file = match[1].startsWith('file://') ? fileURLToPath(match[1]) : match[1];
    const isTheirs = !file.includes('/node_modules/') && !request.folders.some((folder) => file.startsWith(`${folder}/`));
    if (isTheirs) return { file, line: Number(match[2]), column: Number(match[3]) };
  }
  return null;
}

process.on('uncaughtException', (error) => {
  tell({ failure: failureOf(error) });
  exit(0);
});
// Nothing is left that could settle the promise that is waited for.
process.on('beforeExit', () => {
  tell({ failure: { kind: 'unsettled' } });
  exit(0);
});
main().then(() => exit(0));
