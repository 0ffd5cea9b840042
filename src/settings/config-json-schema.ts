import { z } from 'zod';
import { ConfigSchema } from './config-schema.ts';

/** The JSON Schema of our file (draft 2020-12), for editors and for the reference page. */
export interface JsonSchema {
  readonly [keyword: string]: unknown;
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly enum?: readonly unknown[];
  readonly required?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly pattern?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: JsonSchema | boolean;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly const?: unknown;
}

// An editor sees the file before its variables are expanded: where a rule would refuse `${NAME}`, text must be allowed too.
const VARIABLE = '\\$\\{';

export function configJsonSchema(): JsonSchema {
  const schema = z.toJSONSchema(ConfigSchema, {
    io: 'input',
    reused: 'inline',
    override: ({ zodSchema, jsonSchema }) => {
      // zod leaves these out where a value is transformed; as written they are what an editor wants.
      const { default: fallback, examples } = z.globalRegistry.get(zodSchema) ?? {};
      Object.assign(
        jsonSchema,
        fallback === undefined ? {} : { default: fallback },
        examples && { examples },
      );
      delete jsonSchema['reloadable'];
      if (jsonSchema.type === 'object') {
        delete jsonSchema.propertyNames;
        // `KEY_file: path` instead of any `KEY`.
        if (jsonSchema.additionalProperties === false)
          jsonSchema.patternProperties = { _file$: { type: 'string' } };
      }
      const { pattern } = jsonSchema;
      if (pattern !== undefined && !pattern.endsWith(VARIABLE))
        jsonSchema.pattern = `${pattern}|${VARIABLE}`;
    },
  });
  return { ...(schema as JsonSchema), title: 'mcp-exporter configuration' };
}
