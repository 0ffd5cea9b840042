import type { z } from 'zod';
import { HttpProblem } from '../http-problem.ts';
import type { QueryParameters } from './parameters.ts';
import { type SchemaName, SCHEMAS } from './schemas.ts';

/** Who may send a request. */
export type OperationAccess = 'read' | 'change' | 'alerts' | 'markers';

/** One operation of the HTTP API, for the code that reads the request and for the OpenAPI document. */
export interface Operation {
  /** One line, without a full stop. */
  readonly summary: string;
  /** Markdown, for the OpenAPI document. */
  readonly description?: string;
  readonly access: OperationAccess;
  readonly query?: QueryParameters;
  /** Request headers that change the answer, with what they mean. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: { readonly schema: SchemaName; readonly isOptional?: true };
  readonly answer: {
    /** 200 if absent. */
    readonly status?: number;
    /** The same is answered with this status as well. */
    readonly alsoStatus?: number;
    readonly schema?: SchemaName;
    /** Other content types in which the same is answered. */
    readonly types?: readonly string[];
  };
}

/** The body of a request, checked. Throws a 400 that names what is wrong, unknown keys included. */
export function readBody<Name extends SchemaName>(
  body: unknown,
  name: Name,
): z.output<(typeof SCHEMAS)[Name]> {
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw new HttpProblem(
      400,
      'The body must be a JSON object, with Content-Type: application/json.',
    );
  const parsed = SCHEMAS[name].safeParse(body);
  // TypeScript does not connect the schema found by its name with the type that the name stands for.
  if (parsed.success) return parsed.data as z.output<(typeof SCHEMAS)[Name]>;
  const problems = parsed.error.issues.map(({ path, message }) =>
    path.length === 0 ? message : `${path.join('.')} ${message}`,
  );
  throw new HttpProblem(400, `${problems.join('; ')}.`);
}
