# Built by docker compose; also for docker build: needs nothing newer than the classic builder.
#   docker build --tag mcp-exporter .                  the exporter, with npx for stdio servers
#   docker build --tag mcp-exporter-demo --target demo .  sample servers and their clients, for the profile demo
ARG NODE_IMAGE=node:24-bookworm-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc tsconfig.json ./
# No scripts: the image has a Node.js, and what the package "node" would download stays away.
RUN npm ci --ignore-scripts
COPY src ./src
COPY tools/build.ts ./tools/build.ts
COPY tools/package ./tools/package
# The library is for servers, which have it from npm.
RUN npm run build \
  && rm -r dist/instrument \
  && find dist -name '*.map' -delete \
  && find dist -name '*.d.ts' -delete \
  && mv dist/demo/fleet /fleet \
  && chmod 0755 dist/main.js

FROM ${NODE_IMAGE} AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# Types and source maps are almost half of it, and nothing that runs reads them.
RUN npm ci --omit=dev --ignore-scripts \
  && find node_modules -type f \( -name '*.map' -o -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' \) -delete

FROM ${NODE_IMAGE} AS demo-servers
WORKDIR /app
COPY docker/demo/package.json docker/demo/package-lock.json .npmrc ./
RUN npm ci --ignore-scripts

FROM ${NODE_IMAGE} AS runtime
ENV NODE_ENV=production
WORKDIR /app
# What the service writes lies in volumes, and a new volume gets its owner from here. Alertmanager (nobody) reads one of them.
RUN mkdir -p /var/lib/mcp-exporter/rules /run/mcp-exporter/admin /run/mcp-exporter/alertmanager \
  && chown -R node:node /var/lib/mcp-exporter /run/mcp-exporter \
  && ln -s /app/dist/main.js /usr/local/bin/mcp-exporter
COPY LICENSE package.json ./
COPY --from=dependencies /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
USER node
# One megabyte of heap for the check is enough, and two checks never pile up.
HEALTHCHECK --interval=10s --timeout=6s --start-period=60s --retries=3 CMD ["mcp-exporter", "healthcheck"]
EXPOSE 19100 19110
ENTRYPOINT ["mcp-exporter"]
CMD ["serve"]

FROM runtime AS demo
COPY --from=demo-servers /app/node_modules /app/demo/node_modules
COPY --from=build /fleet ./dist/demo/fleet
ENTRYPOINT ["node"]
CMD ["--version"]

# Last, and so what is built when nobody names a target.
FROM runtime AS exporter
