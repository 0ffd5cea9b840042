#!/usr/bin/env node
const NODE_MIN = [22, 15] as const;
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);

if (major > NODE_MIN[0] || (major === NODE_MIN[0] && minor >= NODE_MIN[1])) {
  // Loaded only now: an older Node would fail on the imports with an unhelpful message.
  const [{ createProcessContext }, { run }] = await Promise.all([
    import('./cli/process-context.ts'),
    import('./cli/run.ts'),
  ]);
  const context = createProcessContext();
  await context.exit(await run(process.argv.slice(2), context));
} else {
  process.stderr.write(
    `mcp-exporter needs Node.js ${NODE_MIN.join('.')} or newer; this is ${process.versions.node}.\n`,
  );
  process.exitCode = 1;
}
