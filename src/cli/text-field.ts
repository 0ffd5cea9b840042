import type { JsonObject } from '../facts/json-object.ts';
import { stripControls } from './strip-controls.ts';

/** Text of an answer, fit for a terminal; empty if it is not there. */
export function textField(object: JsonObject, name: string): string {
  const value = object[name];
  return typeof value === 'string' ? stripControls(value) : '';
}
