import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: {
      readonly functionName: string;
      readonly url: string;
      readonly lineNumber: number;
    };
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
  readonly endTime: number;
  readonly startTime: number;
}

const SHOWN = 45;
const OURS_SHOWN = 30;

/**
 * Where the time of a process went by itself, callees left out; from the largest of the folder's profiles.
 * @param lastSeconds of the process, so that its start is left out
 */
export function printProfile(folder: string, lastSeconds: number): void {
  const [largest] = readdirSync(folder)
    .map((file) => readFileSync(join(folder, file), 'utf8'))
    .toSorted((a, b) => b.length - a.length);
  if (largest === undefined) throw new Error('no profile was written');
  const profile = JSON.parse(largest) as CpuProfile;
  const frames = new Map(profile.nodes.map(({ id, callFrame }) => [id, callFrame]));
  const functions = new Map<string, number>();
  const parts = new Map<string, number>();
  let totalUs = 0;
  let atUs = profile.startTime;
  for (const [index, id] of profile.samples.entries()) {
    const us = profile.timeDeltas[index] ?? 0;
    atUs += us;
    const frame = frames.get(id);
    if (!frame || frame.functionName === '(idle)') continue;
    if (atUs < profile.endTime - lastSeconds * 1e6) continue;
    totalUs += us;
    const { functionName, url, lineNumber } = frame;
    const place = url === '' ? '' : ` ${shorten(url)}:${lineNumber + 1}`;
    add(functions, `${functionName || '(anonymous)'}${place}`, us);
    add(parts, partOf(functionName, url), us);
  }
  const share = (us: number): string => `${((us / totalUs) * 100).toFixed(1)} %`;
  const largestFirst = (sums: Map<string, number>) => [...sums].toSorted(([, a], [, b]) => b - a);
  console.log('By part, callees left out');
  console.table(largestFirst(parts).map(([part, us]) => ({ part, share: share(us) })));
  console.log('By function');
  for (const [name, us] of largestFirst(functions).slice(0, SHOWN))
    console.log(share(us).padStart(8), name);
  console.log('Of these, our own');
  const own = largestFirst(functions).filter(([name]) => name.includes(' src/'));
  for (const [name, us] of own.slice(0, OURS_SHOWN)) console.log(share(us).padStart(8), name);
}

function add(sums: Map<string, number>, key: string, value: number): void {
  sums.set(key, (sums.get(key) ?? 0) + value);
}

function shorten(url: string): string {
  return url
    .replace(/^.*\/node_modules\//, '')
    .replace(/^.*\/(?:src|dist)\/(?=.*\.[jt]s$)/, 'src/');
}

function partOf(functionName: string, url: string): string {
  if (url === '') return functionName.startsWith('(') ? functionName : 'native functions';
  if (url.startsWith('node:')) return 'node';
  if (url.startsWith('wasm:')) return 'WebAssembly (HTTP parser of undici)';
  const short = shorten(url).split('/');
  return short[0] === 'src' ? short.slice(0, -1).join('/') : short.slice(0, 2).join('/');
}
