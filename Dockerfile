# revenue-exporter in an image of its own: the program, the few shared objects that it is linked with, and nothing else.
#
#   docker build --tag revenue-exporter .
#   docker run --rm --publish 127.0.0.1:10059:10059 revenue-exporter demo
#
# No step names a processor: on amd64 it makes an image for amd64, on arm64 one for arm64, and
# `docker buildx build --platform linux/amd64,linux/arm64 .` makes both, the foreign one emulated, which takes long.
# Certificates of authorities (webpki-roots) and time zones (jiff's) are inside the program.

# Any image with glibc, Rust and a C compiler will do. Its glibc is the one that is handed out.
ARG BUILDER=docker.io/library/rust:1.95-bookworm

# hadolint ignore=DL3006
FROM ${BUILDER} AS build
WORKDIR /build
# The dependencies, in a layer that stays until one of them changes. Benches are named in the manifest, so they have to exist.
COPY Cargo.toml Cargo.lock ./
# hadolint ignore=SC2013
RUN for bench in $(sed -n 's/^path = "\(benches\/.*\)"$/\1/p' Cargo.toml); do install -D /dev/null "$bench"; done \
    && mkdir src \
    && echo 'fn main() {}' >src/main.rs \
    && touch src/lib.rs \
    && cargo build --locked --profile dist --bin revenue-exporter
# The program itself. What was copied may be older than what was compiled in its place.
COPY src src
RUN touch src/main.rs src/lib.rs \
    && cargo build --locked --profile dist --bin revenue-exporter
# What the image shall have, as it shall lie there. Names are looked up in /etc/hosts, then by DNS; glibc needs no more files for that.
COPY LICENSE /image/LICENSE
RUN install -D target/dist/revenue-exporter /image/revenue-exporter \
    && for word in $(ldd target/dist/revenue-exporter); do \
        case $word in /*) install -D "$word" "/image$word" ;; esac; \
    done \
    && mkdir -p /image/etc/revenue-exporter /image/var/lib /state/revenue-exporter \
    && echo 'nonroot:x:65532:65532:nonroot:/var/lib/revenue-exporter:/sbin/nologin' >/image/etc/passwd \
    && echo 'nonroot:x:65532:' >/image/etc/group \
    && echo 'hosts: files dns' >/image/etc/nsswitch.conf

FROM scratch
COPY --from=build /image/ /
# The one place that it writes to, and that must outlive the container: what was spent of the budgets is there.
COPY --from=build --chown=65532:65532 /state/ /var/lib/
VOLUME ["/var/lib/revenue-exporter"]
# Presets for every command, `demo` and `healthcheck` included; flags go before them. In a container 127.0.0.1 would be nobody's:
# who may reach the port is decided by who publishes it. REVENUE_EXPORTER_CONFIG_FILE and
# REVENUE_EXPORTER_WEB_CONFIG_FILE name files that are mounted under /etc/revenue-exporter; without the first, two variables with keys are enough.
ENV REVENUE_EXPORTER_WEB_LISTEN_ADDRESS=0.0.0.0:10059 \
    REVENUE_EXPORTER_STATE_DIRECTORY=/var/lib/revenue-exporter
# By number, so that Kubernetes can see that it is not root.
USER 65532:65532
EXPOSE 10059
HEALTHCHECK --interval=30s --timeout=5s --start-period=5s CMD ["/revenue-exporter", "healthcheck"]
ENTRYPOINT ["/revenue-exporter"]

# Last, for they change with each build. The version is the manifest's.
ARG VERSION=0.1.0
ARG REVISION=unknown
ARG CREATED=unknown
LABEL org.opencontainers.image.title="revenue-exporter" \
    org.opencontainers.image.description="Prometheus exporter for two rate-limited marketing APIs: TapRain Stats and Klar Attribution" \
    org.opencontainers.image.licenses="Apache-2.0" \
    org.opencontainers.image.source="https://github.com/revenue-exporter/revenue-exporter" \
    org.opencontainers.image.documentation="https://github.com/revenue-exporter/revenue-exporter#readme" \
    org.opencontainers.image.version="${VERSION}" \
    org.opencontainers.image.revision="${REVISION}" \
    org.opencontainers.image.created="${CREATED}"
