# syntax=docker/dockerfile:1
# One binary that keeps everything in /data:
#
#   docker build -t bottrade . && docker run -p 8080:8080 -v bottrade:/data bottrade
#
# tests/image carries out the steps of this file on a clean checkout, without Docker.

FROM rust:1.95-bookworm AS build
WORKDIR /src
COPY . .
RUN cargo build --release --locked --bin bottrade
RUN mkdir -p empty
# Whom to believe about https: the base image below has nobody.
RUN cp /etc/ssl/certs/ca-certificates.crt ca-certificates.crt

FROM debian:bookworm-slim AS base
COPY --from=build /src/target/release/bottrade /usr/local/bin/bottrade
COPY --from=build /src/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
# A volume that Docker makes for /data belongs to whom this folder belongs.
COPY --from=build --chown=10001:10001 /src/empty /data
ENV BOTTRADE_LISTEN=0.0.0.0:8080
ENV BOTTRADE_DATA_DIR=/data
VOLUME /data
EXPOSE 8080

# Fly mounts a volume that belongs to root: its owner is changed, then root is left for good.
FROM base AS fly
ENTRYPOINT ["sh", "-c", "chown 10001:10001 /data && exec setpriv --reuid 10001 --regid 10001 --clear-groups --no-new-privs bottrade \"$@\"", "--"]

FROM base AS service
USER 10001:10001
ENTRYPOINT ["bottrade"]
