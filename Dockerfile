# The hub as an image. Build: docker build -t lienthong .   or: buildah build --format docker -t lienthong .
# Without the registry of Docker, make a base with Node 20.19 or newer and npm (docs/operate/containers.md), and name it:
# --build-arg BASE=…
ARG BASE=docker.io/library/node:22-trixie-slim

FROM ${BASE} AS build
WORKDIR /src
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY . .
RUN node scripts/build.mjs \
 && npm prune --omit=dev --ignore-scripts --no-audit --no-fund \
 && npm rebuild --no-audit --no-fund \
 && rm -rf node_modules/rolldown node_modules/@rolldown node_modules/@oxc-project node_modules/.bin/rolldown

FROM ${BASE}
WORKDIR /usr/lib/lienthong
COPY --from=build /src/package.json /src/LICENSE ./
COPY --from=build /src/bin bin
COPY --from=build /src/scripts/build.mjs scripts/
COPY --from=build /src/node_modules node_modules
COPY --from=build /src/dist dist
RUN useradd --system --user-group --no-create-home --home-dir /var/lib/lienthong lienthong \
 && install -d -o lienthong -g lienthong -m 0750 /var/lib/lienthong \
 && ln -s /usr/lib/lienthong/bin/lienthong.mjs /usr/local/bin/lienthong
USER lienthong
ENV NODE_ENV=production HOST=0.0.0.0 PORT=8080 HUB_PROBES_PORT=8080 \
    HUB_DATA_DIR=/var/lib/lienthong/data HUB_CONFIG=/etc/lienthong/hub.config.json
VOLUME /var/lib/lienthong
EXPOSE 8080
STOPSIGNAL SIGTERM
# A start that migrates large tables answers only when it is done. The first answer ends the start period.
HEALTHCHECK --interval=10s --timeout=5s --start-period=1h \
  CMD ["node", "-e", "fetch('http://127.0.0.1:8080/health/ready').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "bin/hub.mjs"]
