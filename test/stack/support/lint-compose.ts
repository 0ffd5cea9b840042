/** As much of `docker compose config --format json` as the rules look at. */
export interface ComposeFile {
  readonly services: Readonly<Record<string, ComposeService>>;
  readonly networks: Readonly<Record<string, unknown>>;
  readonly secrets?: Readonly<Record<string, { readonly file: string }>>;
}

export interface ComposeService {
  readonly image?: string;
  readonly user?: string;
  readonly privileged?: boolean;
  readonly read_only?: boolean;
  readonly restart?: string;
  readonly cap_drop?: readonly string[];
  readonly cap_add?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly mem_limit?: string;
  readonly pids_limit?: number;
  readonly healthcheck?: { readonly disable?: boolean; readonly test?: readonly string[] };
  readonly logging?: { readonly options?: Readonly<Record<string, string>> };
  readonly networks?: Readonly<Record<string, unknown>>;
  readonly network_mode?: string;
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly ports?: readonly { readonly host_ip?: string; readonly published?: string }[];
  readonly volumes?: readonly {
    readonly type: string;
    readonly source?: string;
    readonly target: string;
    readonly read_only?: boolean;
  }[];
}

/** Their images are not sure to hold anything that could ask them. */
const UNASKED = new Set(['jaeger', 'loki']);

/** What is wrong with a service, as sentences. */
export function lintService(
  name: string,
  service: ComposeService,
  file: ComposeFile,
  exists: (path: string) => boolean,
): string[] {
  const problems = RULES.filter(([, isGood]) => !isGood(service, name, file)).map(
    ([problem]) => `${name} ${problem}`,
  );
  const missing = (service.volumes ?? [])
    .filter(({ type, source }) => type === 'bind' && !exists(source ?? ''))
    .map(({ source }) => `${name} mounts ${source}, which is not there`);
  return [...problems, ...missing];
}

/** What the Dockerfile says of user and health holds without a word here. */
function isOurs(image = ''): boolean {
  return /^mcp-exporter(?:-demo)?:/.test(image);
}

type Rule = (service: ComposeService, name: string, file: ComposeFile) => boolean;

const RULES: readonly (readonly [problem: string, isGood: Rule])[] = [
  [
    'has an image without a version',
    ({ image = '' }) => /:[^:/]+$/.test(image) && !image.endsWith(':latest'),
  ],
  ['runs as root', ({ user, image }) => isOurs(image) || /^[1-9]\d*(?::|$)/.test(user ?? '')],
  ['is privileged', ({ privileged }) => privileged !== true],
  ['can write to its root folder', ({ read_only }) => read_only === true],
  [
    'has capabilities',
    ({ cap_drop = [], cap_add = [] }) => cap_drop.includes('ALL') && cap_add.length === 0,
  ],
  [
    'can gain privileges',
    ({ security_opt = [] }) => security_opt.includes('no-new-privileges:true'),
  ],
  ['has no limit of memory', ({ mem_limit }) => Number(mem_limit) > 0],
  ['has no limit of processes', ({ pids_limit = 0 }) => pids_limit > 0],
  [
    'fills the disk with its log',
    ({ logging }) => ['max-size', 'max-file'].every((key) => logging?.options?.[key]),
  ],
  [
    'is not asked for its health',
    ({ healthcheck, image, restart }, name) =>
      restart === 'no' ||
      UNASKED.has(name) ||
      (healthcheck === undefined ? isOurs(image) : healthcheck.disable !== true),
  ],
  ['stays down after a crash', ({ restart }) => restart === 'unless-stopped' || restart === 'no'],
  [
    'is in no network of ours',
    ({ networks = {}, network_mode }, _name, file) =>
      network_mode === undefined &&
      Object.keys(networks).length > 0 &&
      Object.keys(networks).every((network) => network in file.networks),
  ],
  [
    'publishes a port to everybody',
    ({ ports = [] }) => ports.every(({ host_ip }) => host_ip === '127.0.0.1'),
  ],
  [
    'can write to a folder of the host',
    ({ volumes = [] }) =>
      volumes.every(({ type, read_only }) => type !== 'bind' || read_only === true),
  ],
  [
    'mounts the socket of the engine',
    ({ volumes = [] }) => volumes.every(({ source = '' }) => !source.endsWith('docker.sock')),
  ],
  [
    'waits for a start instead of for health',
    ({ depends_on = {} }) =>
      Object.entries(depends_on).every(
        ([other, { condition }]) => condition !== 'service_started' || UNASKED.has(other),
      ),
  ],
];
