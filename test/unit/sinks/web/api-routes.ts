import { allRoutes, createContext } from '../../../../src/sinks/web/create-http-app.ts';
import { fakeHttpDeps } from './fake-http-deps.ts';

/** The routes that the OpenAPI document describes. */
export const API_ROUTES = allRoutes(createContext(fakeHttpDeps().deps, undefined)).flatMap(
  ({ method, path, operation }) => {
    const pattern = new RegExp(`^${path.replace(/:\w+/g, '[^/]+')}/?$`);
    return operation ? [{ method, path, operation, pattern }] : [];
  },
);
