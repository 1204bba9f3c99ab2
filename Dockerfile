# Prism in a container: docker build -t prism . (docs/running.md tells how to run it)
FROM node:22-slim AS build
WORKDIR /prism
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY bin ./bin
COPY proto ./proto
COPY scripts ./scripts
COPY src ./src
COPY oclif.manifest.json tsconfig.json tsconfig.build.json ./
RUN node scripts/build.js --keep-manifest && npm prune --omit=dev --no-audit --no-fund

FROM node:22-slim
# Process 1 reaps what plugins leave behind and hands signals on; Node does neither there.
RUN apt-get update && apt-get install -y --no-install-recommends tini && rm -rf /var/lib/apt/lists/*
COPY --from=build /prism/package.json /prism/oclif.manifest.json /prism/
COPY --from=build /prism/node_modules /prism/node_modules
COPY --from=build /prism/bin /prism/bin
COPY --from=build /prism/proto /prism/proto
COPY --from=build /prism/dist /prism/dist
RUN ln -s /prism/bin/run.js /usr/local/bin/prism && install -d -o node -g node -m 0700 /srv/prism
ENV NODE_ENV=production
USER node
# prism.yaml is read from here, and .prism, the state, lies here.
WORKDIR /srv/prism
VOLUME /srv/prism
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/bin/tini", "--", "prism"]
CMD ["serve"]
