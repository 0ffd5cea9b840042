import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CONFORMANCE_SCRIPTS } from '../../support/conformance-programs.ts';

export interface ConformanceRun {
  readonly name: string;
  readonly script: string;
  readonly args: readonly string[];
  readonly scenariosMin: number;
  readonly checksMin: number;
}

const { suiteLatest, suiteNext } = CONFORMANCE_SCRIPTS;

/** Both versions of the suite, and both revisions. */
export const CONFORMANCE_RUNS: readonly ConformanceRun[] = [
  {
    name: 'conformance 0.1.16, every scenario',
    script: suiteLatest,
    args: ['--suite', 'all'],
    scenariosMin: 32,
    checksMin: 44,
  },
  {
    name: 'conformance 0.2.0-alpha.12, revision 2025-11-25',
    script: suiteNext,
    args: ['--requirements', '2025-11-25'],
    scenariosMin: 33,
    checksMin: 84,
  },
  {
    name: 'conformance 0.2.0-alpha.12, revision 2026-07-28',
    script: suiteNext,
    args: ['--requirements', '2026-07-28'],
    scenariosMin: 50,
    checksMin: 190,
  },
];

/** Scenarios that belong to no revision's requirements: drafts, extensions, what the suite itself calls pending. */
export const FURTHER_RUNS: readonly ConformanceRun[] = [
  {
    name: 'conformance 0.2.0-alpha.12, every scenario at once',
    script: suiteNext,
    args: ['--suite', 'all'],
    scenariosMin: 60,
    checksMin: 190,
  },
];

export interface ConformanceResults {
  /** One line for each check: scenario, id, status and what it complains of; sorted. */
  readonly checks: readonly string[];
  readonly scenarios: number;
}

interface Check {
  readonly id: string;
  readonly name: string;
  readonly status: string;
  readonly description?: string;
  readonly errorMessage?: string;
}

/** Lets the suite play the client of an endpoint. */
export async function runConformance(
  run: Pick<ConformanceRun, 'script' | 'args'>,
  url: string,
): Promise<ConformanceResults> {
  const directory = await mkdtemp(join(tmpdir(), 'mcp-conformance-'));
  try {
    const child = spawn(
      process.execPath,
      [run.script, 'server', '--url', url, ...run.args, '--output-dir', directory],
      { stdio: 'ignore' },
    );
    await once(child, 'exit');
    return await readResults(directory, url);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function readResults(directory: string, url: string): Promise<ConformanceResults> {
  const checks: string[] = [];
  const folders = (await readdir(directory)).sort();
  for (const folder of folders) {
    const scenario = folder.replace(/^server-/, '').replace(/-20\d\d-\d\d-\d\dT.*$/, '');
    // A scenario that the suite gave up leaves a folder without results.
    const text = await readFile(join(directory, folder, 'checks.json'), 'utf8').catch(() => '[]');
    const found = (JSON.parse(text) as Check[]).map((check) => lineOf(check, url));
    checks.push(
      ...(found.length > 0 ? found : ['no result']).map((line) => `${scenario} · ${line}`),
    );
  }
  return { checks: checks.sort(), scenarios: folders.length };
}

/** Without what differs from run to run: the address, ids that were drawn at random. */
function lineOf({ id, name, status, description, errorMessage }: Check, url: string): string {
  return [id, name, status, description, errorMessage]
    .filter((part) => part !== undefined)
    .join(' · ')
    .replaceAll(url, 'URL')
    .replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'UUID');
}

/** What one of two results has and the other has not. */
export function differencesOf(
  direct: ConformanceResults,
  through: ConformanceResults,
): { readonly lost: readonly string[]; readonly gained: readonly string[] } {
  return {
    lost: withoutThoseOf(direct.checks, through.checks),
    gained: withoutThoseOf(through.checks, direct.checks),
  };
}

function withoutThoseOf(checks: readonly string[], others: readonly string[]): string[] {
  const left = [...others];
  return checks.filter((check) => {
    const at = left.indexOf(check);
    if (at !== -1) left.splice(at, 1);
    return at === -1;
  });
}
