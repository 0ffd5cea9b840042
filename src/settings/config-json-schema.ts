import { z } from 'zod';
import { ConfigSchema } from './config-schema.ts';
import { formatValue, metaOf } from './schema-types.ts';

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
      for (const key of ['reloadable', 'secret', 'unit']) delete jsonSchema[key];
      // zod leaves out default and examples of a transformed value; as written in the file they are what an editor wants.
      const { default: unset, unit, examples } = metaOf(zodSchema);
      const fallback = zodSchema instanceof z.ZodDefault ? zodSchema.def.defaultValue : unset;
      if (fallback === undefined || zodSchema instanceof z.ZodPrefault) delete jsonSchema.default;
      else jsonSchema.default = formatValue(fallback, unit);
      delete jsonSchema.examples;
      if (examples) jsonSchema.examples = [...examples];
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
