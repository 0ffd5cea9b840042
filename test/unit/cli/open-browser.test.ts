import { expect, test } from 'vitest';
import { browserCommand } from '../../../src/cli/open-browser.ts';

const URL_WITH_SHELL_CHARACTERS = 'https://auth.example.com/authorize?a=1&b=$(id)';

test.each([
  ['darwin', {}, ['open', URL_WITH_SHELL_CHARACTERS]],
  ['win32', {}, ['rundll32', 'url.dll,FileProtocolHandler', URL_WITH_SHELL_CHARACTERS]],
  ['linux', { DISPLAY: ':0' }, ['xdg-open', URL_WITH_SHELL_CHARACTERS]],
  ['linux', { WAYLAND_DISPLAY: 'wayland-0' }, ['xdg-open', URL_WITH_SHELL_CHARACTERS]],
  ['linux', { DISPLAY: '' }, undefined],
] as const)('on %s with %j a page is opened by %j', (platform, env, command) => {
  expect(browserCommand(URL_WITH_SHELL_CHARACTERS, platform, env)).toEqual(command);
});
