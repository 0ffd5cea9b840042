import type { Registry } from 'prom-client';
import { PER_SERVER_METRICS } from '../../catalog/catalog.ts';
import { createFamilies, type Families } from './create-families.ts';

/**
 * Servers in one registry. A registry is read and written in one go, and a server is about 85 lines of the page:
 * at 50 servers that takes a few milliseconds, which is the longest a scrape holds up the event loop.
 */
const SERVERS_PER_BANK = 50;

interface Bank {
  readonly families: Families;
  servers: number;
}

export interface Seat {
  readonly families: Families;
  leave(): void;
}

export interface ServerBanks {
  /** Finds room for one server. */
  join(): Seat;
  registries(): readonly Registry[];
}

/** Spreads servers over registries of bounded size. */
export function createServerBanks(): ServerBanks {
  const banks = new Set<Bank>();

  function bankWithRoom(): Bank {
    for (const bank of banks) if (bank.servers < SERVERS_PER_BANK) return bank;
    const bank = { families: createFamilies(PER_SERVER_METRICS), servers: 0 };
    banks.add(bank);
    return bank;
  }

  return {
    join() {
      const bank = bankWithRoom();
      bank.servers += 1;
      return {
        families: bank.families,
        leave() {
          bank.servers -= 1;
          if (bank.servers === 0) banks.delete(bank);
        },
      };
    },
    registries() {
      return [...banks].map(({ families }) => families.registry);
    },
  };
}
