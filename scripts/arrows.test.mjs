import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findBrokenArrows, importsOf } from './arrows.mjs';

/** A checkout in small, into which wrong imports are planted. */
let checkout;

function plant(file, text) {
  mkdirSync(dirname(join(checkout, file)), { recursive: true });
  writeFileSync(join(checkout, file), text);
}

beforeEach(() => {
  checkout = mkdtempSync(join(tmpdir(), 'arrows-'));
  plant('package.json', JSON.stringify({ devDependencies: { vitest: '4', 'fast-check': '4' } }));
  for (const room of ['core', 'telephony', 'server', 'desk', 'lab']) {
    const dependencies = { core: { zod: '4' }, server: { pg: '8' }, desk: { react: '19' } }[room] ?? {};
    plant(`${room}/package.json`, JSON.stringify({ dependencies }));
  }
});

afterEach(() => rmSync(checkout, { recursive: true, force: true }));

describe('arrows', () => {
  test.each([
    ['core/src/routing/a.ts', "import { a } from '@denwaban/telephony';"],
    ['core/src/a.ts', "import type { A } from '@denwaban/server';"],
    ['core/src/a.ts', "import { z } from 'zod';"],
    ['core/src/wire/a.ts', "import { readFile } from 'node:fs/promises';"],
    ['core/src/wire/a.ts', "import pg from 'pg';"],
    ['core/src/wire/a.ts', "import { A } from '@denwaban/core';"],
    ['telephony/src/sip/a.ts', "import type { LegId } from '@denwaban/core';"],
    ['telephony/src/sip/a.ts', "import { createSocket } from 'node:dgram';"],
    ['telephony/src/rtp/a.ts', "import { readFileSync } from 'node:fs';"],
    ['telephony/src/sdp/a.ts', "import { setTimeout } from 'node:timers/promises';"],
    ['telephony/src/carriers/exchange/a.ts', "import { isIP, connect } from 'node:net';"],
    ['telephony/src/carriers/exchange/a.ts', "import * as net from 'node:net';"],
    ['telephony/src/carriers/exchange/a.ts', "import { connect } from 'node:net';"],
    ['telephony/src/carriers/exchange/a.ts', "import { b } from '@denwaban/server';"],
    ['telephony/src/media/a.ts', "import { b } from '@denwaban/core';"],
    ['telephony/src/net/a.ts', "export { b } from '../../../core/src/b.js';"],
    ['server/src/a.ts', "import { b } from '@denwaban/desk';"],
    ['server/src/a.ts', "import { b } from '@denwaban/lab';"],
    ['server/src/a.ts', "import { b } from '@denwaban/core/src/b.js';"],
    ['server/src/a.ts', "import { b } from '@denwaban/telephony/dist/media/b.js';"],
    ['server/src/engine/a.ts', "import '@denwaban/telephony/media-process';"],
    ['server/src/engine/a.ts', "import { useState } from 'react';"],
    ['server/src/engine/a.ts', "import fs from 'fs';"],
    ['desk/src/a.tsx', "import { b } from '@denwaban/server';"],
    ['desk/src/a.tsx', "import { b } from '../../server/src/b.js';"],
    ['desk/src/a.tsx', "import { join } from 'node:path';"],
    ['desk/src/a.tsx', "const b = await import('@denwaban/telephony');"],
    ['desk/src/a.ts', "export type B = import('@denwaban/server').B;"],
    ['server/src/a.ts', "export * from '@denwaban/lab';"],
    ['server/src/a.ts', "const b = require('left-pad');"],
    ['server/src/a.test.ts', "import { b } from '@denwaban/lab';"],
  ])('%s with %s is caught', (file, text) => {
    plant(file, `/** A comment. */\n${text}\n`);
    const broken = findBrokenArrows(checkout);
    expect(broken).toHaveLength(1);
    expect(broken[0]).toMatch(new RegExp(`^${file.replaceAll('.', '\\.')}:2 imports `));
  });

  test.each([
    ['core/src/wire/a.ts', "import { z } from 'zod';"],
    ['core/src/routing/a.test.ts', "import fc from 'fast-check'; import { test } from 'vitest';"],
    ['core/src/routing/a.ts', "import { b } from '../conversation/b.js';"],
    ['telephony/src/sip/a.ts', "import { createHash } from 'node:crypto';"],
    ['telephony/src/carriers/exchange/a.ts', "import { isIP, BlockList } from 'node:net';"],
    ['telephony/src/net/a.ts', "import { createSocket } from 'node:dgram';"],
    ['telephony/src/media/a.ts', "import { createServer } from 'node:net';"],
    ['telephony/src/carriers/exchange/a.ts', "import type { Telephony } from '@denwaban/core';"],
    [
      'server/src/a.ts',
      "import { b } from '@denwaban/core/wire'; import pg from 'pg'; import { c } from '@denwaban/telephony';",
    ],
    ['server/src/cli/a.ts', "await import('@denwaban/telephony/media-process');"],
    ['desk/src/a.tsx', "import { useState } from 'react'; import type { B } from '@denwaban/core/wire';"],
    ['lab/src/a.ts', "import { b } from '@denwaban/server'; import { c } from '../../telephony/src/sip/c.js';"],
    ['server/src/a.ts', '/* import { b } from "@denwaban/lab"; */ const text = "import { b } from \'@denwaban/lab\'";'],
  ])('%s with %s is fine', (file, text) => {
    plant(file, text);
    expect(findBrokenArrows(checkout)).toEqual([]);
  });

  test('folders of one room that import each other in a circle are caught, through a third one too', () => {
    plant('core/src/routing/a.ts', "import '../agent/b.js';");
    plant('core/src/agent/b.ts', "import { c } from '../conversation/c.js';");
    expect(findBrokenArrows(checkout)).toEqual([]);
    plant('core/src/conversation/c.ts', "export { a } from '../routing/a.js';");
    const [line] = findBrokenArrows(checkout);
    expect(line).toContain('routing → agent (core/src/routing/a.ts)');
    expect(line).toContain('conversation → routing (core/src/conversation/c.ts)');
  });

  test('a circle that stands for now is let be, and its entry goes when it is gone', () => {
    plant('core/src/routing/a.ts', "import '../agent/b.js';");
    plant('core/src/agent/b.ts', "import '../routing/a.js';");
    const circles = { 'core: agent, routing': 'a reason' };
    expect(findBrokenArrows(checkout, circles)).toEqual([]);
    plant('core/src/agent/b.ts', '');
    expect(findBrokenArrows(checkout, circles)).toHaveLength(1);
  });

  test('types alone make no circle: nothing of them is there at run time', () => {
    plant('core/src/routing/a.ts', "import '../agent/b.js';");
    plant('core/src/agent/b.ts', "import type { A } from '../routing/a.js'; import { type B } from '../routing/a.js';");
    expect(findBrokenArrows(checkout)).toEqual([]);
  });

  test('a test of one folder may use another that uses it', () => {
    plant('core/src/routing/a.ts', "import '../agent/b.js';");
    plant('core/src/agent/b.test.ts', "import '../routing/a.js';");
    expect(findBrokenArrows(checkout)).toEqual([]);
  });

  test('every way to name a module is seen', () => {
    const text = [
      "import a from 'a'; import 'b'; import type { C } from 'c'; export * from 'd'; export { e } from 'e';",
      "export type { F } from 'f'; const g = () => import('g'); type H = import('h').H; const i = require('i');",
    ].join('\n');
    expect(
      importsOf('x.ts', text)
        .map(({ target }) => target)
        .sort(),
    ).toEqual([...'abcdefghi']);
  });
});
