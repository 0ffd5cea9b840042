import { describeRealServer } from './support/describe-real-server.ts';
import { REAL_SERVERS } from './support/real-servers.ts';

for (const server of REAL_SERVERS) {
  if (server.transport === 'stdio') describeRealServer(server);
}
